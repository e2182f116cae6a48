#include "channel/http_tunnel.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <holdfast/limits.hpp>

namespace holdfast::channel {
namespace {

// Of the proxy's own words a person needs few.
constexpr std::size_t kShownCharacters = 60;

std::string printable(std::string_view text) {
  std::string shown;
  for (const char character : text.substr(0, kShownCharacters)) {
    shown += character >= 0x20 && character < 0x7F ? character : '.';
  }
  return shown;
}

}  // namespace

std::string connect_request(const BrokerUrl& broker, const ProxyUrl& proxy) {
  const std::string target = broker.text();
  std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!proxy.authorization.empty()) {
    request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  }
  return request + "\r\n";
}

TunnelReply::Step TunnelReply::feed(std::span<const std::uint8_t> bytes, std::size_t& taken) {
  taken = 0;
  while (taken < bytes.size()) {
    if (++bytes_ > limits::kMaxProxyReplyBytes) {
      return fail(Errc::proxy_refused, "answers with an endless header");
    }
    const char character = static_cast<char>(bytes[taken++]);
    if (character != '\n') {
      line_ += character;
      continue;
    }
    // RFC 9112 section 2.2: a single line feed may be taken for the end of a line.
    if (line_.ends_with('\r')) line_.pop_back();
    const Step step = take_line();
    line_.clear();
    if (step != Step::need_input) return step;
  }
  return Step::need_input;
}

TunnelReply::Step TunnelReply::take_line() {
  if (++lines_ > limits::kMaxProxyReplyLines) {
    return fail(Errc::proxy_refused, "answers with an endless header");
  }
  if (!in_header_) {
    if (!read_status_line()) {
      return fail(Errc::proxy_refused,
                  "does not speak HTTP (it sent \"" + printable(line_) + "\")");
    }
    in_header_ = true;
    return Step::need_input;
  }
  if (!line_.empty()) return Step::need_input;
  in_header_ = false;
  // An interim answer (RFC 9110 section 15.2): the final one follows.
  if (status_ / 100 == 1) return Step::need_input;
  return status_ / 100 == 2 ? Step::opened : fail_with_status();
}

// RFC 9112 section 4: HTTP/1.x SP three digits, then SP and a phrase, which may be missing.
bool TunnelReply::read_status_line() {
  constexpr std::string_view kVersion = "HTTP/1.";
  const std::string_view line = line_;
  if (line.size() < 12 || !line.starts_with(kVersion) || line[8] != ' ') return false;
  const std::string_view digits = line.substr(9, 3);
  const bool is_number = std::all_of(digits.begin(), digits.end(),
                                     [](unsigned char digit) { return std::isdigit(digit) != 0; });
  if (!is_number || digits[0] == '0' || (line.size() > 12 && line[12] != ' ')) return false;
  status_ = 0;
  for (const char digit : digits) status_ = status_ * 10 + static_cast<unsigned>(digit - '0');
  reason_ = printable(line.substr(9));
  return true;
}

TunnelReply::Step TunnelReply::fail_with_status() {
  const std::string answer = "answers " + reason_ + ": ";
  switch (status_) {
    case 407:
      return fail(Errc::proxy_refused,
                  answer +
                      "it wants a user name and a password, or others than these; write them "
                      "into the option proxy, http://USER:PASSWORD@HOST:PORT");
    case 403:
    case 405:
      return fail(Errc::proxy_refused,
                  answer + "it does not allow this tunnel; let it allow CONNECT to " + broker_ +
                      " (some allow port 443 alone)");
    case 502:
    case 503:
    case 504:
      return fail(Errc::unreachable, answer + "it cannot reach " + broker_ +
                                         "; check the broker's host and port, and whether it runs");
    default:
      return fail(status_ / 100 == 5 ? Errc::unreachable : Errc::proxy_refused,
                  answer + "it opens no tunnel to " + broker_ +
                      "; check the option proxy, and the proxy's log");
  }
}

TunnelReply::Step TunnelReply::fail(Errc error, const std::string& text) {
  failure_ = Failure(error, "the proxy " + proxy_ + " " + text);
  return Step::failed;
}

}  // namespace holdfast::channel
