// Keeps a device's newest events, across restarts too: the ring in memory, its file, and the thread
// that waits for the disk. Without a `state_dir` nothing is kept.
//
// Threads: any. None but the keeper's own waits for the disk, and that one holds no lock meanwhile.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <holdfast/event.hpp>

#include "base/failure.hpp"
#include "base/surroundings.hpp"
#include "device/boot_time.hpp"
#include "device/environment.hpp"
#include "observe/event_file.hpp"
#include "observe/event_ring.hpp"

namespace holdfast::device {

class EventKeeper final : private Task {
 public:
  /// @param tell takes what an operator should know of the file; on the keeper's thread
  EventKeeper(const std::filesystem::path& state_dir, Environment& environment,
              const BootTime& boot_time, std::function<void(const Failure&)> tell);
  ~EventKeeper();

  void add(const Event& event);

  /// At most so many, the latest last.
  std::vector<observe::EventRecord> newest(std::size_t most) const;
  /// Since this object was made, by kind.
  std::map<std::string, std::uint64_t> counts() const;
  /// What was found on the disk, if a person should know. Once.
  std::string take_remark();

  /// Writes what is left, and ends the thread. What is added later is kept in memory only.
  void close();

 private:
  bool is_due(Instant now) const {
    return ring_.has_unwritten() && (!retry_at_ || now >= *retry_at_);
  }
  void write(std::unique_lock<std::mutex>& lock);
  void run();
  bool step() override;
  std::optional<Instant> next_step() override;

  Environment& environment_;
  const BootTime& boot_time_;
  const std::function<void(const Failure&)> tell_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<observe::EventFile> file_;  // once it stands, the thread's alone
  observe::EventRing ring_;
  std::string remark_;
  std::optional<Instant> retry_at_;  // the file could not be written
  bool closing_ = false;
  std::thread thread_;  // from the first event on
};

}  // namespace holdfast::device
