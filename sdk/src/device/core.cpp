#include "device/core.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <memory>
#include <random>
#include <utility>

#include <asio/post.hpp>

#include "budget/pace.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

// How long `status` waits for the worker, which is busy for milliseconds at most.
constexpr auto kStatusBound = 500ms;

session::Random make_random(Environment& environment) {
  const std::uint64_t first = environment.draw();
  const std::uint64_t second = environment.draw();
  std::seed_seq seed{first >> 32, first & 0xFFFF'FFFFU, second >> 32, second & 0xFFFF'FFFFU};
  // Shared, because a copy of the engine would give the same numbers once more.
  return [engine = std::make_shared<std::mt19937_64>(seed)] {
    return std::uniform_real_distribution<double>(0.0, 1.0)(*engine);
  };
}

Remaining remaining(const outbox::Fill& fill) {
  return {fill.unstored, fill.waiting + fill.under_way};
}

}  // namespace

// The system's lives as long as the process: nobody owns it.
Core::Core(Options options)
    : Core(std::move(options),
           std::shared_ptr<Environment>(std::shared_ptr<Environment>(), &system_environment())) {}

Core::Core(Options options, std::shared_ptr<Environment> environment)
    : environment_(std::move(environment)),
      settings_(check_options(std::move(options))),
      state_dir_(settings_.options.state_dir),
      io_(1),  // one thread runs it: Asio can spare its locks
      work_(io_.get_executor()),
      shared_(settings_.options.outbox, settings_.options.state_dir, *environment_),
      commands_(
          settings_, shared_,
          [this](std::string_view topic, std::span<const std::byte> payload, PublishOptions how) {
            return publish(topic, payload, std::move(how), outbox::kNoStream);
          }),
      states_(settings_, shared_),
      worker_(io_, settings_, shared_, states_, make_random(*environment_),
              [this](bool clean) {
                observer_.end();
                const std::lock_guard lock(mutex_);
                session_over_ = true;
                result_.clean = clean;
                work_.reset();
                changed_.notify_all();
              }),
      observer_(io_, settings_, shared_, worker_) {
  states_.set_wake([this] { worker_.notify(); });
  shared_.outbox.begin({
      .changed = [this] { worker_.notify(); },
      .gone = [this](std::vector<outbox::Casualty> gone) { shared_.conclude(std::move(gone)); },
      .stored =
          [this](std::vector<outbox::Written> written) { shared_.stored(std::move(written)); },
      .tell = [this](EventKind kind, const Failure& failure) { shared_.emit(kind, failure); },
  });
}

Core::~Core() {
  stop(0ms);
}

void Core::start() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::idle) return;
  phase_ = Phase::running;
  for (const std::string& warning : settings_.warnings) {
    shared_.emit(EventKind::warning, {}, warning);
  }
  if (std::string remark = shared_.outbox.take_remark(); !remark.empty()) {
    shared_.emit(EventKind::storage_failed, Errc::storage_failed, std::move(remark));
  }
  if (std::string remark = commands_.take_remark(); !remark.empty()) {
    shared_.emit(EventKind::storage_failed, Errc::storage_failed, std::move(remark));
  }
  if (std::string remark = shared_.events.take_remark(); !remark.empty()) {
    shared_.emit(EventKind::warning, {}, std::move(remark));
  }
  asio::post(io_, [this] { observer_.begin(); });
  if (Driver* driver = environment_->driver()) {
    driver->add(*this, "connection");
  } else {
    thread_ = std::thread([this] { io_.run(); });
  }
  worker_.start();
}

StopResult Core::stop(std::chrono::milliseconds timeout) {
  const Instant now = environment_->now();
  const bool from_handler = shared_.dispatcher.is_this_thread();
  states_.refuse();
  std::unique_lock lock(mutex_);
  if (phase_ == Phase::idle) {
    phase_ = Phase::stopping;
    session_over_ = true;
  } else if (phase_ == Phase::running) {
    phase_ = Phase::stopping;
    // A quarter of the time is for DISCONNECT and close_notify.
    asio::post(io_, [this, deadline = now + timeout * 3 / 4] { worker_.stop(deadline); });
  }
  if (from_handler) return result_;
  const auto over = [this] { return session_over_; };
  if (!environment_->wait(lock, changed_, now + timeout, over)) {
    asio::post(io_, [this] { worker_.force_stop(); });
    environment_->wait(lock, changed_, Instant::max(), over);
  }
  if (phase_ == Phase::stopping) {
    phase_ = Phase::stopped;
    lock.unlock();
    finish_stop();
    lock.lock();
    last_status_->counters = shared_.counters.read();
    changed_.notify_all();
  } else {
    environment_->wait(lock, changed_, Instant::max(), [this] { return last_status_.has_value(); });
  }
  return result_;
}

// The session is over: its thread ends by itself, then the handlers hear the rest.
void Core::finish_stop() {
  if (Driver* driver = environment_->driver()) {
    io_.poll();
    driver->remove(*this);
  } else if (thread_.joinable()) {
    thread_.join();
  }
  Status status = worker_.status();
  status.state = State::stopped;
  std::size_t kept = shared_.outbox.close();
  auto left = shared_.outbox.clear();
  status.waiting = status.under_way = 0;
  const auto lost = static_cast<std::size_t>(
      std::count_if(left.begin(), left.end(), [](const outbox::Casualty& casualty) {
        return casualty.reason.error != Errc::kept &&
               casualty.entry.loss == outbox::Entry::Loss::of_app;
      }));
  kept += static_cast<std::size_t>(
      std::count_if(left.begin(), left.end(), [](const outbox::Casualty& casualty) {
        return casualty.entry.loss == outbox::Entry::Loss::none;
      }));
  {
    const std::lock_guard lock(mutex_);
    result_.undelivered = lost;
    result_.kept = kept;
    last_status_ = status;
  }
  // The SDK's own would only alarm the app.
  std::erase_if(left, [](const outbox::Casualty& casualty) {
    return casualty.entry.loss != outbox::Entry::Loss::of_app;
  });
  shared_.conclude(std::move(left));
  shared_.calls.close();
  std::string how = "stopped";
  if (lost > 0) how += " with " + std::to_string(lost) + " messages undelivered";
  if (kept > 0)
    how += (lost > 0 ? ", and " : " with ") + std::to_string(kept) + " kept on the disk";
  shared_.emit(EventKind::stopped, {}, std::move(how));
  shared_.dispatcher.finish();
  states_.close();  // after the last acknowledgement was told
  shared_.events.close();
}

bool Core::step() {
  return worker_.ring() || io_.poll_one() > 0;
}

void Core::vanish() {
  shared_.dispatcher.discard();
  worker_.force_stop();
  stop(0ms);
  state_dir_.release();
}

Receipt Core::refuse(Failure failure) {
  return {0, failure.error, std::move(failure.detail)};
}

Receipt Core::publish(std::string_view topic, std::span<const std::byte> payload,
                      PublishOptions options, outbox::StreamId stream) {
  const bool has_state_dir = !settings_.options.state_dir.empty();
  if (Failure failure = check_publish(topic, payload.size(), options, has_state_dir,
                                      settings_.options.mqtt_version)) {
    return refuse(std::move(failure));
  }
  outbox::Entry entry;
  entry.stream = stream;
  entry.topic = std::string(topic);
  entry.payload.assign(payload.begin(), payload.end());
  entry.properties = Properties(
      {options.content_type, options.response_topic, std::span(options.correlation_data)});
  entry.qos = options.qos;
  entry.retain = options.retain;
  entry.priority = options.priority;
  entry.order = options.order;
  entry.key = std::move(options.key);
  if (options.max_delay > 0ms || options.ttl > 0ms) set_times(entry, options);
  entry.durable = options.durable;
  entry.on_stored = std::move(options.on_stored);
  entry.on_done = std::move(options.on_done);

  std::vector<outbox::Casualty> gone;
  Failure refused;
  MessageId id = 0;
  bool tell = false;
  {
    // Under the lock, so that nothing slips into the outbox after it was cleared.
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::stopping || phase_ == Phase::stopped) {
      return refuse({Errc::closed, "the device was stopped"});
    }
    id = shared_.outbox.put(std::move(entry), gone, refused);
    tell = refused && !refusing_;
    refusing_ = static_cast<bool>(refused);
  }
  if (refused) {
    if (tell) shared_.emit(EventKind::message_dropped, refused);
    return refuse(std::move(refused));
  }
  ++shared_.counters.accepted;
  shared_.conclude(std::move(gone));
  worker_.notify();
  return {id, {}, {}};
}

void Core::set_times(outbox::Entry& entry, const PublishOptions& options) const {
  const Instant now = environment_->now();
  if (options.ttl > 0ms) entry.expires = now + options.ttl;
  if (options.max_delay == 0ms) return;
  // What is urgent has a reserve of its own in the budget.
  const unsigned factor =
      options.priority == Priority::urgent ? 1U : shared_.batching_factor.load();
  entry.due = now + budget::stretch(options.max_delay, options.ttl, factor);
}

void Core::subscribe(std::string_view filter, Subscriptions::Handler handler,
                     const SubscribeOptions& options) {
  shared_.subscriptions.set(filter, std::move(handler), options);
  worker_.notify();
}

Remaining Core::flush(std::chrono::milliseconds timeout) {
  const auto deadline = environment_->now() + timeout;
  states_.flush(deadline);
  return remaining(
      shared_.outbox.await([](const outbox::Fill& fill) { return fill.unstored == 0; }, deadline));
}

Remaining Core::drain(std::chrono::milliseconds timeout) {
  const auto deadline = environment_->now() + timeout;
  states_.flush(deadline);
  shared_.outbox.release_all(true);
  worker_.notify();
  const auto left = shared_.outbox.await(
      [](const outbox::Fill& fill) { return fill.waiting + fill.under_way == 0; }, deadline);
  shared_.outbox.release_all(false);
  return remaining(left);
}

void Core::offer_pin_set(std::span<const std::byte> document) {
  // What is longer than any pin set is refused by its first bytes as well as by all of them.
  const auto taken = document.first(std::min(document.size(), limits::kMaxPinSetBytes + 1));
  const auto* first = reinterpret_cast<const std::uint8_t*>(taken.data());
  asio::post(io_, [this, bytes = std::vector<std::uint8_t>(first, first + taken.size())] {
    worker_.offer_pin_set(bytes, "the app");
  });
}

void Core::set_time(std::chrono::system_clock::time_point now) {
  asio::post(io_, [this, now] { worker_.set_time(now); });
}

Status Core::status() {
  auto answer = std::make_shared<std::promise<Status>>();
  std::future<Status> future = answer->get_future();
  {
    const std::lock_guard lock(mutex_);
    if (last_status_) {
      Status status = *last_status_;
      status.counters = shared_.counters.read();
      return status;
    }
    // Without a thread of the worker's nobody can be in it now.
    if (phase_ == Phase::idle || environment_->driver() != nullptr) return worker_.status();
    asio::post(io_, [this, answer] { answer->set_value(worker_.status()); });
  }
  if (future.wait_for(kStatusBound) == std::future_status::ready) {
    try {
      return future.get();
    } catch (const std::future_error&) {
      // The worker ended without running what was posted; the device is being stopped.
    }
  }
  Status status;
  status.state = State::stopping;
  status.counters = shared_.counters.read();
  return status;
}

}  // namespace holdfast::device
