// Many sessions and one broker in virtual time: the broker takes logins, lets the newest of one
// client identifier win, and can be down.

#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "session/session.hpp"

namespace holdfast::session {

inline Random seeded(std::uint64_t seed) {
  return [engine = std::make_shared<std::mt19937_64>(seed)] {
    return std::uniform_real_distribution<double>(0.0, 1.0)(*engine);
  };
}

class ModelBroker {
 public:
  /// @param says what a client hears whose session was taken over
  explicit ModelBroker(Errc says = Errc::session_taken_over) : says_(says) {}

  void add(const Config& config, std::string client_id, std::uint64_t seed) {
    clients_.push_back({Session(config, seeded(seed)), std::move(client_id)});
  }

  void start(std::size_t client) {
    clients_[client].session.start(now_);
    serve(clients_[client]);
  }

  /// The broker goes; everybody hears `why`, and finds nobody until `back`.
  void restart(Duration down, Errc why = Errc::connection_lost) {
    back_ = now_ + down;
    for (Client& client : clients_) {
      if (!std::exchange(client.online, false)) continue;
      client.session.ended(now_, Failure(why, "the broker went"));
      serve(client);
    }
  }

  void run_until(Instant end) {
    while (true) {
      Client* next = nullptr;
      Instant at = end;
      for (Client& client : clients_) {
        if (client.next && *client.next < at) {
          at = *client.next;
          next = &client;
        }
      }
      if (next == nullptr) break;
      now_ = std::max(now_, at);
      serve(*next);
    }
    now_ = end;
  }
  void run_for(Duration time) { run_until(now_ + time); }

  Instant now() const { return now_; }
  /// When each login came, of one client or of all.
  const std::vector<Instant>& logins(std::size_t client) const { return clients_[client].logins; }
  const std::vector<Instant>& logins() const { return logins_; }
  std::size_t duplicates(std::size_t client) const { return clients_[client].duplicates; }
  std::size_t online() const {
    return static_cast<std::size_t>(std::count_if(clients_.begin(), clients_.end(),
                                                  [](const Client& each) { return each.online; }));
  }

 private:
  struct Client {
    Session session;
    std::string id;
    std::vector<Instant> logins{};
    std::size_t duplicates = 0;
    bool online = false;
    std::optional<Instant> next{};
  };

  void serve(Client& client) {
    while (true) {
      client.next = client.session.tick(now_);
      const auto actions = client.session.take_actions();
      if (actions.empty()) return;
      for (const Action& action : actions) {
        if (std::holds_alternative<Dial>(action)) dialled(client);
        if (std::holds_alternative<Login>(action)) log_in(client);
        if (std::holds_alternative<Duplicate>(action)) ++client.duplicates;
        if (std::holds_alternative<Ping>(action)) client.session.received(now_);
      }
    }
  }

  void dialled(Client& client) {
    if (now_ < back_) {
      client.session.ended(now_, Failure(Errc::connection_refused, "the broker is down"));
    } else {
      client.session.dialled(now_);
    }
  }

  void log_in(Client& client) {
    for (Client& other : clients_) {
      if (&other == &client || !other.online || other.id != client.id) continue;
      other.online = false;
      other.session.ended(now_, Failure(says_, "taken over"));
      serve(other);
    }
    client.online = true;
    client.logins.push_back(now_);
    logins_.push_back(now_);
    client.session.logged_in(now_, {});
  }

  const Errc says_;
  std::deque<Client> clients_;
  std::vector<Instant> logins_;
  Instant now_ = Instant(std::chrono::hours(1'000));
  Instant back_{};
};

}  // namespace holdfast::session
