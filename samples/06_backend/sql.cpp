#include "sql.hpp"

#include <sqlite3.h>

#include <stdexcept>

namespace fleet {
namespace {

// Another process may hold the file for a moment: a backup, or the export.
constexpr int kBusyMilliseconds = 5'000;

[[noreturn]] void fail(sqlite3* database, const char* what) {
  throw std::runtime_error(std::string("the database: ") + sqlite3_errmsg(database) + " (" + what +
                           ")");
}

}  // namespace

Database::Database(const std::string& file) {
  const int code = sqlite3_open(file.c_str(), &handle_);
  if (code != SQLITE_OK) {
    const std::string why = handle_ != nullptr ? sqlite3_errmsg(handle_) : "no memory";
    sqlite3_close(handle_);
    throw std::runtime_error(file + ": " + why);
  }
  sqlite3_busy_timeout(handle_, kBusyMilliseconds);
}

Database::~Database() {
  sqlite3_close(handle_);
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_, sql);
}

int Database::changes() const {
  return sqlite3_changes(handle_);
}

std::int64_t Database::last_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

Statement::Statement(const Database& database, const char* sql) : database_(database.handle()) {
  if (sqlite3_prepare_v2(database_, sql, -1, &handle_, nullptr) != SQLITE_OK) fail(database_, sql);
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(database_, sqlite3_sql(handle_));
  sqlite3_reset(handle_);  // a statement that has not been reset holds its locks
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::string Statement::text(int column) const {
  const std::vector<std::byte> all = bytes(column);
  return {reinterpret_cast<const char*>(all.data()), all.size()};
}

std::vector<std::byte> Statement::bytes(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(handle_, column));
  return {data, data + sqlite3_column_bytes(handle_, column)};
}

void Statement::bind(int place, std::int64_t value) {
  if (sqlite3_bind_int64(handle_, place, value) != SQLITE_OK) fail(database_, "bind");
}
void Statement::bind(int place, double value) {
  if (sqlite3_bind_double(handle_, place, value) != SQLITE_OK) fail(database_, "bind");
}
void Statement::bind(int place, std::string_view value) {
  const int code = sqlite3_bind_text(handle_, place, value.data(), static_cast<int>(value.size()),
                                     SQLITE_TRANSIENT);
  if (code != SQLITE_OK) fail(database_, "bind");
}
void Statement::bind(int place, std::span<const std::byte> value) {
  const int code = sqlite3_bind_blob(handle_, place, value.data(), static_cast<int>(value.size()),
                                     SQLITE_TRANSIENT);
  if (code != SQLITE_OK) fail(database_, "bind");
}

Transaction::~Transaction() {
  // What threw is on its way to somebody who says so.
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace fleet
