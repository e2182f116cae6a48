#include "outbox/outbox.hpp"

#include <utility>

#include <holdfast/limits.hpp>

namespace holdfast::outbox {
namespace {

// Expired rows that are looked at together.
constexpr std::size_t kExpiredRows = 512;
// Rows that are looked up beyond those that have to go: some may be under way.
constexpr std::size_t kMoreVictims = 256;
constexpr std::size_t kMostVictims = 2'048;

}  // namespace

Outbox::Outbox(const OutboxLimits& limits, Surroundings& surroundings)
    : surroundings_(surroundings), clerk_(limits, surroundings.draw()) {}

Outbox::Outbox(const OutboxLimits& limits, const std::filesystem::path& directory,
               const std::string& vfs, Surroundings& surroundings)
    : Outbox(limits, surroundings) {
  if (directory.empty()) return;
  store_options_ =
      StoreOptions{.directory = directory, .max_file_bytes = limits.file_bytes, .vfs = vfs};
  for (const auto& newer : Store::newer_in(directory)) {
    found_ = "the outbox " + newer.string() +
             " is of a newer version: it is left as it is, and sent once that runs again";
  }
  // A device that keeps nothing gets no file: it is made with the first durable message.
  std::error_code error;
  if (!std::filesystem::exists(Store::file_in(directory), error)) return;
  Failure failure;
  if (!make_store(failure)) {
    throw ConfigError("state_dir", directory.string(), failure.detail);
  }
  if (!remark_.empty()) found_ = std::exchange(remark_, {});
  clerk_.opened({store_->found(), store_->keyed()}, now());
}

Outbox::~Outbox() {
  close();
}

bool Outbox::make_store(Failure& failure) {
  std::string remark;
  store_ = Store::open(*store_options_, remark, failure);
  if (!remark.empty()) remark_ = std::move(remark);
  return store_ != nullptr;
}

void Outbox::begin(OutboxEvents events) {
  events_ = std::move(events);
  if (!store_options_ || thread_.joinable()) return;
  if (Driver* driver = surroundings_.driver()) {
    driver->add(*this, "outbox");
  } else {
    thread_ = std::thread([this] { run(); });
  }
}

// --- The calls -----------------------------------------------------------------------------------

StreamId Outbox::stream_on(std::string_view topic) {
  const std::lock_guard lock(mutex_);
  return clerk_.shelf().stream_on(topic);
}

void Outbox::bound_stream(StreamId stream, const StreamBounds& bounds) {
  const std::lock_guard lock(mutex_);
  clerk_.shelf().bound_stream(stream, bounds);
}

void Outbox::batch_stream(StreamId stream, std::size_t max_bytes) {
  const std::lock_guard lock(mutex_);
  clerk_.shelf().batch_stream(stream, max_bytes);
}

MessageId Outbox::put(Entry entry, std::vector<Casualty>& gone, Failure& refused) {
  const Instant at = time_for_disk();
  const std::lock_guard lock(mutex_);
  const MessageId id = clerk_.put(std::move(entry), gone, refused, at);
  wake_if_sooner(at);
  return id;
}

const Entry* Outbox::take(Instant at) {
  const std::lock_guard lock(mutex_);
  const Entry* entry = clerk_.take(at);
  wake_if_sooner(at);
  return entry;
}

std::optional<Entry> Outbox::settle(MessageId id, const Failure& refused) {
  const Instant at = time_for_disk();
  const std::lock_guard lock(mutex_);
  auto entry = clerk_.settle(id, refused, at);
  wake_if_sooner(at);
  settled_.notify_all();
  return entry;
}

void Outbox::retry(MessageId id) {
  const std::lock_guard lock(mutex_);
  clerk_.shelf().retry(id);
}

std::vector<Casualty> Outbox::put_back() {
  const std::lock_guard lock(mutex_);
  settled_.notify_all();
  return clerk_.put_back();
}

std::vector<Casualty> Outbox::expire(Instant at) {
  const std::lock_guard lock(mutex_);
  auto expired = clerk_.expire(at);
  wake_if_sooner(at);
  if (!expired.empty()) settled_.notify_all();
  return expired;
}

void Outbox::release_all(bool released) {
  const std::lock_guard lock(mutex_);
  released ? ++releases_ : --releases_;
  clerk_.shelf().release_all(releases_ > 0);
}

void Outbox::admit(Admission admission) {
  const std::lock_guard lock(mutex_);
  clerk_.shelf().admit(admission);
}

void Outbox::wall_clock(std::uint64_t seconds, Instant at) {
  const std::lock_guard lock(mutex_);
  clerk_.wall_clock(seconds, at);
  wake_if_sooner(at);
}

std::vector<Casualty> Outbox::clear() {
  const std::lock_guard lock(mutex_);
  settled_.notify_all();
  return clerk_.clear();
}

std::optional<Instant> Outbox::next_due(Instant at) const {
  const std::lock_guard lock(mutex_);
  return clerk_.next_due(at);
}

std::optional<Instant> Outbox::earliest_due() const {
  const std::lock_guard lock(mutex_);
  return clerk_.shelf().earliest_due();
}

Fill Outbox::fill() const {
  const std::lock_guard lock(mutex_);
  return clerk_.fill();
}

Fill Outbox::await(const std::function<bool(const Fill&)>& done, Instant deadline) {
  std::unique_lock lock(mutex_);
  ++hurries_;
  clerk_.hurry(true);
  wake_if_sooner(now());
  surroundings_.wait(lock, settled_, deadline, [&] { return done(clerk_.fill()); });
  clerk_.hurry(--hurries_ > 0);
  return clerk_.fill();
}

std::size_t Outbox::close() {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = !std::exchange(closing_, true);
    clerk_.finish();
    wake_.notify_all();
  }
  if (Driver* driver = surroundings_.driver()) {
    const bool has_begun = static_cast<bool>(events_.tell);
    if (is_first && has_begun && store_options_) run();  // which ends, because it is closing
    driver->remove(*this);
  } else if (thread_.joinable()) {
    thread_.join();
  }
  const std::lock_guard lock(mutex_);
  store_.reset();
  return clerk_.kept();
}

// --- The thread that waits for the disk ----------------------------------------------------------

// Without a disk nothing asks for it, and the clock costs as much as the rest of the call.
Instant Outbox::time_for_disk() const {
  return store_options_ ? now() : Instant();
}

void Outbox::wake_if_sooner(Instant at) {
  if (!asleep_) return;
  const auto next = clerk_.next_work(at);
  if (!next || (armed_ && *armed_ <= *next)) return;
  armed_ = next;
  wake_.notify_one();
}

void Outbox::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const Instant at = now();
    const auto next = clerk_.next_work(at);
    if (next && (*next <= at || closing_)) {
      if (!work(lock) && closing_) return;
      continue;
    }
    if (closing_) return;
    armed_ = next;
    asleep_ = true;
    if (next) {
      wake_.wait_until(lock, *next);
    } else {
      wake_.wait(lock);
    }
    asleep_ = false;
  }
}

bool Outbox::step() {
  std::unique_lock lock(mutex_);
  const Instant at = now();
  const auto next = clerk_.next_work(at);
  if (!next || *next > at) return false;
  work(lock);
  return true;
}

std::optional<Instant> Outbox::next_step() {
  const std::lock_guard lock(mutex_);
  return clerk_.next_work(now());
}

// @return false if the disk did not take it
bool Outbox::work(std::unique_lock<std::mutex>& lock) {
  Clerk::Work work = clerk_.begin(now());
  lock.unlock();
  Failure failure;
  Trouble trouble = Trouble::none;
  Clerk::Found found;
  bool written = false;
  if (store_ || make_store(failure)) {
    if (work.writes()) failure = store_->commit(work.batch);
    written = !failure;
    if (written) failure = read(work, found);
    trouble = store_->trouble();
  }
  Clerk::News news;
  lock.lock();
  const Instant at = now();
  if (written) {
    news = clerk_.done(work, std::move(found), at);
    if (failure) clerk_.rest(at);
  } else {
    clerk_.failed(work, trouble == Trouble::full, at);
  }
  if (trouble == Trouble::damaged) {
    Clerk::News lost = replace_store(lock, failure);
    lost.written = std::move(news.written);
    news = std::move(lost);
  }
  tell(std::move(news), failure, lock);
  return !failure;
}

// What cannot be read is not found; it is looked for again after a rest.
Failure Outbox::read(Clerk::Work& work, Clerk::Found& found) {
  store_->begin_reading();
  if (work.page) {
    found.page = store_->read(work.page_from, limits::kPageMessages, limits::kPageBytes);
    found.page_is_last = found.page.empty();
  }
  if (work.expired) found.expired = store_->expired(work.batch.clock, kExpiredRows);
  for (const Shelf::Overrun& overrun : work.overruns) {
    std::optional<std::string> topic;
    if (overrun.of_stream) topic = overrun.topic;
    const std::size_t count = std::min(overrun.messages + kMoreVictims, kMostVictims);
    found.victims.push_back(store_->oldest(topic, overrun.lowest_first, count));
  }
  found.next_expiry = store_->next_expiry();
  if (Failure failure = store_->failure_of_reading()) {
    found = {};
    work.page = work.expired = false;
    work.overruns.clear();
    return failure;
  }
  if (work.tidy) store_->tidy();
  return {};
}

// What waits in memory is written to a fresh file.
Clerk::News Outbox::replace_store(std::unique_lock<std::mutex>& lock, Failure& failure) {
  lock.unlock();
  store_.reset();
  Failure none;
  if (Store::set_aside(*store_options_, remark_, none)) make_store(none);
  lock.lock();
  Clerk::News news = clerk_.file_lost(now());
  if (!remark_.empty()) failure = {Errc::storage_failed, std::exchange(remark_, {})};
  if (news.lost > 0) {
    failure.detail += "; " + std::to_string(news.lost) + " messages that only it had are lost";
  }
  return news;
}

void Outbox::tell(Clerk::News news, const Failure& failure, std::unique_lock<std::mutex>& lock) {
  settled_.notify_all();
  const bool fails_now = static_cast<bool>(failure);
  const bool is_new = std::exchange(failing_, fails_now) != fails_now;
  lock.unlock();
  if (is_new && fails_now) events_.tell(EventKind::storage_failed, failure);
  if (is_new && !fails_now) events_.tell(EventKind::storage_works, {});
  if (!news.written.empty()) events_.stored(std::move(news.written));
  if (!news.gone.empty()) events_.gone(std::move(news.gone));
  if (news.sendable) events_.changed();
  lock.lock();
}

}  // namespace holdfast::outbox
