#include "testing/scripted_broker.hpp"

#include <algorithm>
#include <variant>

#include "mqtt/topic.hpp"
#include "testing/world_state.hpp"

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kTakenOver = 0x8E;
constexpr int kQos2 = 2;

Published published_of(const std::string& client_id, const Message& message, Instant at) {
  return {.client_id = client_id,
          .topic = message.topic,
          .payload = message.payload,
          .qos = message.qos,
          .retain = message.retain,
          .expires_in = std::nullopt,
          .content_type = message.content_type,
          .response_topic = message.response_topic,
          .correlation_data = message.correlation_data,
          .at = at,
          .refused = std::nullopt};
}

// The last word counts.
std::optional<int> code_for(const std::vector<std::pair<std::string, int>>& refused,
                            std::string_view topic) {
  for (auto rule = refused.rbegin(); rule != refused.rend(); ++rule) {
    if (mqtt_engine::matches(rule->first, topic)) return rule->second;
  }
  return std::nullopt;
}

void check_filter(std::string_view filter) {
  if (const auto why = mqtt_engine::why_not_filter(filter); !why.empty()) {
    throw ConfigError("filter", filter, why);
  }
}

}  // namespace

ScriptedBroker::ScriptedBroker(WorldState& world) : world_(world), face_(*this) {}

ScriptedBroker::Session* ScriptedBroker::session_of(const Line& line) {
  for (auto& [client_id, session] : sessions_) {
    if (session.line.get() == &line) return &session;
  }
  return nullptr;
}

// --- What comes ----------------------------------------------------------------------------------

void ScriptedBroker::receive(const std::shared_ptr<Line>& line,
                             const std::vector<Upward>& packets) {
  Answers answers;
  Session* session = session_of(*line);
  for (const Upward& packet : packets) {
    if (const auto* connect = std::get_if<Connect>(&packet)) {
      if (silent_) return;
      session = log_in(line, *connect, answers);
    } else if (session != nullptr) {
      session->heard = world_.now();
      if (!take(*session, packet, answers)) return;
      session = session_of(*line);  // it may have left
    }
  }
  if (!silent_) line->answer(std::move(answers));
  if (session == nullptr) line->end();
}

ScriptedBroker::Session* ScriptedBroker::log_in(const std::shared_ptr<Line>& line,
                                                const Connect& connect, Answers& answers) {
  const mqtt_engine::Login& login = connect.login;
  if (login_refusal_) {
    answers.emplace_back(*login_refusal_);
    return nullptr;
  }
  const bool clean =
      login.version == MqttVersion::v5 ? login.clean_start : login.session_expiry == 0s;
  const auto known = sessions_.find(login.client_id);
  const bool present = known != sessions_.end() && !clean;
  if (known != sessions_.end() && known->second.line) {
    const auto old = std::exchange(known->second.line, nullptr);
    if (known->second.login.version == MqttVersion::v5) {
      old->answer({Refusal{.code = kTakenOver, .reference = {}}});
    }
    old->end();
  }
  Session& session = sessions_[login.client_id];
  const std::uint64_t generation = session.generation + 1;
  if (!present) session = Session();
  session.login = login;
  session.line = line;
  session.generation = generation;
  session.heard = world_.now();
  logins_.push_back({.client_id = login.client_id,
                     .username = login.username,
                     .clean_start = login.clean_start,
                     .session_present = present,
                     .keep_alive = login.keep_alive,
                     .at = world_.now()});
  const auto keep_alive = grants_.server_keep_alive.value_or(login.keep_alive);
  if (keep_alive > 0s) watch(login.client_id, generation, keep_alive * 3 / 2);
  answers.emplace_back(Connack{.granted = granted(present)});
  answers.insert(answers.end(), session.unconfirmed.begin(), session.unconfirmed.end());
  return &session;
}

mqtt_engine::Granted ScriptedBroker::granted(bool session_present) const {
  mqtt_engine::Granted granted{.session_present = session_present,
                               .server_keep_alive = grants_.server_keep_alive,
                               .maximum_packet_bytes = grants_.maximum_packet_bytes,
                               .retain_available = grants_.retain == Retain::yes,
                               .maximum_qos = grants_.maximum_qos};
  if (grants_.receive_maximum) granted.receive_maximum = *grants_.receive_maximum;
  return granted;
}

bool ScriptedBroker::take(Session& session, const Upward& packet, Answers& answers) {
  if (const auto* publish = std::get_if<Publish>(&packet)) {
    return take_publish(session, *publish, answers);
  }
  if (const auto* subscribe = std::get_if<Subscribe>(&packet)) {
    take_subscribe(session, *subscribe, answers);
  } else if (const auto* release = std::get_if<Release>(&packet)) {
    session.received.erase(release->packet_id);
    answers.emplace_back(mqtt_engine::Acknowledgement{.answer = mqtt_engine::Answer::pubcomp,
                                                      .packet_id = release->packet_id});
  } else if (const auto* confirm = std::get_if<Confirm>(&packet)) {
    std::erase_if(session.unconfirmed, [confirm](const Delivered& delivered) {
      return delivered.number == confirm->number;
    });
  } else if (std::holds_alternative<Ping>(packet)) {
    answers.emplace_back(Pong{});
  } else if (const auto* leave = std::get_if<Leave>(&packet)) {
    part(session, leave->with_will);
  }
  return true;
}

bool ScriptedBroker::take_publish(Session& session, const Publish& publish, Answers& answers) {
  const Message& message = publish.message;
  const bool twice = static_cast<int>(message.qos) == kQos2;
  const bool is_copy = twice && !session.received.insert(publish.packet_id).second;
  const auto code = code_for(refused_, message.topic);
  if (!is_copy) {
    Published published = published_of(session.login.client_id, message, world_.now());
    published.packet_id = publish.packet_id;
    published.again = publish.again;
    published.expires_in = publish.expiry;
    if (code) published.refused = static_cast<Reason>(*code);
    if (!code) {
      if (message.retain == Retain::yes) {
        if (message.payload.empty()) {
          retained_.erase(message.topic);
        } else {
          retained_.insert_or_assign(message.topic, std::pair(message, published));
        }
      }
      Message passed = message;
      passed.retain = Retain::no;
      route(passed, publish.expiry);
    }
    const auto line = session.line;
    note(std::move(published));
    if (session_of(*line) != &session) return false;  // the script has ended it
  }
  if (message.qos == Qos::at_most_once) return true;
  if (lose_ > 0) {
    --lose_;
    const auto line = session.line;
    part(session, true);
    line->end();
    return false;
  }
  if (code && twice) session.received.erase(publish.packet_id);
  answers.emplace_back(mqtt_engine::Acknowledgement{
      .answer = twice ? mqtt_engine::Answer::pubrec : mqtt_engine::Answer::puback,
      .packet_id = publish.packet_id,
      .code = code.value_or(0)});
  return true;
}

void ScriptedBroker::note(Published published) {
  arrived_.push_back(std::move(published));
  if (!handler_ || arrived_.back().refused) return;
  const auto handler = handler_;  // it may set another
  const Published copy = arrived_.back();
  handler(copy);
}

void ScriptedBroker::take_subscribe(Session& session, const Subscribe& subscribe,
                                    Answers& answers) {
  // A rule for filters is compared with filters: as topics, or letter by letter.
  std::optional<int> code;
  for (const auto& [filter, refusal] : refused_filters_) {
    if (filter == subscribe.filter || mqtt_engine::matches(filter, subscribe.filter)) {
      code = refusal;
    }
  }
  answers.emplace_back(
      Suback{.id = subscribe.id, .code = code.value_or(static_cast<int>(subscribe.qos))});
  if (code) return;
  const auto known =
      std::find_if(session.subscriptions.begin(), session.subscriptions.end(),
                   [&](const Subscription& one) { return one.filter == subscribe.filter; });
  const bool is_new = known == session.subscriptions.end();
  if (is_new) {
    session.subscriptions.push_back({subscribe.filter, subscribe.qos});
  } else {
    known->qos = subscribe.qos;
  }
  if (!is_new && subscribe.retain == mqtt_engine::RetainHandling::send_if_new) return;
  for (const auto& [topic, kept] : retained_) {
    if (!mqtt_engine::matches(subscribe.filter, topic)) continue;
    Message message = kept.first;
    message.qos = std::min(message.qos, subscribe.qos);
    hand(session, std::move(message), kept.second.expires_in, answers);
  }
}

// --- What goes -----------------------------------------------------------------------------------

void ScriptedBroker::hand(Session& session, Message message,
                          std::optional<std::chrono::seconds> expiry, Answers& answers) {
  Delivered delivered{.number = 0, .message = std::move(message), .expiry = expiry};
  if (delivered.message.qos != Qos::at_most_once) {
    delivered.number = ++session.last_number;
    session.unconfirmed.push_back(delivered);
  }
  answers.emplace_back(std::move(delivered));
}

std::size_t ScriptedBroker::route(const Message& message,
                                  std::optional<std::chrono::seconds> expiry) {
  std::size_t count = 0;
  for (auto& [client_id, session] : sessions_) {
    std::optional<Qos> qos;
    for (const Subscription& one : session.subscriptions) {
      if (!mqtt_engine::matches(one.filter, message.topic)) continue;
      qos = std::max(qos.value_or(Qos::at_most_once), std::min(one.qos, message.qos));
    }
    if (!qos || (!session.line && *qos == Qos::at_most_once)) continue;
    ++count;
    Message copy = message;
    copy.qos = *qos;
    Answers answers;
    hand(session, std::move(copy), expiry, answers);
    if (session.line && !silent_) session.line->answer(std::move(answers));
  }
  return count;
}

std::size_t ScriptedBroker::deliver(Message message, std::optional<std::chrono::seconds> expiry) {
  if (const auto why = mqtt_engine::why_not_topic(message.topic); !why.empty()) {
    throw ConfigError("topic", message.topic, why);
  }
  if (message.retain == Retain::yes) {
    if (message.payload.empty()) {
      retained_.erase(message.topic);
    } else {
      Published published = published_of({}, message, world_.now());
      published.expires_in = expiry;
      retained_.insert_or_assign(message.topic, std::pair(message, std::move(published)));
    }
  }
  message.retain = Retain::no;  // it is published just now
  return route(message, expiry);
}

// --- Ends ----------------------------------------------------------------------------------------

void ScriptedBroker::lost(const Line& line) {
  if (Session* session = session_of(line)) part(*session, true);
}

// The will and the session outlive the connection for as long as the device has asked for.
void ScriptedBroker::part(Session& session, bool with_will) {
  session.line.reset();
  const std::string client_id = session.login.client_id;
  const std::uint64_t generation = session.generation;
  const auto has_come_back = [this, client_id, generation] {
    const auto known = sessions_.find(client_id);
    return known == sessions_.end() || known->second.generation != generation;
  };
  const auto& login = session.login;
  if (with_will && login.will) {
    const Duration delay = std::min(login.will->delay, login.session_expiry);
    world_.after(delay, [this, has_come_back, client_id, will = *login.will] {
      if (has_come_back()) return;
      Message message;
      message.topic = will.topic;
      message.payload = will.payload;
      message.qos = will.qos;
      message.retain = will.retain;
      Published published = published_of(client_id, message, world_.now());
      if (will.retain == Retain::yes) {
        retained_.insert_or_assign(will.topic, std::pair(message, published));
      }
      message.retain = Retain::no;
      route(message, std::nullopt);
      note(std::move(published));
    });
  }
  // Those of MQTT 3.1.1 have no end, but for those that end with the connection.
  if (login.version == MqttVersion::v3_1_1 && login.session_expiry > 0s) return;
  world_.after(login.session_expiry, [this, has_come_back, client_id] {
    if (!has_come_back()) sessions_.erase(client_id);
  });
}

// MQTT 5 section 3.1.2.10: one and a half times the keep-alive.
void ScriptedBroker::watch(const std::string& client_id, std::uint64_t generation,
                           std::chrono::seconds limit) {
  const auto known = sessions_.find(client_id);
  const Duration left = known->second.heard + limit - world_.now();
  world_.after(left, [this, client_id, generation, limit] {
    const auto session = sessions_.find(client_id);
    if (session == sessions_.end() || session->second.generation != generation ||
        !session->second.line) {
      return;
    }
    if (world_.now() < session->second.heard + limit) {
      watch(client_id, generation, limit);
      return;
    }
    const auto line = session->second.line;
    part(session->second, true);
    line->end();
  });
}

void ScriptedBroker::end_connections(std::optional<Refusal> why) {
  for (auto& [client_id, session] : sessions_) {
    const auto line = session.line;
    if (!line) continue;
    part(session, true);
    if (why && session.login.version == MqttVersion::v5) line->answer({*why});
    line->end();
  }
}

void ScriptedBroker::set_listening(bool listens) {
  listens_ = listens;
  if (!listens) end_connections(std::nullopt);
}

void ScriptedBroker::forget_sessions() {
  std::erase_if(sessions_, [](const auto& known) { return known.second.line == nullptr; });
  for (auto& [client_id, session] : sessions_) {
    // The connection stays, and the session goes with it.
    session.login.session_expiry = 0s;
    session.subscriptions.clear();
    session.unconfirmed.clear();
    session.received.clear();
  }
}

// --- The script ----------------------------------------------------------------------------------

bool ScriptedBroker::is_connected(std::string_view client_id) const {
  const auto known = sessions_.find(client_id);
  return known != sessions_.end() && known->second.line != nullptr;
}

std::vector<std::string> ScriptedBroker::subscriptions(std::string_view client_id) const {
  std::vector<std::string> filters;
  const auto known = sessions_.find(client_id);
  if (known == sessions_.end()) return filters;
  for (const Subscription& one : known->second.subscriptions) filters.push_back(one.filter);
  return filters;
}

std::optional<Published> ScriptedBroker::retained(std::string_view topic) const {
  const auto known = retained_.find(topic);
  if (known == retained_.end()) return std::nullopt;
  return known->second.second;
}

void ScriptedBroker::on_published(std::function<void(const Published&)> handler) {
  handler_ = std::move(handler);
}

void ScriptedBroker::refuse(std::string_view filter, int code) {
  check_filter(filter);
  refused_.emplace_back(filter, code);
}

void ScriptedBroker::refuse_subscription(std::string_view filter, int code) {
  check_filter(filter);
  refused_filters_.emplace_back(filter, code);
}

void ScriptedBroker::accept_all() {
  refused_.clear();
  refused_filters_.clear();
  login_refusal_.reset();
}

}  // namespace holdfast::testing
