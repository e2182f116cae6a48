#include "local_process.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace holdfast::broker_test {
namespace {

namespace fs = std::filesystem;

// The inode of the socket that listens, by a table of the kernel's: local address, remote address,
// state, …
std::string listener_in(const char* table, std::uint16_t port) {
  constexpr const char* kListening = "0A";
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // titles
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string skipped;
    std::string local;
    std::string state;
    std::string inode;
    fields >> skipped >> local >> skipped >> state;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> inode;
    const auto colon = local.rfind(':');
    if (state != kListening || colon == std::string::npos) continue;
    if (std::stoul(local.substr(colon + 1), nullptr, 16) == port) return inode;
  }
  return {};
}

bool has_socket(const fs::path& process, const std::string& inode) {
  std::error_code error;
  const std::string wanted = "socket:[" + inode + "]";
  for (const auto& one : fs::directory_iterator(process / "fd", error)) {
    if (fs::read_symlink(one.path(), error).string() == wanted) return true;
  }
  return false;
}

std::optional<std::uint64_t> resident_bytes(const fs::path& process) {
  std::ifstream file(process / "statm");
  std::uint64_t whole = 0;
  std::uint64_t resident = 0;
  if (!(file >> whole >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::optional<std::uint64_t> memory_of_listener(std::uint16_t port) {
  std::string inode = listener_in("/proc/net/tcp", port);
  if (inode.empty()) inode = listener_in("/proc/net/tcp6", port);
  if (inode.empty()) return std::nullopt;
  std::error_code error;
  for (const auto& one : fs::directory_iterator("/proc", error)) {
    const std::string name = one.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (has_socket(one.path(), inode)) return resident_bytes(one.path());
  }
  return std::nullopt;
}

}  // namespace holdfast::broker_test
