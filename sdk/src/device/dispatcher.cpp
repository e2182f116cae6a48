#include "device/dispatcher.hpp"

#include <exception>
#include <utility>

#include <holdfast/limits.hpp>

namespace holdfast::device {

Dispatcher::Dispatcher(Complaint complaint, Surroundings& surroundings)
    : complaint_(std::move(complaint)), driver_(surroundings.driver()) {
  if (driver_ != nullptr) {
    driver_->add(*this, "handlers");
  } else {
    thread_ = std::thread([this] { run(); });
  }
}

Dispatcher::~Dispatcher() {
  finish();
  if (thread_.joinable()) thread_.join();
}

bool Dispatcher::post(Kind kind, std::size_t bytes, Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (finishing_) return false;
    switch (kind) {
      case Kind::message:
        if (messages_ >= limits::kInboundMessages ||
            (messages_ > 0 && message_bytes_ + bytes > limits::kInboundBytes)) {
          return false;
        }
        ++messages_;
        message_bytes_ += bytes;
        break;
      case Kind::event:
        if (events_ >= limits::kEvents) return false;
        ++events_;
        break;
      case Kind::notice:
        break;
    }
    items_.push_back({kind, bytes, std::move(job)});
  }
  changed_.notify_one();
  return true;
}

bool Dispatcher::post_message(std::size_t bytes, Job job) {
  return post(Kind::message, bytes, std::move(job));
}

bool Dispatcher::post_event(Job job) {
  return post(Kind::event, 0, std::move(job));
}

void Dispatcher::post_notice(Job job) {
  post(Kind::notice, 0, std::move(job));
}

void Dispatcher::run() {
  running_on_ = std::this_thread::get_id();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return finishing_ || !items_.empty(); });
    if (items_.empty()) return;
    run_first(lock);
  }
}

void Dispatcher::run_first(std::unique_lock<std::mutex>& lock) {
  Item item = std::move(items_.front());
  items_.pop_front();
  if (item.kind == Kind::event) --events_;
  if (item.kind == Kind::message) {
    --messages_;
    message_bytes_ -= item.bytes;
  }
  lock.unlock();
  try {
    item.job();
  } catch (const std::exception& error) {
    complaint_(error.what());
  } catch (...) {
    complaint_("something that is no std::exception");
  }
  item.job = nullptr;  // what it captured goes on this thread, before the lock
  lock.lock();
}

// A handler that waits for something lets the world go on, and the other handlers wait for it.
bool Dispatcher::step() {
  std::unique_lock lock(mutex_);
  if (items_.empty() || running_on_.load() != std::thread::id()) return false;
  running_on_ = std::this_thread::get_id();
  run_first(lock);
  running_on_ = std::thread::id();
  return true;
}

void Dispatcher::discard() {
  std::deque<Item> dropped;
  const std::lock_guard lock(mutex_);
  finishing_ = true;
  dropped.swap(items_);
}

void Dispatcher::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_one();
  if (driver_ != nullptr) {
    while (step()) {
    }
    driver_->remove(*this);
  } else if (thread_.joinable() && !is_this_thread()) {
    thread_.join();
  }
}

}  // namespace holdfast::device
