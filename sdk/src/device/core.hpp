// What stands behind a Device: its threads, from the first to the last moment. In a test's world it
// has none, and the world's driver does their work.
//
// Threads: any. The core outlives its Device for as long as a Stream holds it; stopped, it refuses.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <holdfast/device.hpp>

#include "device/check_options.hpp"
#include "device/command_desk.hpp"
#include "device/environment.hpp"
#include "device/observer.hpp"
#include "device/shared.hpp"
#include "device/state_keepers.hpp"
#include "device/system_environment.hpp"
#include "device/worker.hpp"
#include "state/state_dir.hpp"

namespace holdfast::device {

class Core final : private Task {
 public:
  explicit Core(Options options);
  Core(Options options, std::shared_ptr<Environment> environment);
  ~Core();

  void start();
  StopResult stop(std::chrono::milliseconds timeout);

  Receipt publish(std::string_view topic, std::span<const std::byte> payload,
                  PublishOptions options, outbox::StreamId stream);
  void subscribe(std::string_view filter, Subscriptions::Handler handler,
                 const SubscribeOptions& options);
  void on_command(std::string_view filter, detail::CommandHandler handler);
  Receipt call(std::string_view topic, std::span<const std::byte> payload,
               const CallOptions& options, detail::CallHandler handler);
  /// @return what `push` wants to know
  std::size_t add_stream(std::string_view topic, const StreamOptions& options);
  Receipt push(std::size_t stream, std::span<const std::byte> payload, PushOptions options);
  Receipt push(std::size_t stream, const SeriesLayout& layout, std::span<const Sample> samples,
               PushOptions options);
  void declare(std::size_t stream, const SeriesLayout& layout);

  StateKeepers& states() { return states_; }

  Remaining flush(std::chrono::milliseconds timeout);
  Remaining drain(std::chrono::milliseconds timeout);

  void offer_pin_set(std::span<const std::byte> document);
  void set_time(std::chrono::system_clock::time_point now);

  void on_event(Shared::EventHandler handler) { shared_.set_event_handler(std::move(handler)); }
  void reject_payload(std::string_view topic, std::error_code error, std::string_view schema) {
    shared_.reject_payload(topic, error, schema);
  }
  Status status();

  // For a world without threads.
  /// The worker looks at everything.
  void wake() { worker_.notify(); }
  /// Ends as a killed process does: nothing is sent, nobody is told, and `state_dir` is free. What
  /// it writes on the way, a process that is killed would not have: the caller takes it back.
  void vanish();

 private:
  enum class Phase { idle, running, stopping, stopped };
  struct StreamInfo {
    std::string topic;
    StreamOptions options;
    outbox::StreamId number = outbox::kNoStream;
  };

  StreamInfo stream_info(std::size_t stream) const;
  static Receipt refuse(Failure failure);
  Failure listen_for_replies();
  void set_times(outbox::Entry& entry, const PublishOptions& options) const;
  void finish_stop();
  bool step() override;
  std::optional<Instant> next_step() override { return worker_.alarm(); }

  const std::shared_ptr<Environment> environment_;  // first: all others use it
  const Settings settings_;
  state::StateDir state_dir_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Shared shared_;
  CommandDesk commands_;
  StateKeepers states_;
  Worker worker_;
  Observer observer_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::idle;
  bool session_over_ = false;
  StopResult result_;
  std::optional<Status> last_status_;  // of a stopped device
  std::vector<StreamInfo> streams_;
  std::atomic<bool> listens_for_replies_{false};
  bool refusing_ = false;  // the outbox refused the last publish: one event is enough
  std::thread thread_;
};

}  // namespace holdfast::device
