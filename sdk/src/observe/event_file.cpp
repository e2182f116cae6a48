#include "observe/event_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "state/file_io.hpp"

namespace holdfast::observe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "events.";
constexpr std::string_view kSuffix = ".ring";
constexpr std::size_t kFileBytes = limits::kKeptEvents * limits::kKeptEventBytes;

bool write_at(int file, std::span<const std::uint8_t> bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    at += static_cast<std::uint64_t>(count);
  }
  return true;
}

}  // namespace

EventFile::EventFile(fs::path state_dir)
    : directory_(std::move(state_dir)),
      path_(directory_ / (std::string(kPrefix) + std::to_string(kFormat) + std::string(kSuffix))) {}

// The name of a file that a newer SDK has written, if there is one.
std::string EventFile::newer_format() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(kPrefix) || !file.ends_with(kSuffix)) continue;
    const std::string_view number = std::string_view(file).substr(kPrefix.size());
    unsigned format = 0;
    const auto [end, problem] =
        std::from_chars(number.data(), number.data() + number.size(), format);
    const bool whole = number.substr(static_cast<std::size_t>(end - number.data())) == kSuffix;
    if (problem == std::errc() && whole && format > kFormat) return file;
  }
  return {};
}

KeptEvents EventFile::load(std::string& remark) const {
  remark.clear();
  KeptEvents kept;
  if (const auto file = state::read_whole(path_, kFileBytes)) kept = decode_events(*file);
  if (kept.damaged > 0) {
    remark = path_.string() + " has damaged places (" + std::to_string(kept.damaged) +
             "): the events in them are lost, and new ones are written over them in time";
  }
  if (const std::string newer = newer_format(); !newer.empty()) {
    remark += (remark.empty() ? "" : ". ") + newer + " in " + directory_.string() +
              " was written by a newer SDK; it is left as it is and not used";
  }
  return kept;
}

// Not `sync_directory`: after a power cut the file may be missing, as what was in it.
Failure EventFile::open() {
  if (file_.get() >= 0) return {};
  Descriptor file(
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  struct stat is {};
  if (file.get() < 0 || ::fstat(file.get(), &is) != 0) {
    return state::system_failure(path_, "opened");
  }
  if (!S_ISREG(is.st_mode)) {
    return {Errc::system_failure, path_.string() + " is no file; remove it"};
  }
  if (::fchmod(file.get(), 0600) != 0) return state::system_failure(path_, "opened");
  file_ = std::move(file);
  return {};
}

Failure EventFile::write(const std::vector<EventRecord>& records) {
  if (Failure failure = open()) return failure;
  for (const EventRecord& record : records) {
    const std::uint64_t place = record.record % limits::kKeptEvents;
    if (!write_at(file_.get(), encode_slot(record), place * limits::kKeptEventBytes)) {
      Failure failure = state::system_failure(path_, "written");
      file_ = Descriptor();  // the next attempt takes what stands there then
      return failure;
    }
  }
  return {};
}

}  // namespace holdfast::observe
