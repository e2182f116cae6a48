#include "state/record_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "state/file_io.hpp"
#include "state/record_format.hpp"

namespace holdfast::state {
namespace {

namespace fs = std::filesystem;

fs::path with_suffix(fs::path path, const char* suffix) {
  return path += suffix;
}

}  // namespace

RecordLog::RecordLog(fs::path directory, const std::string& name, unsigned format)
    : directory_(std::move(directory)),
      name_(name),
      format_(format),
      path_(directory_ / (name + "." + std::to_string(format) + ".log")) {}

// The name of a file that a newer SDK has written, if there is one.
std::string RecordLog::newer_format() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(name_ + ".")) continue;
    const std::string_view rest = std::string_view(file).substr(name_.size() + 1);
    unsigned format = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), format);
    const std::string_view suffix = rest.substr(static_cast<std::size_t>(end - rest.data()));
    if (problem == std::errc() && suffix == ".log" && format > format_) return file;
  }
  return {};
}

RecordLog::Found RecordLog::load(std::string& remark) {
  Found found;
  remark.clear();
  const auto file = read_whole(path_, kMaxFileBytes + 1);
  std::error_code error;
  if (file) {
    const LogContent content = decode_log(*file);
    for (const auto record : content.records)
      found.records.emplace_back(record.begin(), record.end());
    bytes_ = content.whole_bytes;
    damaged_ = content.end == LogContent::End::damaged || file->size() > kMaxFileBytes;
  } else {
    damaged_ = fs::exists(fs::symlink_status(path_, error));
  }
  if (damaged_) {
    found.lost = true;
    remark = path_.string() +
             " is damaged; it is set aside as .damaged, and what can be read of it "
             "is kept";
  }
  if (const std::string newer = newer_format(); !newer.empty()) {
    found.lost = found.lost || !file;  // or it was told at an earlier start
    remark += (remark.empty() ? "" : ". ") + newer + " in " + directory_.string() +
              " was written by a newer SDK; it is left as it is and not used";
  }
  return found;
}

// For records to be added behind those that count.
Failure RecordLog::open() {
  if (file_.get() < 0) {
    Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0 || ::fchmod(file.get(), 0600) != 0) return system_failure(path_, "opened");
    file_ = std::move(file);
    if (!sync_directory(directory_)) {
      file_ = Descriptor();
      return system_failure(directory_, "synced");
    }
  }
  // What was torn, by the power or by a failure, would hide what comes behind it.
  if (::ftruncate(file_.get(), static_cast<off_t>(bytes_)) != 0 ||
      ::lseek(file_.get(), 0, SEEK_END) < 0) {
    return system_failure(path_, "written");
  }
  if (bytes_ > 0) return {};
  const auto head = encode_log_head();
  if (!write_whole(file_.get(), head)) return system_failure(path_, "written");
  bytes_ = head.size();
  return {};
}

Failure RecordLog::append(std::span<const std::uint8_t> content) {
  if (damaged_) {
    return {Errc::system_failure, path_.string() + " is damaged, and could not be set aside"};
  }
  if (content.empty() || content.size() > kMaxRecordBytes) {
    return {Errc::system_failure, "a record of " + std::to_string(content.size()) + " bytes"};
  }
  if (Failure failure = open()) return failure;
  const auto record = encode_record(content);
  if (!write_whole(file_.get(), record) || ::fdatasync(file_.get()) != 0) {
    Failure failure = system_failure(path_, "written");
    (void)::ftruncate(file_.get(), static_cast<off_t>(bytes_));  // the next one does it again
    return failure;
  }
  bytes_ += record.size();
  return {};
}

Failure RecordLog::replace(const std::vector<Record>& records) {
  const fs::path fresh = with_suffix(path_, ".new");
  std::error_code error;
  fs::remove(fresh, error);  // of a replacement that was cut short
  Descriptor file(
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return system_failure(fresh, "opened");
  auto bytes = encode_log_head();
  for (const Record& content : records) {
    const auto record = encode_record(content);
    bytes.insert(bytes.end(), record.begin(), record.end());
  }
  if (!write_whole(file.get(), bytes) || ::fsync(file.get()) != 0) {
    return system_failure(fresh, "written");
  }
  if (damaged_) fs::rename(path_, with_suffix(path_, ".damaged"), error);
  if (::rename(fresh.c_str(), path_.c_str()) != 0) return system_failure(path_, "replaced");
  if (!sync_directory(directory_)) return system_failure(directory_, "synced");
  file_ = std::move(file);
  bytes_ = bytes.size();
  damaged_ = false;
  return {};
}

}  // namespace holdfast::state
