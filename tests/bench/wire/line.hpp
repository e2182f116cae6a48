// The line between a device and its servers: two network namespaces, and every IP packet counted at
// the device's side. Threads: members may be called from any thread in the near network.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "support/link/capture.hpp"
#include "support/link/network.hpp"

namespace holdfast::bench::wire {

/// The far side's address, on every line.
inline constexpr const char* kFarAddress = "10.77.0.2";

class Line {
 public:
  /// @param quiet after so long without a packet an exchange is over: longer than any delayed
  /// acknowledgement and repetition, and than the time after which TCP takes a pause for one
  explicit Line(std::chrono::milliseconds quiet) : quiet_(quiet) {}
  virtual ~Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  virtual const test::link::Network& far_network() const = 0;
  /// All IP packets so far, as the device's modem would count them.
  virtual test::link::Traffic traffic() const = 0;
  /// A recorded line is played from here on again, each run from another part, so that the same run
  /// of every row meets the same.
  virtual void begin(std::size_t /*run*/, std::size_t /*runs*/) {}

  /// Waits, at most a minute, until nothing crosses any more. @return `traffic()` by then
  test::link::Traffic settle() const;
  /// The same, but first waits for the first packet after `before`; ends the program if none comes.
  test::link::Traffic settle_after(const test::link::Traffic& before) const;

 protected:
  /// Waits until more than `packets` have crossed. @return false after `bound`
  virtual bool wait_for_more(std::uint64_t packets, std::chrono::milliseconds bound) const = 0;

 private:
  std::chrono::milliseconds quiet_;
};

/// A line by its name: "clean" (a veth pair), "delay", "3g", or a recorded drive ("drive1", …).
/// @param why set to the reason where the line cannot be made here; then nothing is returned
std::unique_ptr<Line> make_line(const std::string& name, std::string& why);

/// What the line is, for people.
std::string description_of(const std::string& name);

/// Whether packets get lost on it: then samples are repeated.
bool loses_packets(const std::string& name);

}  // namespace holdfast::bench::wire
