// Name resolution that never keeps anybody waiting.
//
// getaddrinfo blocks for as long as resolv.conf says, cannot be cancelled, and Asio's resolver
// joins its thread on destruction. So each lookup runs on a thread of its own that nobody waits
// for: an abandoned one ends when the C library gives up, and its answer goes nowhere.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>

#include <holdfast/status.hpp>

#include "base/clock.hpp"
#include "base/failure.hpp"

namespace holdfast::channel {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

/// Looks a name up, blocking. A seam for tests; `system_lookup` is the real one.
using Lookup =
    std::function<Endpoints(const std::string& host, std::uint16_t port, Failure& failure)>;
Endpoints system_lookup(const std::string& host, std::uint16_t port, Failure& failure);

/// What a lookup has cost at most (`ledger::name_lookup`): the C library does not tell what it has
/// sent, or whether it had the answer already. Nothing for "localhost". @param found may be empty
Account cost_of_lookup(const std::string& host, const Endpoints& found, Duration took);

class Resolver {
 public:
  using Handler = std::function<void(Endpoints, Failure)>;

  explicit Resolver(asio::any_io_executor executor, Lookup lookup = system_lookup);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Answers on the executor, once, unless cancelled. Only one lookup is waited for at a time.
  /// At most `kMaxHanging` lookups may hang; a further one fails at once with `name_not_resolved`.
  void resolve(const std::string& host, std::uint16_t port, Handler handler);
  void cancel();

  static constexpr std::size_t kMaxHanging = 4;

 private:
  struct Shared;
  static Handler take_handler(Shared& shared, std::uint64_t generation);

  asio::any_io_executor executor_;
  Lookup lookup_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace holdfast::channel
