// The way to a Unix socket in a directory, however long the directory's path is: sun_path has 108
// bytes (unix(7)), so a longer one is gone by way of the directory's descriptor.

#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/descriptor.hpp"
#include "base/failure.hpp"

namespace holdfast::observe {

/// The name of the status socket in a state directory.
inline constexpr const char* kStatusSocket = "status.sock";

class SocketPath {
 public:
  SocketPath(const std::filesystem::path& directory, const std::string& name);

  /// For bind(2) and connect(2), while this object lives; empty if there is no such way.
  const std::string& text() const { return text_; }

 private:
  Descriptor directory_;
  std::string text_;
};

/// A connection to the device that runs on this state directory. @param patience how long to wait
/// in the queue of a device that serves others; 0: not at all (EAGAIN)
/// @return below 0: nobody answers, and errno says why
Descriptor connect_to_status(const std::filesystem::path& state_dir,
                             std::chrono::milliseconds patience = std::chrono::milliseconds(0));

}  // namespace holdfast::observe
