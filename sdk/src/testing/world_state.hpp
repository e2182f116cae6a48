// What a world has behind its face: the clock, what will happen when, and whose turn it is.
//
// Threads: the world's own; `now` and `draw` any.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/testing.hpp>

#include "base/clock.hpp"
#include "base/surroundings.hpp"

namespace holdfast::testing {

class DeviceEnvironment;
class Line;
class ScriptedBroker;

class WorldState {
 public:
  explicit WorldState(const WorldOptions& options);
  ~WorldState();
  WorldState(const WorldState&) = delete;
  WorldState& operator=(const WorldState&) = delete;

  // --- Time ---

  Instant now() const { return Instant(Duration(now_.load())); }
  /// Since the world's beginning; devices take the machine to have booted a little before.
  Duration age() const { return now() - began_; }
  std::chrono::system_clock::time_point date() const;
  bool clock_is_known() const { return options_.clock == SystemClock::synchronised; }
  std::uint64_t draw();

  /// Has something happen later; what is for the same instant happens in the order of these calls.
  void after(Duration time, std::function<void()> what);

  // --- Work ---

  /// @param what it is and whose, for a person
  void add(Task& task, std::string what);
  void remove(Task& task);
  /// As `Driver::run_until`. Ends as well, and keeps the reason for `take_fault`, once it has done
  /// so many steps that there seems to be no end.
  bool run_until(Instant deadline, const std::function<bool()>& done);
  /// What was wrong with work that had no end; empty: nothing.
  std::string take_fault() { return std::exchange(fault_, {}); }
  bool is_running() const { return running_ > 0; }

  // --- The network ---

  bool link_is_up() const { return link_up_; }
  void set_link(bool up);
  Duration way() const { return options_.round_trip / 2; }
  void add_line(const std::shared_ptr<Line>& line);
  ScriptedBroker& broker() { return *broker_; }
  /// One of its own for this host, which is made.
  ScriptedBroker& own_broker(std::string_view host);
  /// Whom a device reaches there.
  ScriptedBroker& broker_at(std::string_view host);

  // --- Devices ---

  void add_device(const std::shared_ptr<DeviceEnvironment>& device);
  std::vector<std::shared_ptr<DeviceEnvironment>> devices();
  const std::filesystem::path& directory();

 private:
  struct Entry {
    Task* task;
    std::string what;
    std::uint64_t steps = 0;  // of this run
  };

  bool step();
  std::optional<Instant> next() const;
  std::string what_keeps_busy(Instant begun) const;

  const WorldOptions options_;
  const Instant began_;
  std::atomic<Duration::rep> now_;
  std::mutex random_mutex_;
  std::mt19937_64 random_;

  std::multimap<Instant, std::function<void()>> to_come_;
  std::vector<Entry> tasks_;
  std::size_t turn_ = 0;
  std::uint64_t steps_ = 0;  // of the outermost run
  std::uint64_t network_steps_ = 0;
  unsigned running_ = 0;  // runs, one within the other
  std::string fault_;

  bool link_up_ = true;
  std::vector<std::weak_ptr<Line>> lines_;
  std::unique_ptr<ScriptedBroker> broker_;
  std::map<std::string, std::unique_ptr<ScriptedBroker>, std::less<>> own_brokers_;
  std::vector<std::weak_ptr<DeviceEnvironment>> devices_;
  std::filesystem::path directory_;
};

}  // namespace holdfast::testing
