// The state documents of a device: twin/twin.hpp with a disk, a voice, and the way to the broker.
//
// A thread of their own waits for the disk (in a test's world the world does). A report is written
// first and sent then, so that its version is never used twice; a desired document is handed to the
// app at once and written meanwhile.
//
// Threads: any, but where said.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/state_document.hpp>

#include "base/clock.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "state/slots.hpp"
#include "twin/twin.hpp"

namespace holdfast::device {

class StateKeepers final : private Task {
 public:
  StateKeepers(const Settings& settings, Shared& shared);
  ~StateKeepers();

  /// @return the number of the document. @throws ConfigError
  std::size_t add(std::string_view topic, const StateOptions& options,
                  const detail::DesiredType& desired);
  void on_desired(std::size_t document, detail::StateBase::Handler handler);
  StateReceipt report(std::size_t document, std::span<const std::byte> body);

  /// Waits until every report is written and in the outbox.
  void flush(Instant deadline);
  /// Nothing is taken any more.
  void refuse() { refusing_ = true; }
  /// Writes what is left, and ends the thread; after the last handler has run.
  void close();

  // For the worker's thread.
  /// @param wake called, on any thread, when there is something to be sent. Before the start
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }
  void logged_in(bool session_present, bool other_broker, Instant now);
  void left(Instant now) { left_ = now; }
  /// A report is being written and goes out next.
  bool is_busy() const { return writing_reports_ > 0; }
  /// Tries again what found no room.
  void look(Instant now);
  std::optional<Instant> next_look() const { return retry_at_; }

 private:
  struct Document {
    Document(std::string name, const StateOptions& sending, const detail::DesiredType& type,
             state::Slots place, std::optional<twin::KeptState> kept)
        : topic(std::move(name)),
          options(sending),
          desired(type),
          slots(std::move(place)),
          twin(topic, std::move(kept)) {}

    const std::string topic;
    const StateOptions options;
    const detail::DesiredType desired;
    state::Slots slots;  // the thread's alone
    twin::Twin twin;
    std::optional<Instant> write_at;  // something is not on the disk
    bool send_when_written = false;
    std::uint64_t in_outbox = 0;  // version of a report that is on its way
    std::shared_ptr<detail::StateBase::Handler> handler;
    std::uint64_t delivered = 0;  // version
  };

  Instant now() const { return shared_.environment.now(); }

  void arrived(Document& document, const Message& message);
  void deliver(Document& document);
  void answered(Document& document, std::uint64_t version, const Delivery& delivery);
  void write(Document& document, Instant at, bool then_send);
  void send(Document& document);
  void run();
  bool step() override;
  std::optional<Instant> next_step() override;
  Document* next_to_write(Instant at);
  std::optional<Instant> next_write() const;
  void write_now(Document& document, std::unique_lock<std::mutex>& lock);

  const Settings& settings_;
  Shared& shared_;
  std::function<void()> wake_ = [] {};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Document>> documents_;
  std::atomic<std::size_t> writing_reports_{0};
  std::atomic<bool> refusing_{false};
  bool closing_ = false;
  bool told_of_no_room_ = false;
  std::thread thread_;  // from the first document on

  // The worker's thread.
  bool logged_in_before_ = false;
  std::optional<Instant> left_;
  std::optional<Instant> retry_at_;
};

}  // namespace holdfast::device
