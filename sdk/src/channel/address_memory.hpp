// What is known about the addresses of a name: which one worked last, and how long it may be used
// without asking a name server again. Pure.
//
// A stale address does no harm, because the pin is checked and not the address. So the last one
// that worked is worth more than the name service: it costs nothing, and it is still there when
// name servers are silent or lie.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "base/clock.hpp"
#include "channel/resolver.hpp"

namespace holdfast::channel {

class AddressMemory {
 public:
  /// Addresses of one name that are tried in one attempt; more than any broker has.
  static constexpr std::size_t kMaxAddresses = 16;

  /// @param lifetime how long an address is used after it was learned; 0: the name is asked for
  /// each time
  explicit AddressMemory(std::chrono::seconds lifetime) : lifetime_(lifetime) {}

  /// What an earlier process has found. @param age since a name server has named it; empty: nobody
  /// knows, and it is not fresh then
  void restore(const asio::ip::tcp::endpoint& endpoint, std::optional<std::chrono::seconds> age,
               Instant now);

  /// The address that worked last, however old.
  const std::optional<asio::ip::tcp::endpoint>& last() const { return last_; }
  /// Whether it is tried before a name server is asked.
  bool is_fresh(Instant now) const;

  /// Since a name server has named it; empty where none has.
  std::optional<std::chrono::seconds> age(Instant now) const;

  /// A name server has answered. @return what to try, in this order: the address that worked last
  /// if it is among them, the others as they came, and an address that worked and is no longer
  /// named as the very last.
  Endpoints take_answer(Endpoints answer, Instant now);

  /// A broker with a pinned key is behind this address.
  void worked(const asio::ip::tcp::endpoint& endpoint);

 private:
  std::chrono::seconds lifetime_;
  std::optional<asio::ip::tcp::endpoint> last_;
  std::optional<Instant> learned_;  // when a name server named `last_`; empty once one did not
  Endpoints answer_;                // the newest
  Instant answered_{};
};

}  // namespace holdfast::channel
