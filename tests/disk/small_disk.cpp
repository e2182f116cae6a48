#include "disk/small_disk.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace holdfast::test {
namespace {

std::string why_not;

}  // namespace

void enter_private_mounts() {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    why_not = std::string("a mount namespace: ") + std::strerror(errno);
  }
}

const std::string& why_no_disks() {
  return why_not;
}

SmallDisk::SmallDisk(std::size_t bytes) {
  const std::string options = "size=" + std::to_string(bytes);
  if (::mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()) != 0) {
    throw std::runtime_error(std::string("mount tmpfs: ") + std::strerror(errno));
  }
}

SmallDisk::~SmallDisk() {
  ::umount2(path().c_str(), MNT_DETACH);
}

void SmallDisk::fill() {
  const int file = ::open((path() / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::array<char, 4096> page{};
  while (::write(file, page.data(), page.size()) > 0) {
  }
  ::close(file);
}

void SmallDisk::empty() {
  std::filesystem::remove(path() / "filler");
}

void SmallDisk::make_read_only(bool read_only) {
  unsigned long flags = MS_REMOUNT;
  if (read_only) flags |= MS_RDONLY;
  if (::mount(nullptr, path().c_str(), nullptr, flags, nullptr) != 0) {
    throw std::runtime_error(std::string("remount: ") + std::strerror(errno));
  }
}

}  // namespace holdfast::test
