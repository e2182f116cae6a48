// Who gets in, and what a login may do: judged by what happens, not by what is granted.

#include <poll.h>

#include <set>

#include "catalogue.hpp"
#include "groups/safety/hostile.hpp"
#include "groups/safety/parts.hpp"
#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

/// How a broker answered a login.
struct Answer {
  bool let_in = false;
  std::optional<std::uint8_t> reason{};  ///< of CONNACK, if one came
  std::string text{};

  bool operator==(const Answer& other) const {
    return reason == other.reason && let_in == other.let_in;
  }
};

Answer try_login(Stage& stage, const Connect& packet, const TlsOffer& offer) {
  try {
    MqttPeer peer(stage.open_tls(offer), packet.version, stage.deadline(), stage.patience());
    const Connack connack = peer.try_connect(packet);
    if (connack.reason != 0) {
      const std::string text = packet.version == Version::v5
                                   ? reason_text(connack.reason)
                                   : "return code " + std::to_string(connack.reason);
      return {false, connack.reason, "CONNACK with " + text};
    }
    peer.disconnect();
    return {true, std::uint8_t{0}, "let in"};
  } catch (const PeerError& error) {
    if (error.how() == Ending::time_up || error.how() == Ending::unreachable) throw;
    return {false, std::nullopt, error.what()};
  }
}

Answer try_login(Stage& stage, const Connect& packet) {
  return try_login(stage, packet, stage.tls_offer());
}

/// A code that tells a device that trying again with the same login is no use.
bool blames_login(const Answer& answer) {
  static const std::set<unsigned> kCodes{4, 5, 0x86, 0x87};
  return answer.reason && kCodes.contains(*answer.reason);
}

TlsOffer without_certificate(Stage& stage) {
  TlsOffer offer = stage.tls_offer();
  offer.certificate_file.clear();
  offer.key_file.clear();
  return offer;
}

bool has_password(Stage& stage, Finding& finding) {
  if (!stage.options().username.empty() && stage.options().password) return true;
  finding.not_applicable("give --username and --password-file");
  return false;
}

Connect with_wrong_password(Stage& stage) {
  Connect packet = stage.login("wrong");
  packet.password = "wrong-" + stage.client_id();
  return packet;
}

/// `fail`, unless a certificate can have let it in.
void let_in(Stage& stage, Finding& finding, const std::string& who) {
  if (stage.options().certificate_file.empty()) {
    finding.fail(who + " was let in");
  } else {
    finding.warn(who + " was let in: the certificate alone decides");
  }
}

void anonymous(Stage& stage, Finding& finding) {
  const auto& options = stage.options();
  if (options.username.empty() && !options.certificate_file.empty()) {
    return finding.not_applicable("the login is a certificate: see safety.client_certificate");
  }
  const Connect packet{.version = stage.version(), .client_id = stage.client_id("nobody")};
  if (options.username.empty()) {
    return finding.warn("anybody may log in: this run itself has no name and no password");
  }
  const Answer answer = try_login(stage, packet, without_certificate(stage));
  if (!finding.expect(!answer.let_in, "a client without a name and a password was let in")) return;
  finding.pass(answer.text);
}

void wrong_password(Stage& stage, Finding& finding) {
  if (!has_password(stage, finding)) return;
  const Answer answer = try_login(stage, with_wrong_password(stage));
  if (answer.let_in) return let_in(stage, finding, "a wrong password");
  if (blames_login(answer)) return finding.pass(answer.text);
  finding.warn("refused, but without a code that says why: " + answer.text);
}

void unknown_user(Stage& stage, Finding& finding) {
  if (!has_password(stage, finding)) return;
  Connect packet = with_wrong_password(stage);
  packet.username = "unknown-" + stage.client_id();
  const Answer unknown = try_login(stage, packet);
  if (unknown.let_in) return let_in(stage, finding, "a name that nobody has");
  const Answer wrong = try_login(stage, with_wrong_password(stage));
  if (wrong.let_in) return finding.not_applicable("a wrong password was let in");
  if (unknown == wrong) return finding.pass("both: " + unknown.text);
  finding.warn("an unknown name: " + unknown.text + "; a wrong password: " + wrong.text);
}

/// Until the broker lets the login in again: the checks that follow need it.
bool wait_for_pardon(Stage& stage, Finding& finding) {
  constexpr int kPauseMilliseconds = 1'000;
  const auto began = Clock::now();
  const Deadline deadline = stage.deadline().within(std::chrono::seconds(30));
  while (!deadline.over()) {
    stop_if_interrupted();
    ::poll(nullptr, 0, kPauseMilliseconds);
    if (!try_login(stage, stage.login()).let_in) continue;
    const std::chrono::duration<double> took = Clock::now() - began;
    finding.figure("locked_out", took.count(), "s");
    return true;
  }
  return false;
}

void wrong_logins(Stage& stage, Finding& finding) {
  constexpr unsigned kLogins = 10;
  if (!has_password(stage, finding)) return;
  Bystander bystander(stage);
  for (unsigned i = 0; i < kLogins; ++i) {
    const Answer answer = try_login(stage, with_wrong_password(stage));
    if (answer.let_in) return finding.not_applicable("a wrong password was let in");
    if (!bystander.unharmed(finding)) return;
  }
  const Answer right = try_login(stage, stage.login());
  if (right.let_in) return finding.pass("the right password got in right behind ten wrong ones");
  finding.warn("after ten wrong passwords the right one is refused as well: " + right.text);
  if (!wait_for_pardon(stage, finding)) {
    finding.saw("still refused after 30 s: what the later checks find may come from that");
  }
}

void client_certificate(Stage& stage, Finding& finding) {
  const auto& options = stage.options();
  if (options.certificate_file.empty()) return finding.not_applicable("give --cert and --key");
  const Answer answer = try_login(stage, stage.login(), without_certificate(stage));
  if (!answer.let_in) return finding.pass("without a certificate: " + answer.text);
  if (options.username.empty()) {
    finding.fail("a client without a certificate was let in");
  } else {
    finding.warn("the name and the password let a client in without its certificate");
  }
}

void system_topics(Stage& stage, Finding& finding) {
  constexpr std::uint8_t kFirstFailure = 0x80;
  const auto peer = stage.log_in();
  std::set<std::string> topics;
  try {
    const std::uint8_t granted = peer->try_subscribe("$SYS/#", 0);
    if (granted >= kFirstFailure) return finding.pass("refused with " + reason_text(granted));
    for (const Publish& message : peer->receive_rest(Stage::kQuiet)) {
      topics.insert(message.topic);
      constexpr std::size_t kEnough = 500;  // some publish them all the time
      if (topics.size() >= kEnough) break;
    }
    peer->disconnect();
  } catch (const PeerError& error) {
    if (!error.ended_by_broker()) throw;
    return finding.pass("closed " + text_of(error));
  }
  finding.figure("topics", static_cast<double>(topics.size()));
  if (topics.empty()) return finding.pass("nothing was delivered");
  finding.warn("this login reads " + std::to_string(topics.size()) +
               " topics of the broker's own, " + *topics.begin() + " for one");
}

// --- A prefix that is denied ---------------------------------------------------------------------

/// One way of reading or writing there. What the broker grants is told; it proves nothing.
class DeniedTopic {
 public:
  DeniedTopic(Stage& stage, Finding& finding)
      : stage_(stage),
        finding_(finding),
        topic_(stage.options().denied_topic_prefix + "/" + stage.client_id("denied")) {}

  const std::string& topic() const { return topic_; }

  /// A subscriber, as far as the broker lets it be one. @return null where it was closed
  std::unique_ptr<MqttPeer> subscribe(const std::string& name, const std::string& filter) {
    auto peer = stage_.log_in(name);
    try {
      const std::uint8_t granted = peer->try_subscribe(filter, 1);
      finding_.saw(name + ": SUBACK with " + reason_text(granted));
      return peer;
    } catch (const PeerError& error) {
      if (!error.ended_by_broker()) throw;
      finding_.saw(name + ": closed " + text_of(error));
      return nullptr;
    }
  }

  void publish() {
    const auto peer = stage_.log_in("writer");
    try {
      const std::uint8_t reason = peer->publish({.topic = topic_, .payload = "denied", .qos = 1});
      finding_.figure("puback", reason);
      finding_.saw("PUBACK with " + reason_text(reason));
      peer->disconnect();
    } catch (const PeerError& error) {
      if (!error.ended_by_broker()) throw;
      finding_.saw("the writer was closed " + text_of(error));
    }
  }

  void leave_will() {
    Connect packet = stage_.login("testator");
    packet.will = Will{.topic = topic_, .payload = "denied"};
    const Answer answer = try_will(packet);
    finding_.saw("a will to it: " + answer.text);
  }

 private:
  Answer try_will(const Connect& packet) {
    try {
      stage_.log_in(packet)->drop();
      return {true, std::uint8_t{0}, "let in"};
    } catch (const PeerError& error) {
      if (error.how() == Ending::time_up) throw;
      return {false, std::nullopt, error.what()};
    }
  }

  Stage& stage_;
  Finding& finding_;
  std::string topic_;
};

void denied_topic(Stage& stage, Finding& finding) {
  const std::string& prefix = stage.options().denied_topic_prefix;
  if (prefix.empty()) {
    return finding.not_applicable(
        "give --denied-topic-prefix: topics that this login must neither read nor write");
  }
  DeniedTopic denied(stage, finding);
  Bystander bystander(stage);
  struct Reader {
    std::string name;
    std::unique_ptr<MqttPeer> peer;
  };
  std::vector<Reader> readers;
  readers.push_back({"all of it", denied.subscribe("all", prefix + "/#")});
  readers.push_back({"the one topic", denied.subscribe("one", denied.topic())});
  readers.push_back(
      {"a shared subscription", denied.subscribe("shared", "$share/g/" + prefix + "/#")});
  denied.publish();
  denied.leave_will();
  // What was delivered has been delivered when a later message has made its way.
  if (!bystander.unharmed(finding)) return;
  for (const Reader& reader : readers) {
    if (!reader.peer) continue;
    try {
      // Anybody's messages count: none may be read.
      const auto all = reader.peer->receive_all(1, Stage::kQuiet);
      if (!all.empty()) finding.fail(reader.name + ": \"" + all[0].topic + "\" was delivered");
    } catch (const PeerError& error) {
      if (!error.ended_by_broker()) throw;
    }
  }
  if (finding.verdict() == Verdict::fail) return;
  finding.pass("nothing was delivered; with one login reading and writing are tried together");
}

}  // namespace

std::vector<Check> access_checks() {
  const std::vector<Setting> kPasswords{
      {"mosquitto", "allow_anonymous false, password_file"},
      {"EMQX", "an authentication = [...]: without one everybody is let in"},
      {"HiveMQ", "remove the extension that allows all, and add one that authenticates"},
      {"RabbitMQ", "mqtt.allow_anonymous = false; 4.0 and later: anonymous_login_user = none"},
      {"NanoMQ", "auth.allow_anonymous = false"}};
  return {
      {.id = "safety.anonymous",
       .title = "nobody gets in without a login",
       .reference = "[MQTT-3.1.4-2], section 5.4.1",
       .meaning = "Anybody who reaches the port reads and writes as a device.",
       .settings = kPasswords,
       .run = anonymous},
      {.id = "safety.wrong_password",
       .title = "a wrong password is refused, with a code that says so",
       .reference = "[MQTT-3.1.4-2], section 3.2.2.2 (0x86, 0x87); 3.1.1: section 3.2.2.3 (4, 5)",
       .meaning = "Without the code a device believes in a bad line and tries again for ever.",
       .settings = kPasswords,
       .needs = Need::credentials,
       .run = wrong_password},
      {.id = "safety.unknown_user",
       .title = "an unknown name looks like a wrong password",
       .reference = "practice",
       .meaning = "Names of devices can be found out by trying.",
       .settings = {{"", "give the same code for both"}},
       .needs = Need::credentials,
       .run = unknown_user},
      {.id = "safety.client_certificate",
       .title = "nobody gets in without a certificate",
       .reference = "RFC 8446 section 4.4.2.4, section 5.4.1",
       .meaning = "The certificates of the devices protect nothing.",
       .settings = {{"mosquitto", "require_certificate true, cafile"},
                    {"EMQX",
                     "listeners.ssl.default.ssl_options { verify = verify_peer, "
                     "fail_if_no_peer_cert = true }"},
                    {"HiveMQ", "<client-authentication-mode>REQUIRED</client-authentication-mode>"},
                    {"RabbitMQ",
                     "ssl_options.verify = verify_peer, "
                     "ssl_options.fail_if_no_peer_cert = true"},
                    {"NanoMQ", "verify_peer = true, fail_if_no_peer_cert = true"}},
       .needs = Need::credentials,
       .run = client_certificate},
      {.id = "safety.denied_topic",
       .title = "what a login must not read or write is not delivered",
       .reference = "sections 3.8.4, 3.3.5, 5.4.2; practice",
       .meaning = "One device that is opened reads or commands the whole fleet.",
       .settings = {{"mosquitto", "acl_file with pattern readwrite devices/%u/# and nothing more"},
                    {"EMQX", "authorization.no_match = deny"},
                    {"RabbitMQ", "rabbitmqctl set_topic_permissions"}},
       .run = denied_topic},
      {.id = "safety.system_topics",
       .title = "the broker's own topics are not for devices",
       .reference = "section 4.7.2; practice",
       .meaning =
           "Whoever opens one device learns the broker's version and how many clients it has.",
       .settings = {{"mosquitto", "acl_file without $SYS, or sys_interval 0"},
                    {"EMQX", "{deny, all, subscribe, [\"$SYS/#\"]}. in acl.conf"}},
       .run = system_topics},
  };
}

// The last of the group safety: it may lock out this run itself.
std::vector<Check> safety_lockout_checks() {
  return {
      {.id = "safety.wrong_logins",
       .title = "ten wrong passwords lock out nobody else",
       .reference = "practice",
       .meaning = "Devices behind one address lock each other out: one forgotten device is enough.",
       .settings = {{"EMQX", "flapping_detect bans client ids, not addresses"}},
       .needs = Need::credentials | Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = wrong_logins},
  };
}

}  // namespace holdfast::broker_test
