// How much of a fleet can this broker hold? What is enough is the operator's to know, so these are
// figures; but what is refused or lost on the way is hurt.

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "catalogue.hpp"
#include "crowd.hpp"
#include "groups/economy/parts.hpp"
#include "local_process.hpp"
#include "stage.hpp"
#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using namespace std::chrono_literals;

// Threads that log in at the same time: the broker is to be busy, not this program.
constexpr unsigned kHands = 8;

struct Size {
  unsigned sessions;
  unsigned handshakes;
  unsigned messages;
  unsigned clients;  // of fan-in and fan-out
};

Size size_of(const Stage& stage) {
  if (stage.options().load == Load::fleet) return {5'000, 5'000, 100'000, 200};
  return {200, 400, 10'000, 20};
}

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// A session is a descriptor here; @return how many can be had
unsigned allowed_sessions(unsigned wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kOthers = 64;
  const rlim_t most = limit.rlim_cur > kOthers ? limit.rlim_cur - kOthers : 1;
  return static_cast<unsigned>(std::min<rlim_t>(wanted, most));
}

void sessions(Stage& stage, Finding& finding) {
  const unsigned wanted = size_of(stage).sessions;
  const unsigned count = allowed_sessions(wanted);
  if (count < wanted) finding.saw("no more descriptors than for " + std::to_string(count));
  const auto before = memory_of_listener(stage.options().broker.port);
  std::vector<std::unique_ptr<MqttPeer>> peers(count);
  const auto began = Clock::now();
  std::atomic<unsigned> done{0};
  run_crowd(count, kHands, [&](unsigned i) {
    Connect connect = stage.login("s" + std::to_string(i));
    connect.keep_alive = 600;
    peers[i] = stage.log_in(connect);
    stage.progress(++done, count);
  });
  const double took = seconds_since(began);
  run_crowd(count, kHands, [&](unsigned i) { peers[i]->ping(); });
  finding.figure("sessions", count);
  finding.figure("logins", count / took, "per second");
  const auto after = memory_of_listener(stage.options().broker.port);
  if (before && after && *after > *before) {
    finding.figure("memory", static_cast<double>(*after - *before) / count, "bytes a session");
  }
  run_crowd(count, kHands, [&](unsigned i) { peers[i]->disconnect(); });
  finding.only_figures();
}

void handshakes(Stage& stage, Finding& finding) {
  const unsigned count = size_of(stage).handshakes;
  auto began = Clock::now();
  std::atomic<unsigned> done{0};
  run_crowd(count, kHands, [&](unsigned) {
    stage.open_tls()->close();
    stage.progress(++done, 2 * count);
  });
  finding.figure("full", count / seconds_since(began), "per second");
  finding.only_figures();
  const auto ticket = fresh_ticket(stage);
  if (ticket && try_ticket(stage, *ticket).resumed) {
    std::atomic<unsigned> resumed{0};
    began = Clock::now();
    run_crowd(count, kHands, [&](unsigned) {
      TlsOffer offer = stage.tls_offer();
      offer.ticket = &*ticket;
      const auto peer = stage.open_tls(offer);
      if (peer->facts().resumed) ++resumed;
      peer->close();
      stage.progress(++done, 2 * count);
    });
    finding.figure("resumed", count / seconds_since(began), "per second");
    finding.figure("resumed_share", 100.0 * resumed / count, "%");
    if (resumed < count) judge_share(finding, resumed, count, "handshakes with a good ticket");
  }
}

void throughput(Stage& stage, Finding& finding) {
  const unsigned count = size_of(stage).messages;
  const unsigned window = receive_maximum_of(stage, 20);
  const std::string topic = stage.topic("stream");
  const auto subscriber = stage.log_in("subscriber");
  subscriber->subscribe(topic);
  const auto publisher = stage.log_in("publisher");
  const std::string payload(100, 'x');
  std::thread reader;
  unsigned arrived = 0;
  std::string trouble;
  const auto began = Clock::now();
  reader = std::thread([&] {
    try {
      for (; arrived < count; ++arrived) subscriber->receive(stage.patience());
    } catch (const std::exception& error) {
      trouble = error.what();
    }
  });
  try {
    std::deque<std::uint16_t> under_way;
    for (unsigned i = 0; i < count; ++i) {
      if (under_way.size() == window) {
        publisher->wait_acknowledgement(Type::puback, under_way.front(), stage.patience());
        under_way.pop_front();
      }
      under_way.push_back(publisher->send({.topic = topic, .payload = payload, .qos = 1}));
      if (i % 256 == 0) stage.progress(i, count);
    }
    for (const std::uint16_t id : under_way) {
      publisher->wait_acknowledgement(Type::puback, id, stage.patience());
    }
  } catch (...) {
    reader.join();
    throw;
  }
  reader.join();
  finding.figure("messages", count / seconds_since(began), "per second");
  if (!trouble.empty() || arrived < count) {
    finding.fail(std::to_string(count - arrived) + " of " + std::to_string(count) +
                 " acknowledged messages did not reach the subscriber: " + trouble);
    return;
  }
  publisher->disconnect();
  subscriber->disconnect();
  finding.only_figures();
}

// --- Latency -------------------------------------------------------------------------------------

class Latencies {
 public:
  void add(Clock::duration time) {
    const std::lock_guard lock(mutex_);
    times_.push_back(std::chrono::duration<double, std::milli>(time).count());
  }
  std::size_t count() const { return times_.size(); }
  void tell(Finding& finding) {
    std::sort(times_.begin(), times_.end());
    finding.figure("messages", static_cast<double>(times_.size()));
    finding.figure("p50", at(0.5), "ms");
    finding.figure("p99", at(0.99), "ms");
    finding.only_figures();
  }

 private:
  double at(double share) const {
    if (times_.empty()) return 0;
    return times_[static_cast<std::size_t>(share * static_cast<double>(times_.size() - 1))];
  }

  std::mutex mutex_;
  std::vector<double> times_;
};

// The time of its sending is a message's payload: both ends are in this process.
std::string stamp() {
  return std::to_string(Clock::now().time_since_epoch().count());
}

Clock::duration age_of(const Publish& message) {
  return Clock::now().time_since_epoch() - Clock::duration(std::stoll(message.payload));
}

constexpr unsigned kEach = 20;

void fan_in(Stage& stage, Finding& finding) {
  const unsigned clients = size_of(stage).clients;
  const std::string topic = stage.topic("in");
  const auto subscriber = stage.log_in("subscriber");
  subscriber->subscribe(topic + "/+");
  Latencies latencies;
  std::thread reader([&] {
    try {
      for (unsigned i = 0; i < clients * kEach; ++i) {
        latencies.add(age_of(subscriber->receive(stage.patience())));
      }
    } catch (const std::exception&) {
      // What did not come is missing in the count, which is judged.
    }
  });
  try {
    run_crowd(clients, clients, [&](unsigned i) {
      const auto peer = stage.log_in("p" + std::to_string(i));
      for (unsigned n = 0; n < kEach; ++n) {
        peer->publish({.topic = topic + "/" + std::to_string(i), .payload = stamp(), .qos = 1});
      }
      peer->disconnect();
    });
  } catch (...) {
    reader.join();
    throw;
  }
  reader.join();
  latencies.tell(finding);
  const std::size_t sent = clients * kEach;
  finding.figure("sent", static_cast<double>(sent));
  finding.expect(latencies.count() == sent, std::to_string(sent - latencies.count()) +
                                                " acknowledged messages did not reach the "
                                                "subscriber");
}

void fan_out(Stage& stage, Finding& finding) {
  const unsigned clients = size_of(stage).clients;
  const std::string topic = stage.topic("out");
  std::vector<std::unique_ptr<MqttPeer>> subscribers(clients);
  for (unsigned i = 0; i < clients; ++i) {
    subscribers[i] = stage.log_in("s" + std::to_string(i));
    subscribers[i]->subscribe(topic);
  }
  const auto publisher = stage.log_in("publisher");
  Latencies latencies;
  for (unsigned n = 0; n < kEach; ++n) {
    publisher->send({.topic = topic, .payload = stamp(), .qos = 0});
    run_crowd(clients, clients, [&](unsigned i) {
      latencies.add(age_of(subscribers[i]->receive(stage.patience())));
    });
    stage.progress(n + 1, kEach);
  }
  latencies.tell(finding);
}

}  // namespace

std::vector<Check> load_checks() {
  const auto needs = Need::load | Need::invasive;
  const char* const reference = "practice";
  return {
      {.id = "load.sessions",
       .title = "sessions that are held at the same time, and the broker's memory",
       .reference = reference,
       .meaning = "A part of the fleet is refused.",
       .settings = {{"mosquitto", "LimitNOFILE in its unit bounds the connections"}},
       .needs = needs,
       .limit = 600s,
       .run = sessions},
      {.id = "load.handshakes",
       .title = "TLS handshakes a second, in full and resumed",
       .reference = reference,
       .meaning =
           "When a fleet comes back at once, some are refused or pay for what they need not.",
       .needs = needs,
       .limit = 600s,
       .run = handshakes},
      {.id = "load.throughput",
       .title = "messages a second at QoS 1 from one client to another",
       .reference = reference,
       .meaning = "Messages that the broker has acknowledged are dropped under load.",
       .settings = {{"mosquitto", "max_queued_messages, max_inflight_messages"}},
       .needs = needs,
       .limit = 600s,
       .run = throughput},
      {.id = "load.fan_in",
       .title = "how long messages of many clients take to one",
       .reference = reference,
       .meaning = "Messages that the broker has acknowledged are dropped under load.",
       .settings = {{"mosquitto", "max_queued_messages, max_inflight_messages"}},
       .needs = needs,
       .limit = 600s,
       .run = fan_in},
      {.id = "load.fan_out",
       .title = "how long a message takes to many clients",
       .reference = reference,
       .meaning = "Messages are dropped although all their receivers are there.",
       .needs = needs,
       .limit = 600s,
       .run = fan_out},
  };
}

}  // namespace holdfast::broker_test
