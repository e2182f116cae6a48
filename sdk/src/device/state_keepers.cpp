#include "device/state_keepers.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>

#include "base/hex.hpp"
#include "crypto/ed25519.hpp"
#include "device/kept.hpp"
#include "mqtt/topic.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kStateFormat = 1;
// A report that waits is replaced by a newer one.
constexpr const char* kKey = "holdfast/state";
// That a report was acknowledged need not be written at once: at worst it is sent once more.
constexpr auto kPatience = 60s;

// A topic has characters that a file's name cannot have.
std::string name_of(std::string_view topic) {
  constexpr std::size_t kBytes = 8;
  const auto* first = reinterpret_cast<const std::uint8_t*>(topic.data());
  const auto digest = crypto::sha256({first, topic.size()});
  return "state-" + to_hex({reinterpret_cast<const char*>(digest.data()), kBytes});
}

void check(std::string_view topic, const StateOptions& options, const Settings& settings) {
  if (const auto why = mqtt_engine::why_not_topic(std::string(topic) + "/reported");
      topic.empty() || !why.empty()) {
    throw ConfigError("state.topic", topic, topic.empty() ? "it needs a topic" : why);
  }
  if (settings.options.state_dir.empty()) {
    throw ConfigError("state_dir", "",
                      "a state document is kept across restarts, and so is its version; set "
                      "Options::state_dir");
  }
  if (options.max_delay < 0ms || options.max_delay > 24h) {
    throw ConfigError("state.max_delay", std::to_string(options.max_delay.count()) + " ms",
                      "it must be between 0 and 24 h");
  }
}

}  // namespace

StateKeepers::StateKeepers(const Settings& settings, Shared& shared)
    : settings_(settings), shared_(shared) {}

StateKeepers::~StateKeepers() {
  close();
}

std::size_t StateKeepers::add(std::string_view topic, const StateOptions& options,
                              const detail::DesiredType& desired) {
  check(topic, options, settings_);
  std::unique_lock lock(mutex_);
  for (const auto& document : documents_) {
    if (document->topic == topic) {
      throw ConfigError("state.topic", topic,
                        "this device has a state there already; use copies of that StateDocument");
    }
  }
  if (documents_.size() >= limits::kMaxStateDocuments) {
    throw ConfigError(
        "state.topic", topic,
        "a device takes " + std::to_string(limits::kMaxStateDocuments) + " state documents");
  }
  auto slots = slots_in(settings_, name_of(topic).c_str(), kStateFormat);
  std::string remark;
  auto kept =
      load_kept(slots, twin::decode_kept, "the stored state of " + std::string(topic) + " is",
                "it begins anew", remark);
  if (kept && kept->topic != topic) kept.reset();
  if (!remark.empty()) shared_.emit(EventKind::warning, {}, remark);
  documents_.push_back(std::make_unique<Document>(std::string(topic), options, desired,
                                                  std::move(*slots), std::move(kept)));
  Document& document = *documents_.back();
  try {
    shared_.subscriptions.set(
        document.topic + "/desired",
        [this, &document](const Message& message) { arrived(document, message); }, {},
        document.twin.must_ask() ? Subscriptions::Fetch::once : Subscriptions::Fetch::if_new);
  } catch (const ConfigError&) {  // one filter too many
    documents_.pop_back();
    throw;
  }
  write(document, now(), false);  // that it is in use
  if (document.twin.needs_sending()) send(document);
  if (Driver* driver = shared_.environment.driver()) {
    if (documents_.size() == 1) driver->add(*this, "state documents");
  } else if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
  wake_();  // for the subscription
  return documents_.size() - 1;
}

// --- Desired -------------------------------------------------------------------------------------

void StateKeepers::on_desired(std::size_t number, detail::StateBase::Handler handler) {
  const std::lock_guard lock(mutex_);
  Document& document = *documents_[number];
  document.handler = std::make_shared<detail::StateBase::Handler>(std::move(handler));
  document.delivered = 0;
  shared_.dispatcher.post_notice([this, &document] { deliver(document); });
}

// On the handlers' thread.
void StateKeepers::arrived(Document& document, const Message& message) {
  if (message.payload.empty()) return;  // the retained document was taken away: ours stays
  StateBody body;
  std::error_code error = open_state(message.payload, body);
  if (!error) error = document.desired.check(body.bytes);
  if (error) {
    ++shared_.counters.rejected_payloads;
    shared_.emit(EventKind::payload_rejected, error,
                 "what is on \"" + message.topic + "\" is not a valid state document with a " +
                     std::string(document.desired.name) + ": " + error.message() +
                     "; the last good one stays");
    return;
  }
  std::string why;
  {
    const std::lock_guard lock(mutex_);
    switch (document.twin.offer(body.version, body.bytes, why)) {
      case twin::Twin::Verdict::unchanged:
        return;
      case twin::Twin::Verdict::refused:
        if (document.twin.answer(now())) write(document, now(), true);
        break;
      case twin::Twin::Verdict::taken:
        write(document, now(), false);
        break;
    }
  }
  if (!why.empty()) {
    shared_.emit(EventKind::state_refused, {},
                 "the desired state on \"" + message.topic + "\" is not taken: " + why);
    return;
  }
  deliver(document);
}

// On the handlers' thread.
void StateKeepers::deliver(Document& document) {
  std::shared_ptr<detail::StateBase::Handler> handler;
  std::vector<std::byte> body;
  std::uint64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    const twin::KeptState& kept = document.twin.kept();
    if (!document.handler || kept.desired_version == document.delivered) return;
    handler = document.handler;
    body = kept.desired;
    version = document.delivered = kept.desired_version;
  }
  // The app may have another type for it than the process that kept it.
  if (const std::error_code error = document.desired.check(body)) {
    ++shared_.counters.rejected_payloads;
    shared_.emit(EventKind::payload_rejected, error,
                 "the desired state that is kept of \"" + document.topic + "\" is not a valid " +
                     std::string(document.desired.name) + ": " + error.message());
    return;
  }
  (*handler)(body, version);
}

// --- Reported ------------------------------------------------------------------------------------

StateReceipt StateKeepers::report(std::size_t number, std::span<const std::byte> body) {
  if (refusing_) return {0, Errc::closed, "the device was stopped"};
  if (body.size() > limits::kMaxStateBytes) {
    return {0, Errc::payload_too_large,
            "a state of " + std::to_string(body.size()) + " bytes; at most " +
                std::to_string(limits::kMaxStateBytes) +
                " are taken: publish data as messages, and say here how the device is"};
  }
  const std::lock_guard lock(mutex_);
  Document& document = *documents_[number];
  if (document.twin.report(body)) write(document, now(), true);
  return {document.twin.kept().reported_version, {}, {}};
}

// Into the outbox, under the lock.
void StateKeepers::send(Document& document) {
  const std::uint64_t version = document.twin.kept().reported_version;
  if (document.in_outbox == version) return;
  outbox::Entry entry;
  entry.topic = document.topic + "/reported";
  entry.payload = document.twin.sealed();
  entry.retain = Retain::yes;
  entry.priority = document.options.priority;
  entry.key = kKey;
  entry.loss = outbox::Entry::Loss::none;
  if (document.options.max_delay > 0ms) entry.due = now() + document.options.max_delay;
  entry.on_done = [this, &document, version](const Delivery& delivery) {
    answered(document, version, delivery);
  };
  const Failure refused = shared_.put(std::move(entry));
  if (!refused) {
    document.in_outbox = version;
  } else if (!std::exchange(told_of_no_room_, true)) {
    shared_.emit(EventKind::warning, refused.error,
                 "the state of \"" + document.topic + "\" waits for room: " + refused.detail);
  }
  wake_();
}

// On the handlers' thread.
void StateKeepers::answered(Document& document, std::uint64_t version, const Delivery& delivery) {
  const std::lock_guard lock(mutex_);
  if (document.in_outbox == version) document.in_outbox = 0;
  if (!delivery.error && document.twin.acknowledged(version)) {
    write(document, now() + kPatience, false);
  }
}

void StateKeepers::logged_in(bool session_present, bool other_broker, Instant at) {
  const auto last = !logged_in_before_ ? twin::LastBroker::none
                    : other_broker     ? twin::LastBroker::other
                                       : twin::LastBroker::same;
  const Duration away = left_ ? at - *left_ : Duration(0);
  logged_in_before_ = true;
  const bool forgotten =
      twin::may_have_forgotten(session_present, last, away, settings_.options.session_expiry);
  const std::lock_guard lock(mutex_);
  for (const auto& document : documents_) {
    if (forgotten) document->twin.forgotten();
    // What the broker has refused is tried again with each connection, and not more often.
    if (document->twin.needs_sending() && !document->send_when_written) send(*document);
  }
}

void StateKeepers::look(Instant at) {
  if (retry_at_ && at < *retry_at_) return;
  retry_at_.reset();
  const std::lock_guard lock(mutex_);
  if (!std::exchange(told_of_no_room_, false)) return;
  for (const auto& document : documents_) {
    if (document->twin.needs_sending() && !document->send_when_written) send(*document);
  }
  if (told_of_no_room_) retry_at_ = at + limits::kStateRetry;
}

// --- The disk ------------------------------------------------------------------------------------

// Under the lock.
void StateKeepers::write(Document& document, Instant at, bool then_send) {
  document.write_at = std::min(document.write_at.value_or(at), at);
  if (then_send && !std::exchange(document.send_when_written, true)) ++writing_reports_;
  changed_.notify_all();
}

std::optional<Instant> StateKeepers::next_write() const {
  std::optional<Instant> next;
  for (const auto& document : documents_) {
    if (document->write_at)
      next = std::min(next.value_or(*document->write_at), *document->write_at);
  }
  return next;
}

StateKeepers::Document* StateKeepers::next_to_write(Instant at) {
  for (const auto& document : documents_) {
    if (document->write_at && *document->write_at <= at) return document.get();
  }
  return nullptr;
}

void StateKeepers::write_now(Document& document, std::unique_lock<std::mutex>& lock) {
  const auto bytes = twin::encode_kept(document.twin.kept());
  const std::uint64_t version = document.twin.kept().reported_version;
  document.write_at.reset();
  lock.unlock();
  const Failure failure = document.slots.store(bytes);
  lock.lock();
  // A device whose disk is broken says how it is all the same; then a version may come twice.
  if (failure) shared_.emit(EventKind::warning, failure);
  // A newer report came meanwhile: that one is written next, and sent.
  if (!document.send_when_written || version != document.twin.kept().reported_version) return;
  document.send_when_written = false;
  send(document);
  --writing_reports_;
  changed_.notify_all();
  wake_();  // a stop may wait for nothing else
}

void StateKeepers::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (Document* document = next_to_write(closing_ ? Instant::max() : now())) {
      write_now(*document, lock);
      continue;
    }
    if (closing_) return;
    if (const auto next = next_write()) {
      changed_.wait_until(lock, *next);
    } else {
      changed_.wait(lock);
    }
  }
}

bool StateKeepers::step() {
  std::unique_lock lock(mutex_);
  Document* document = next_to_write(now());
  if (document == nullptr) return false;
  write_now(*document, lock);
  return true;
}

std::optional<Instant> StateKeepers::next_step() {
  const std::lock_guard lock(mutex_);
  return next_write();
}

void StateKeepers::flush(Instant deadline) {
  std::unique_lock lock(mutex_);
  shared_.environment.wait(lock, changed_, deadline, [this] { return writing_reports_ == 0; });
}

void StateKeepers::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    closing_ = true;
    for (const auto& document : documents_) {
      document->twin.leave();
      document->write_at = Instant::min();
      // What is not in the outbox by now is sent by the next process.
      if (std::exchange(document->send_when_written, false)) --writing_reports_;
    }
    changed_.notify_all();
  }
  if (Driver* driver = shared_.environment.driver()) {
    run();  // which ends, because it is closing
    driver->remove(*this);
  } else if (thread_.joinable()) {
    thread_.join();
  }
}

}  // namespace holdfast::device
