#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/temp_dir.hpp"

namespace holdfast::test {

// NotifySocket is the socket of a service manager (sd_notify(3)): what programs that get its name
// as NOTIFY_SOCKET tell is collected here. Not for use by several threads at the same time.
class NotifySocket {
 public:
  enum class Kind { kPath, kAbstract };

  explicit NotifySocket(Kind kind = Kind::kPath);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // As it goes into the environment.
  const std::string& name() const { return name_; }

  // wait_for returns the next assignment ("READY=1") that begins so, and takes it and all before it
  // off; nullopt when none came within `bound`.
  std::optional<std::string> wait_for(std::string_view beginning, std::chrono::milliseconds bound);
  // All that came so far, in order, taken off or not.
  const std::vector<std::string>& all();

 private:
  bool receive(std::chrono::milliseconds bound);

  TempDir dir_;
  std::string name_;
  int fd_ = -1;
  std::vector<std::string> assignments_;
  std::size_t taken_ = 0;
};

}  // namespace holdfast::test
