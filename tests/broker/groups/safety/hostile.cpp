#include "groups/safety/hostile.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kFirstFailure = 0x80;
// A broker that breaks a rule this often breaks it always; more would only take time, and most of
// all where it says nothing.
constexpr unsigned kEnough = 8;
constexpr unsigned kEnoughSilence = 2;
// Of the acts with one outcome that are named one by one.
constexpr std::size_t kNamed = 8;

/// What a broker did about an act.
struct Reaction {
  std::optional<PeerError> end;
  std::vector<Packet> answers;
  bool went_on = false;  ///< it answered the PINGREQ that followed
};

PeerError end_of(const Packet& packet, Version version) {
  const Disconnect end = as_disconnect(packet, version);
  return {Ending::disconnected, "the broker disconnected with " + reason_text(end.reason),
          end.reason};
}

std::optional<std::uint8_t> reason_in(const Packet& packet, Version version) {
  switch (packet.type) {
    case Type::puback:
    case Type::pubrec:
    case Type::pubcomp:
      return as_acknowledgement(packet, version).reason;
    case Type::suback:
    case Type::unsuback: {
      const Grants grants = as_grants(packet, version);
      if (grants.reasons.empty()) return std::nullopt;
      return *std::min_element(grants.reasons.begin(), grants.reasons.end());
    }
    default:
      return std::nullopt;
  }
}

/// The reason of an answer that refuses what was asked.
std::optional<std::uint8_t> refusal_in(const Reaction& reaction, Version version) {
  for (const Packet& packet : reaction.answers) {
    const auto reason = reason_in(packet, version);
    if (reason && *reason >= kFirstFailure) return reason;
  }
  return std::nullopt;
}

/// ", and answered SUBACK with 0x00 (success)".
std::string answers_in(const Reaction& reaction, Version version) {
  std::string text;
  for (const Packet& packet : reaction.answers) {
    const auto reason = reason_in(packet, version);
    text += (text.empty() ? ", and answered " : ", ") + std::string(name_of(packet.type)) +
            (reason ? " with " + reason_text(*reason) : "");
  }
  return text.empty() ? " as if nothing had happened" : text;
}

void collect(MqttPeer& peer, Stage& stage, Reaction& reaction) {
  while (true) {
    Packet packet = peer.next_packet(stage.patience());
    if (packet.type == Type::pingresp) break;
    if (packet.type == Type::disconnect) {
      reaction.end = end_of(packet, peer.version());
      return;
    }
    reaction.answers.push_back(std::move(packet));
  }
  reaction.went_on = true;
  // The close may be on its way, behind the answer to the ping.
  if (!refusal_in(reaction, peer.version())) reaction.end = peer.wait_end(Stage::kQuiet);
}

// A PINGREQ behind the act tells at once that the broker went on; nobody has to wait for nothing.
Reaction react(MqttPeer& peer, Stage& stage, const Bytes& act) {
  Reaction reaction;
  try {
    Bytes bytes = act;
    const Bytes ping = encode_raw(Type::pingreq, 0);
    bytes.insert(bytes.end(), ping.begin(), ping.end());
    peer.send_raw(bytes);
    collect(peer, stage, reaction);
  } catch (const PeerError& error) {
    if (error.how() != Ending::time_up) reaction.end = error;
  }
  return reaction;
}

/// What the acts came to, for the evidence.
class Outcomes {
 public:
  void add(const std::string& outcome, const std::string& what) { all_[outcome].push_back(what); }

  void tell(Finding& finding) const {
    for (const auto& [outcome, acts] : all_) {
      std::string line = outcome + ": ";
      if (acts.size() > kNamed) {
        line += std::to_string(acts.size()) + " packets";
      } else {
        for (std::size_t i = 0; i < acts.size(); ++i) line += (i == 0 ? "" : ", ") + acts[i];
      }
      finding.saw(line);
    }
  }

 private:
  std::map<std::string, std::vector<std::string>> all_;
};

class Trial {
 public:
  Trial(Stage& stage, Finding& finding, Instead instead)
      : stage_(stage), finding_(finding), instead_(instead), bystander_(stage) {}

  /// `attempt` performs one act, and says false where enough is known.
  template <typename Attempt>
  void run(const std::vector<Act>& acts, Attempt attempt) {
    std::size_t done = 0;
    bool unharmed = true;
    for (const Act& act : acts) {
      attempt(*this, act, done);
      ++done;
      unharmed = look_at_bystander();
      if (!unharmed) break;
      if (unclosed_ >= kEnough || silent_ >= kEnoughSilence) break;
    }
    outcomes_.tell(finding_);
    if (done < acts.size()) {
      finding_.saw(std::to_string(acts.size() - done) + " more were not tried");
    }
    finding_.pass(std::to_string(done) + (done == 1 ? " packet" : " packets") +
                  (unharmed ? "; the other client was there after each" : ""));
  }

  void after_login(const Act& act, std::size_t number) {
    const auto peer = stage_.log_in("h" + std::to_string(number));
    const Reaction reaction = react(*peer, stage_, act.bytes);
    peer->drop();
    if (reaction.end) return ended(act, *reaction.end);
    const auto refusal = refusal_in(reaction, stage_.version());
    if (refusal && stage_.speaks_mqtt5() && instead_ != Instead::nothing) {
      outcomes_.add("refused with " + reason_text(*refusal) + ", not closed", act.what);
      return;
    }
    if (!reaction.went_on) return silence(act);
    not_closed(act, "the broker went on" + answers_in(reaction, stage_.version()));
  }

  void at_login(const Act& act) {
    const auto peer = stage_.open();
    try {
      peer->send_raw(act.bytes);
      const Packet packet = peer->next_packet(stage_.patience());
      // Its form is that of the version which the broker took it for.
      if (packet.type == Type::disconnect) {
        outcomes_.add("closed " + text_of(end_of(packet, stage_.version())) +
                          ", though none may come before CONNACK [MQTT-3.14.0-1]",
                      act.what);
      } else if (packet.type != Type::connack || packet.body.size() < 2) {
        not_closed(act, "it was answered with " + std::string(name_of(packet.type)));
      } else if (packet.body[1] == 0) {
        not_closed(act, "the broker let it in");
      } else {
        outcomes_.add("CONNACK with " + reason_text(packet.body[1]), act.what);
      }
      peer->drop();
    } catch (const PeerError& error) {
      if (error.how() == Ending::time_up) {
        silence(act);
      } else {
        outcomes_.add("closed " + text_of(error), act.what);
      }
    }
  }

 private:
  /// @return whether the other client is still there
  bool look_at_bystander() {
    if (!bystander_.unharmed(finding_)) return false;
    if (instead_ == Instead::any_answer) {
      bystander_.forget();
    } else {
      bystander_.got_nothing(finding_);
    }
    return true;
  }

  void ended(const Act& act, const PeerError& end) {
    if (end.how() != Ending::disconnected) {
      outcomes_.add("closed " + text_of(end), act.what);
      return;
    }
    const auto code = static_cast<std::uint8_t>(end.reason());
    const bool named = std::find(act.codes.begin(), act.codes.end(), code) != act.codes.end();
    outcomes_.add("closed " + text_of(end) + (named ? "" : ", not a code that MQTT 5 names for it"),
                  act.what);
    if (code < kFirstFailure) finding_.warn(act.what + ": the DISCONNECT names no error");
  }

  void silence(const Act& act) {
    ++silent_;
    not_closed(act, "it was neither closed nor answered in time");
  }

  void not_closed(const Act& act, const std::string& how) {
    ++unclosed_;
    if (instead_ == Instead::any_answer) {
      finding_.warn(act.what + ": " + how);
    } else {
      finding_.fail(act.what + ": " + how);
    }
  }

  Stage& stage_;
  Finding& finding_;
  Instead instead_;
  Bystander bystander_;
  Outcomes outcomes_;
  unsigned unclosed_ = 0;
  unsigned silent_ = 0;
};

}  // namespace

// --- Packets -------------------------------------------------------------------------------------

Body& Body::byte(unsigned value) {
  bytes_.push_back(static_cast<std::uint8_t>(value));
  return *this;
}

Body& Body::two(unsigned value) {
  return byte(value >> 8).byte(value & 0xFF);
}

Body& Body::text(std::string_view text) {
  return two(static_cast<unsigned>(text.size())).raw(text);
}

Body& Body::raw(std::string_view bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

const std::vector<BadText>& bad_texts() {
  static const std::vector<BadText> all{
      {"U+0000", octets("\0")},
      {"an overlong slash", octets("\xC0\xAF")},
      {"a surrogate", octets("\xED\xA0\x80")},
      {"a code point beyond U+10FFFF", octets("\xF4\x90\x80\x80")},
      {"a lone continuation byte", octets("\x80")},
      {"a byte 0xFF", octets("\xFF")},
      {"a character that is cut", octets("\xE2\x82")}};
  return all;
}

std::string_view no_properties(Version version) {
  return version == Version::v5 ? octets("\0") : std::string_view();
}

Bytes publish_with(const std::string& topic, std::string_view properties) {
  return encode_raw(Type::publish, 0, Body().text(topic).properties(properties).raw("x"));
}

Bytes body_of(Bytes packet) {
  return take_packet(packet)->body;
}

Bytes connect_with(const Connect& packet, std::string_view properties) {
  constexpr std::ptrdiff_t kProperties = 10;  // behind the name, the version, flags and keep-alive
  Connect plain = packet;
  plain.properties = {};
  Bytes body = body_of(encode(plain));
  const Bytes list = Body().properties(properties);
  body.erase(body.begin() + kProperties);
  body.insert(body.begin() + kProperties, list.begin(), list.end());
  return encode_raw(Type::connect, 0, body);
}

std::vector<Act> shortened(const Bytes& packet, std::size_t until) {
  const Bytes body = body_of(packet);
  std::vector<Act> acts;
  for (std::size_t size = 0; size < std::min(until, body.size()); ++size) {
    acts.push_back(
        {"cut to " + std::to_string(size) + " bytes",
         encode_raw(static_cast<Type>(packet[0] >> 4), static_cast<std::uint8_t>(packet[0] & 0x0F),
                    std::span(body).first(size))});
  }
  return acts;
}

std::string text_of(const PeerError& end) {
  switch (end.how()) {
    case Ending::disconnected:
      return "with DISCONNECT " + reason_text(static_cast<std::uint8_t>(end.reason()));
    case Ending::reset:
      return "with a reset";
    case Ending::closed:
      return "without a word";
    default:
      return std::string(": ") + end.what();
  }
}

// --- The bystander -------------------------------------------------------------------------------

Bystander::Bystander(Stage& stage, Sees sees)
    : stage_(stage), peer_(stage.open()), topic_(stage.topic("bystander")) {
  connack_ = peer_->connect(stage.login("bystander"));
  qos_ = std::min(1U, connack_.properties.number(Property::maximum_qos).value_or(2));
  const auto options = static_cast<std::uint8_t>(qos_);
  // With a wildcard it sees as well what must not be published.
  if (sees == Sees::own_messages ||
      peer_->try_subscribe(stage.topic("#"), options) >= kFirstFailure) {
    peer_->subscribe(topic_, options);
  }
  round_trip();
}

Clock::duration Bystander::round_trip() {
  const auto began = Clock::now();
  const std::string payload = "own " + std::to_string(++count_);
  peer_->send({.topic = topic_, .payload = payload, .qos = qos_});
  while (true) {
    Publish message = peer_->receive(stage_.patience());
    if (message.topic == topic_ && message.payload == payload) break;
    strangers_.push_back(std::move(message));
  }
  return Clock::now() - began;
}

bool Bystander::unharmed(Finding& finding) {
  try {
    round_trip();
    return true;
  } catch (const PeerError& error) {
    finding.fail(std::string("another client noticed: ") + error.what());
  } catch (const Malformed& error) {
    finding.fail(std::string("another client got what breaks a rule: ") + error.what());
  }
  return false;
}

bool Bystander::got_nothing(Finding& finding) {
  for (const Publish& message : strangers_) {
    finding.fail("a message to \"" + message.topic + "\" was delivered to another client");
  }
  return std::exchange(strangers_, {}).empty();
}

bool Bystander::untouched(Finding& finding) {
  return unharmed(finding) && got_nothing(finding);
}

// --- Acts ----------------------------------------------------------------------------------------

void provoke(Stage& stage, Finding& finding, const std::vector<Act>& acts, Instead instead) {
  Trial(stage, finding, instead).run(acts, [](Trial& trial, const Act& act, std::size_t number) {
    trial.after_login(act, number);
  });
}

void provoke_at_login(Stage& stage, Finding& finding, const std::vector<Act>& acts,
                      Instead instead) {
  Trial(stage, finding, instead).run(acts, [](Trial& trial, const Act& act, std::size_t) {
    trial.at_login(act);
  });
}

void break_off(Stage& stage, Finding& finding, const Bytes& packet, bool logged_in) {
  Bystander bystander(stage);
  for (std::size_t size = 1; size < packet.size(); ++size) {
    const auto peer = logged_in ? stage.log_in("b" + std::to_string(size)) : stage.open();
    peer->send_raw(std::span(packet).first(size));
    peer->tls().close();
    if (!bystander.untouched(finding)) return;
  }
  finding.pass("broken off after each of " + std::to_string(packet.size() - 1) + " bytes");
}

}  // namespace holdfast::broker_test
