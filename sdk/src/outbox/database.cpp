#include "outbox/database.hpp"

#include <sqlite3.h>

namespace holdfast::outbox {
namespace {

Trouble trouble_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return Trouble::none;
    case SQLITE_FULL:
      return Trouble::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Trouble::damaged;
    default:
      return Trouble::failed;
  }
}

}  // namespace

void Statement::Finalise::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::Statement(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  trouble_ = trouble_of(sqlite3_prepare_v3(database, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                                           &statement, nullptr));
  statement_.reset(statement);
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, const std::optional<std::int64_t>& value) {
  if (value) return bind(index, *value);
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int index, std::span<const std::byte> blob) {
  // A null pointer would be NULL, and an empty payload is a payload.
  const void* data = blob.empty() ? "" : static_cast<const void*>(blob.data());
  sqlite3_bind_blob64(statement_.get(), index, data, blob.size(), SQLITE_STATIC);
  return *this;
}

bool Statement::step() {
  if (trouble_ != Trouble::none) return false;
  const int code = sqlite3_step(statement_.get());
  trouble_ = trouble_of(code);
  return code == SQLITE_ROW;
}

Trouble Statement::run() {
  while (step()) {
  }
  const Trouble trouble = trouble_;
  reset();
  return trouble;
}

void Statement::reset() {
  if (!statement_) return;  // it could not be prepared, and stays in trouble
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  trouble_ = Trouble::none;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

bool Statement::is_number(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int bytes = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(bytes));
}

std::vector<std::byte> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  const int count = sqlite3_column_bytes(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {bytes, bytes + count};
}

void Database::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Database::Database(const std::filesystem::path& file, const std::string& vfs, Opening opening) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                    (opening == Opening::make ? SQLITE_OPEN_CREATE : 0);
  const int code =
      sqlite3_open_v2(file.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  handle_.reset(handle);
  trouble_ = trouble_of(code);
  if (trouble_ != Trouble::none) return;
  sqlite3_extended_result_codes(handle, 1);
  // SQLite is content with less. Nothing has been read yet: it is the file system that says so.
  is_read_only_ = opening == Opening::make && sqlite3_db_readonly(handle, "main") != 0;
  if (is_read_only_) trouble_ = Trouble::failed;
  // A log that a crash has left stays one. Where there is none SQLite makes an empty one, and the
  // checkpoint at the end is what removes it again.
  std::error_code ignored;
  if (opening == Opening::as_it_is && std::filesystem::exists(log_of(file), ignored)) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
}

std::filesystem::path Database::log_of(std::filesystem::path file) {
  return file += "-wal";
}

std::string Database::why() const {
  if (is_read_only_) return "it may not be written";
  if (!handle_) return "no memory";
  return sqlite3_errcode(handle_.get()) == SQLITE_OK ? "" : sqlite3_errmsg(handle_.get());
}

bool Database::blames_content() const {
  const int code = sqlite3_extended_errcode(handle_.get());
  // Without an extension: those are about directories, locks and journals.
  return (code & 0xFF) == SQLITE_ERROR || code == SQLITE_READONLY;
}

Trouble Database::run(const std::string& sql) {
  return trouble_of(sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

std::int64_t Database::number(const std::string& sql) {
  Statement statement = prepare(sql);
  const bool found = statement.step();
  trouble_ = statement.trouble();
  return found ? statement.number(0) : 0;
}

}  // namespace holdfast::outbox
