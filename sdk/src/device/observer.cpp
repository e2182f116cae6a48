#include "device/observer.hpp"

#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>

#include "observe/documents.hpp"
#include "observe/metrics.hpp"
#include "observe/trace_source.hpp"

namespace holdfast::device {

using observe::Request;

Observer::Observer(asio::io_context& io, const Settings& settings, Shared& shared, Worker& worker)
    : io_(io),
      settings_(settings),
      shared_(shared),
      worker_(worker),
      begun_(shared.environment.now()) {}

void Observer::begin() {
  begun_ = shared_.environment.now();
  const Options& options = settings_.options;
  if (options.state_dir.empty() || !options.status_socket) return;
  if (shared_.environment.driver() != nullptr) return;
  socket_.emplace(
      io_.get_executor(),
      observe::StatusSocket::Events{
          .answer = [this](const Request& request) { return answer(request); },
          .warning =
              [this](std::string what) { shared_.emit(EventKind::warning, {}, std::move(what)); },
      });
  if (const Failure failure = socket_->open(options.state_dir)) {
    shared_.emit(EventKind::warning, failure);
  }
}

void Observer::end() {
  if (socket_) socket_->close();
}

observe::Answer Observer::answer(const Request& request) {
  switch (request.what) {
    case Request::What::status:
      return {observe::status_document(look()) + "\n"};
    case Request::What::events:
      return {observe::events_document(shared_.events.newest(request.count)) + "\n"};
    case Request::What::metrics:
      return {observe::metrics_text(look())};
    case Request::What::trace:
      return begin_trace(request);
  }
  return {};
}

observe::Answer Observer::begin_trace(const Request& request) {
  if (!settings_.options.allow_trace) {
    return {observe::error_document("this device does not allow traces; start it with the option "
                                    "allow_trace") +
            "\n"};
  }
  observe::TraceSettings how;
  if (request.shown_port != 0) how.shown_port = request.shown_port;
  if (request.without_payload) how.payloads = observe::Payloads::blanked;
  auto source =
      observe::TraceSource::begin(worker_.traces(), how, [this](const observe::TraceSums& sums) {
        shared_.emit(EventKind::trace_ended, {},
                     "the trace has ended, with " + std::to_string(sums.packets) +
                         " packets, of which " + std::to_string(sums.dropped) + " were dropped");
      });
  if (!source) {
    return {observe::error_document("a trace of this device runs already; end that one first") +
            "\n"};
  }
  shared_.emit(EventKind::trace_began, {},
               std::string("somebody on this host traces the plain MQTT of this device, ") +
                   (request.without_payload ? "without" : "with") + " payloads");
  observe::Answer answer;
  answer.source = std::move(source);
  return answer;
}

observe::Snapshot Observer::look() const {
  const auto since = [now = shared_.environment.now()](Instant then) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - then);
  };
  observe::Snapshot snapshot;
  snapshot.client_id = settings_.options.client_id;
  snapshot.broker = settings_.options.broker;
  snapshot.pid = ::getpid();
  if (const auto began = shared_.boot_time.began_ms()) {
    snapshot.clock_ms = *began + shared_.environment.since_boot().count();
  }
  snapshot.uptime = since(begun_);
  snapshot.in_state = since(worker_.in_state_since());
  snapshot.status = worker_.status();
  snapshot.events = shared_.events.counts();
  return snapshot;
}

}  // namespace holdfast::device
