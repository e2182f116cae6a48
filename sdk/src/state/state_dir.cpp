#include "state/state_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace holdfast::state {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw ConfigError("state_dir", path.string(), why);
}

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

}  // namespace

StateDir::StateDir(const std::filesystem::path& given) {
  if (given.empty()) return;
  const auto path = given.has_filename() ? given : given.parent_path();  // "state/" is "state"
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    refuse(path, "it cannot be made: " + reason(errno) + "; make it, owned by the device's user");
  }
  if (!std::filesystem::is_directory(path, error)) refuse(path, "it is not a directory");

  const std::filesystem::path file = path / "lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) {
    refuse(path, "it cannot be written to: " + reason(errno) + "; give it to the device's user");
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw InUse("state_dir", path.string(),
                "another device uses it now; give each device a directory of its own");
  }
}

StateDir::~StateDir() {
  release();
}

void StateDir::release() {
  if (lock_ >= 0) ::close(lock_);
  lock_ = -1;
}

}  // namespace holdfast::state
