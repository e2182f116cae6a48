// What a server sends before the handshake is done: nobody is trusted and nothing is written. The
// first byte tells how the rest is cut.

#include <algorithm>

#include "channel/tls_session.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using channel::TlsSession;
  static const channel::TlsContext context;
  static const auto keys = std::make_shared<const pinning::TrustedKeys>(pinning::PinSet(
      {"sha256/ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="}, PinCount::one_is_enough));
  if (size == 0) return 0;
  TlsSession session(context, "broker.test", keys);
  Failure failure;
  fuzz::require(session.handshake(failure) == TlsSession::Step::need_input, "it begins");
  session.sent(session.output().size());

  std::span<const std::uint8_t> rest(data + 1, size - 1);
  const std::size_t chunk = 1U + data[0] * 16U;
  while (!rest.empty()) {
    const auto now = rest.first(std::min(chunk, rest.size()));
    rest = rest.subspan(now.size());
    session.feed(now);
    const auto step = session.handshake(failure);
    fuzz::require(step != TlsSession::Step::verified && !session.verified(), "nobody is trusted");
    if (step == TlsSession::Step::failed) {
      fuzz::require(static_cast<bool>(failure), "a failure has a reason");
      break;
    }
  }
  fuzz::require(
      session.write(std::as_bytes(std::span("CONNECT", 7))).error == Errc::identity_refused,
      "nothing is written before the verdict");
  fuzz::require(session.records_written() == 0, "no record left");
  return 0;
}
