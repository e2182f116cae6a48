#include "channel/resolver.hpp"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include <asio/post.hpp>

#include "ledger/account.hpp"

namespace holdfast::channel {

// Outlives the resolver for as long as a lookup hangs. The handler and the executor's owner may be
// gone by then: `generation` tells, and the mutex keeps them alive while an answer is handed over.
struct Resolver::Shared {
  std::mutex mutex;
  std::uint64_t generation = 0;  // of the lookup that is waited for; 0: none
  std::uint64_t last = 0;
  std::size_t hanging = 0;
  Handler handler;
};

// The handler of this lookup, if nobody has cancelled it.
Resolver::Handler Resolver::take_handler(Shared& shared, std::uint64_t generation) {
  const std::lock_guard lock(shared.mutex);
  if (shared.generation != generation) return nullptr;
  shared.generation = 0;
  return std::exchange(shared.handler, nullptr);
}

Endpoints system_lookup(const std::string& host, std::uint16_t port, Failure& failure) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int result = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (result != 0) {
    // AI_ADDRCONFIG leaves loopback out: a host that has no other address still reaches itself.
    hints.ai_flags = 0;
    result = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  }
  Endpoints endpoints;
  if (result != 0) {
    failure = Failure(Errc::name_not_resolved,
                      "the name " + host + " does not resolve (" + ::gai_strerror(result) +
                          "); check its spelling and the device's name servers");
    return endpoints;
  }
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoint.resize(entry->ai_addrlen);
    endpoint.port(port);
    endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  return endpoints;
}

Account cost_of_lookup(const std::string& host, const Endpoints& found, Duration took) {
  if (host == "localhost") return {};
  const auto ipv6 = static_cast<std::size_t>(std::count_if(
      found.begin(), found.end(), [](const auto& endpoint) { return endpoint.address().is_v6(); }));
  return ledger::name_lookup(host.size(), found.size() - ipv6, ipv6, took);
}

Resolver::Resolver(asio::any_io_executor executor, Lookup lookup)
    : executor_(std::move(executor)),
      lookup_(std::move(lookup)),
      shared_(std::make_shared<Shared>()) {}

Resolver::~Resolver() {
  cancel();
}

void Resolver::cancel() {
  const std::lock_guard lock(shared_->mutex);
  shared_->generation = 0;
  shared_->handler = nullptr;
}

void Resolver::resolve(const std::string& host, std::uint16_t port, Handler handler) {
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->hanging >= kMaxHanging) {
      asio::post(executor_, [handler = std::move(handler), host] {
        handler({}, Failure(Errc::name_not_resolved,
                            "earlier lookups of " + host +
                                " still hang; the name servers do not answer"));
      });
      return;
    }
    generation = shared_->generation = ++shared_->last;
    shared_->handler = std::move(handler);
    ++shared_->hanging;
  }
  const auto work = [shared = shared_, executor = executor_, lookup = lookup_, host, port,
                     generation] {
    Failure failure;
    Endpoints endpoints = lookup(host, port, failure);
    const std::lock_guard lock(shared->mutex);
    --shared->hanging;
    if (shared->generation != generation) return;
    // Until the answer is heard it can still be cancelled: the handler stays where it is.
    asio::post(executor, [shared, generation, endpoints = std::move(endpoints),
                          failure = std::move(failure)]() mutable {
      if (const Handler wanted = take_handler(*shared, generation)) {
        wanted(std::move(endpoints), std::move(failure));
      }
    });
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error& error) {
    const std::lock_guard lock(shared_->mutex);
    --shared_->hanging;
    asio::post(executor_, [shared = shared_, generation, text = std::string(error.what())] {
      if (const Handler wanted = take_handler(*shared, generation)) {
        wanted({}, Failure(Errc::system_failure, "no thread for the name lookup: " + text));
      }
    });
  }
}

}  // namespace holdfast::channel
