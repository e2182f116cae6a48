#include "device/event_keeper.hpp"

#include <utility>

#include <holdfast/limits.hpp>

namespace holdfast::device {

EventKeeper::EventKeeper(const std::filesystem::path& state_dir, Environment& environment,
                         const BootTime& boot_time, std::function<void(const Failure&)> tell)
    : environment_(environment), boot_time_(boot_time), tell_(std::move(tell)) {
  if (state_dir.empty()) return;
  file_.emplace(state_dir);
  ring_.restore(file_->load(remark_));
  if (Driver* driver = environment_.driver()) driver->add(*this, "events");
}

EventKeeper::~EventKeeper() {
  close();
}

void EventKeeper::add(const Event& event) {
  if (!file_) return;
  const auto since_boot = environment_.since_boot().count();
  auto record = observe::record_of(event, {.boot = boot_time_.boot(),
                                           .since_boot_ms = static_cast<std::uint64_t>(since_boot),
                                           .began_ms = boot_time_.began_ms()});
  const std::lock_guard lock(mutex_);
  ring_.add(std::move(record));
  if (closing_) return;
  if (environment_.driver() == nullptr && !thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
  changed_.notify_one();
}

std::vector<observe::EventRecord> EventKeeper::newest(std::size_t most) const {
  const std::lock_guard lock(mutex_);
  return ring_.newest(most);
}

std::map<std::string, std::uint64_t> EventKeeper::counts() const {
  const std::lock_guard lock(mutex_);
  return ring_.counts();
}

std::string EventKeeper::take_remark() {
  const std::lock_guard lock(mutex_);
  return std::exchange(remark_, {});
}

// --- The disk ------------------------------------------------------------------------------------

void EventKeeper::write(std::unique_lock<std::mutex>& lock) {
  const auto records = ring_.take_unwritten();
  lock.unlock();
  const Failure failure = file_->write(records);
  lock.lock();
  const bool failed_before = retry_at_.has_value();
  retry_at_.reset();
  if (!failure) return;
  ring_.put_back(records);
  retry_at_ = environment_.now() + limits::kEventRetry;
  if (failed_before || closing_) return;  // that it still does not work is no news
  lock.unlock();
  tell_(failure);
  lock.lock();
}

void EventKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (is_due(environment_.now())) {
      write(lock);
    } else if (ring_.has_unwritten()) {
      changed_.wait_until(lock, *retry_at_);
    } else {
      changed_.wait(lock);
    }
  }
}

bool EventKeeper::step() {
  std::unique_lock lock(mutex_);
  if (!is_due(environment_.now())) return false;
  write(lock);
  return true;
}

std::optional<Instant> EventKeeper::next_step() {
  const std::lock_guard lock(mutex_);
  if (!ring_.has_unwritten()) return std::nullopt;
  return retry_at_.value_or(environment_.now());
}

void EventKeeper::close() {
  std::unique_lock lock(mutex_);
  if (std::exchange(closing_, true)) return;
  changed_.notify_all();
  lock.unlock();
  if (Driver* driver = environment_.driver(); driver != nullptr && file_) {
    driver->remove(*this);
  } else if (thread_.joinable()) {
    thread_.join();
  }
  lock.lock();
  if (ring_.has_unwritten()) write(lock);
}

}  // namespace holdfast::device
