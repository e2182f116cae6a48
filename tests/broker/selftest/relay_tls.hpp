// How a relay shakes hands: what of TLS a broker may get wrong, or make dear.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace holdfast::broker_test {

/// What a client asks for.
struct Hello {
  unsigned connection = 0;  ///< its number, from 0; the suite's first check begins with 2
  std::string server_name;  ///< empty: none
  bool tls_1_3 = false;
  std::vector<std::uint16_t> suites;  ///< IANA's numbers

  bool prefers(std::uint16_t suite) const { return !suites.empty() && suites.front() == suite; }
};

inline constexpr std::uint16_t kAes128Ccm8 = 0x1305;

/// What is proved to it; `none` ends the handshake.
enum class Proof { own_key, other_key, none };

struct TlsBend {
  /// Empty: the own key always.
  std::function<Proof(const Hello&)> proof{};
  /// OpenSSL's names of suites of TLS 1.3, with colons between; empty: OpenSSL's choice.
  std::string suites{};
  bool takes_tls_1_2 = false;
  /// Records are padded to a multiple of it; 0: not at all.
  std::size_t record_block = 0;
  /// That much more than it needs is in each ticket.
  std::size_t ticket_ballast = 0;
  /// A ticket that cannot be read ends the handshake.
  bool aborts_at_bad_tickets = false;
};

/// Lives as long as `context`.
void apply(const TlsBend& bend, ssl_ctx_st* context);

/// For one connection; it has to outlive the handshake. @param other for `Proof::other_key`
class Proving {
 public:
  Proving(const TlsBend& bend, ssl_st* connection, unsigned number, ssl_ctx_st* other);

  /// OpenSSL's callback for a hello.
  static int on_hello(ssl_st* connection, int* alert, void*);

 private:
  const TlsBend& bend_;
  unsigned number_;
  ssl_ctx_st* other_;
};

}  // namespace holdfast::broker_test
