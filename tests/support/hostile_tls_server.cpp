#include "support/hostile_tls_server.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "support/hostile_handshake.hpp"
#include "support/tls13_crypto.hpp"

namespace holdfast::test {

HostileTlsOptions correct_server(const Identity& identity) {
  return {.chain = tls13::der_of(identity.cert_file), .key_file = identity.key_file};
}

HostileTlsServer::HostileTlsServer(HostileTlsOptions options)
    : options_(std::move(options)), server_([this](ScriptedConnection& connection) {
        serve(connection);
        tls13::free_thread_caches();
      }) {
  tls13::start_wolfcrypt();  // Nobody knows the port yet.
}

void HostileTlsServer::serve(ScriptedConnection& connection) {
  const std::size_t number = connection.number();
  note(number, [](HeardFromClient&) {});
  try {
    const HostileHandshake::Sessions sessions{
        .keep = [this](const std::string& ticket,
                       std::string secret) { keep(ticket, std::move(secret)); },
        .find = [this](const std::string& ticket) { return secret_of(ticket); }};
    HostileHandshake(connection, options_, sessions, [this, number](const auto& change) {
      note(number, change);
    }).run();
  } catch (const std::exception&) {  // The client sees it: the connection ends.
  }
  note(number, [](HeardFromClient& heard) { heard.ended = true; });
}

void HostileTlsServer::keep(const std::string& ticket, std::string secret) {
  const std::lock_guard lock(mutex_);
  sessions_[ticket] = std::move(secret);
}

std::string HostileTlsServer::secret_of(const std::string& ticket) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(ticket);
  return found == sessions_.end() ? "" : found->second;
}

void HostileTlsServer::note(std::size_t connection,
                            const std::function<void(HeardFromClient&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    if (heard_.size() <= connection) heard_.resize(connection + 1);
    change(heard_[connection]);
  }
  changed_.notify_all();
}

std::vector<HeardFromClient> HostileTlsServer::heard() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

bool HostileTlsServer::wait_for(
    const std::function<bool(const std::vector<HeardFromClient>&)>& predicate,
    std::chrono::milliseconds bound) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, bound, [&] { return predicate(heard_); });
}

bool HostileTlsServer::wait_for_ended(std::size_t count, std::chrono::milliseconds bound) const {
  return wait_for(
      [count](const std::vector<HeardFromClient>& heard) {
        return heard.size() >= count &&
               std::all_of(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(count),
                           [](const HeardFromClient& client) { return client.ended; });
      },
      bound);
}

}  // namespace holdfast::test
