// The head of an HTTP/1.1 request (RFC 9112), as far as a server of one page needs it: it says what
// to answer. Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fleet {

/// More no browser sends to a page without cookies, and nobody else is wanted.
inline constexpr std::size_t kMaxHeadBytes = 8'192;

enum class Verdict {
  page,
  page_head,           ///< its head alone
  bad_request,         ///< 400
  not_found,           ///< 404
  method_not_allowed,  ///< 405
  /// 421: the browser was led here under another name, by which another site's script could read
  /// the page (DNS rebinding)
  misdirected,
};

/// @param head  all up to the empty line, that included
/// @param port  of this server: Host has to be 127.0.0.1, localhost or [::1] with it
Verdict judge(std::string_view head, std::uint16_t port);

/// The whole answer. A page is sent with it where the verdict says so.
std::string answer(Verdict verdict, std::string_view page);

}  // namespace fleet
