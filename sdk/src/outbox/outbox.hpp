// The outbox: where an accepted message waits until it was delivered, in memory or, if it is
// durable, in a file as well. The policy is the shelf's and the clerk's; this class adds the lock,
// and the thread that waits for the disk so that nobody else has to.
//
// Threads: every member may be called from any thread; none blocks on I/O but the constructor,
// `await` and `close`. In a test's world there is no thread, and the world waits for the disk.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <holdfast/event.hpp>
#include <holdfast/status.hpp>

#include "base/surroundings.hpp"
#include "outbox/clerk.hpp"
#include "outbox/entry.hpp"
#include "outbox/store.hpp"

namespace holdfast::outbox {

/// What the outbox tells of its own accord, on its own thread.
struct OutboxEvents {
  std::function<void()> changed;  ///< something may be sent that could not be sent before
  std::function<void(std::vector<Casualty>)> gone;
  std::function<void(std::vector<Written>)> stored;
  std::function<void(EventKind, const Failure&)> tell;
};

class Outbox final : private Task {
 public:
  /// One in memory.
  explicit Outbox(const OutboxLimits& limits, Surroundings& surroundings = system_surroundings());
  /// One that can keep messages in a directory; what waits there is found again.
  Outbox(const OutboxLimits& limits, const std::filesystem::path& directory,
         const std::string& vfs = {}, Surroundings& surroundings = system_surroundings());
  ~Outbox();

  /// What a person should know of what was found in the directory; empty: nothing.
  std::string take_remark() { return std::exchange(found_, {}); }

  /// From now on the disk is written to. Once.
  void begin(OutboxEvents events);

  /// The number of the stream on this topic.
  StreamId stream_on(std::string_view topic);
  /// What a stream may hold; before its first message.
  void bound_stream(StreamId stream, const StreamBounds& bounds);
  /// How many bytes of payload the messages of a stream may share; 0: each goes alone.
  void batch_stream(StreamId stream, std::size_t max_bytes);

  /// Takes an entry and gives it its number. What has to make room for it, and what it replaces,
  /// leaves; that may be the entry itself. @return 0 and `refused` set when a bound is reached.
  MessageId put(Entry entry, std::vector<Casualty>& gone, Failure& refused);

  /// The next entry to hand to MQTT: the highest priority first, then by the order that was asked
  /// for; null while nothing is due. Once one entry is due, all that wait are: a message with a
  /// delay budget rides along with one that goes out anyway. The pointer holds until the entry is
  /// settled or put back.
  const Entry* take(Instant now);

  /// An entry was delivered, or refused for good: it leaves. @param refused why; one that is
  /// durable is kept with the dead letters then
  std::optional<Entry> settle(MessageId id, const Failure& refused = {});

  /// An entry that is under way waits again, in its old place: it was refused for now.
  void retry(MessageId id);

  /// The connection ended: entries of QoS 1 that are under way wait again, in their old order and
  /// before all others of their priority; those of QoS 0 and 2 leave.
  std::vector<Casualty> put_back();

  /// Takes out what has expired.
  std::vector<Casualty> expire(Instant now);

  /// While somebody has released them, messages do not wait for their delay budgets. Each `true`
  /// needs its own `false`.
  void release_all(bool released);

  /// From now on only these are handed out, and count as due.
  void admit(Admission admission);

  /// What time it is, by a clock that can be trusted: time that the device was off then counts for
  /// the times to live. @param seconds since 1970
  void wall_clock(std::uint64_t seconds, Instant now);

  /// Writes what is durable, and ends the thread. @return the messages that are kept
  std::size_t close();

  /// Takes out everything that is in memory, for a device that stops; with `Errc::kept` what the
  /// disk has.
  std::vector<Casualty> clear();

  /// When the next delay budget or time to live ends; empty: none is running. What is due already
  /// waits for the session and not for a time; a time in the past is told only of what has expired
  /// and was not taken out yet.
  std::optional<Instant> next_due(Instant now) const;

  /// When the next message that waits has to go, at the latest: in the past if one is due already.
  /// Empty: none waits.
  std::optional<Instant> earliest_due() const;

  Fill fill() const;

  /// Writes everything that is durable at once, and waits until `done` or the deadline.
  Fill await(const std::function<bool(const Fill&)>& done, Instant deadline);

 private:
  Instant now() const { return surroundings_.now(); }
  bool make_store(Failure& failure);
  void run();
  bool step() override;
  std::optional<Instant> next_step() override;
  bool work(std::unique_lock<std::mutex>& lock);
  Failure read(Clerk::Work& work, Clerk::Found& found);
  Clerk::News replace_store(std::unique_lock<std::mutex>& lock, Failure& failure);
  void tell(Clerk::News news, const Failure& failure, std::unique_lock<std::mutex>& lock);
  Instant time_for_disk() const;
  void wake_if_sooner(Instant at);

  Surroundings& surroundings_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;     // the thread
  std::condition_variable settled_;  // those who await
  Clerk clerk_;
  OutboxEvents events_;
  std::optional<Instant> armed_;  // when the thread looks next
  bool asleep_ = false;
  bool closing_ = false;
  bool failing_ = false;   // the last work was not done
  unsigned hurries_ = 0;   // how many await
  unsigned releases_ = 0;  // how many have released all
  std::optional<StoreOptions> store_options_;
  std::unique_ptr<Store> store_;  // the thread's alone once that runs
  std::string found_;             // on the file, by the constructor
  std::string remark_;            // the same, by the thread
  std::thread thread_;
};

}  // namespace holdfast::outbox
