#include "doctor_step.hpp"

#include <array>
#include <string_view>

#include "connection.hpp"

namespace holdfast::cli {
namespace {

struct Mend {
  Errc error;
  Where where;
  std::string_view text;
};

constexpr std::array kMends{
    Mend{Errc::name_not_resolved, Where::path,
         "check how the name is written and that this host has a name server that answers (getent "
         "ahosts NAME); an address instead of a name needs none"},
    Mend{Errc::unreachable, Where::path,
         "this host has no way there: check its interfaces and its default route (ip route)"},
    Mend{Errc::connection_refused, Where::path,
         "check the port, that the broker runs, and that it listens on this address and not on "
         "loopback alone (ss -ltn on its host)"},
    Mend{Errc::timed_out, Where::path,
         "packets vanish on the way: check the address, the firewalls in between and whether the "
         "network lets this port out; some mobile networks only pass 443"},
    Mend{Errc::unreachable, Where::interface,
         "check --interface against what ip link shows, and whether the modem is up"},
    Mend{
        Errc::timed_out, Where::proxy,
        "check host and port of --proxy, and the firewalls up to it; the proxy's log tells whether "
        "it has seen the request"},
    Mend{Errc::proxy_refused, Where::proxy,
         "where it wants a user name and a password, name a file with "
         "http://USER:PASSWORD@HOST:PORT as --proxy-file; otherwise let the proxy allow CONNECT to "
         "the broker's port (some allow 443 alone)"},
    Mend{Errc::timed_out, Where::handshake,
         "somebody takes connections there and says nothing: a listener without TLS, a proxy "
         "without its broker, or a broker that hangs. Check the port, then the broker's log"},
    Mend{Errc::connection_lost, Where::handshake,
         "use the port of the broker's TLS listener: one without TLS hangs up like this. So does a "
         "broker that is full, or that blocks this address"},
    Mend{Errc::not_tls, Where::handshake, "use the port of the broker's TLS listener, often 8883"},
    Mend{Errc::bad_credentials, Where::login,
         "check --username and the first line of --password-file against the broker's password "
         "file"},
    Mend{Errc::not_authorised, Where::login,
         "check --username and --password-file; mosquitto says this of a wrong password as well"},
    Mend{Errc::client_id_refused, Where::login,
         "let the broker take client identifiers that begin with holdfast-doctor-; the device's "
         "own is not used here, because that would end the device's connection"},
    Mend{Errc::unsupported_version, Where::login, "try --mqtt 3.1.1"},
    Mend{Errc::timed_out, Where::login,
         "it speaks TLS and not MQTT, or is overloaded: check what listens there"},
    Mend{Errc::connection_lost, Where::login,
         "look into the broker's log; a broker that wants a client certificate, knows no user, or "
         "is no MQTT broker hangs up like this"},
    Mend{Errc::protocol_error, Where::login,
         "it is no MQTT broker, or a broken one: check the port"},
    Mend{Errc::server_busy, Where::login, "wait, or give the broker more room"},
    Mend{Errc::not_authorised, Where::publish,
         "let the broker's access list allow it (mosquitto: acl_file), or name a topic that this "
         "login may write with --topic"},
    Mend{Errc::timed_out, Where::publish,
         "the broker took the login and then said nothing: look into its log"},
};

// The sentences of the SDK are "cause; mend".
constexpr std::string_view kBetween = "; ";

}  // namespace

Step explain(Step step, const Failure& failure, Where where) {
  step.finding = Finding::failed;
  step.what = failure.detail;
  step.facts["error"] = failure.error.message();
  const std::size_t end_of_cause = failure.detail.find(kBetween);
  if (end_of_cause != std::string::npos) {
    step.what = failure.detail.substr(0, end_of_cause);
    step.mend = failure.detail.substr(end_of_cause + kBetween.size());
  }
  for (const Mend& mend : kMends) {
    if (mend.where == where && failure.error == make_error_code(mend.error)) step.mend = mend.text;
  }
  return step;
}

void fail(Report& report, Step step, const Failure& failure, Where where) {
  report.add(explain(std::move(step), failure, where));
  throw StepFailed{exit_code(failure.error)};
}

}  // namespace holdfast::cli
