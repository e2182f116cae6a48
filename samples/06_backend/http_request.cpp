#include "http_request.hpp"

#include <algorithm>
#include <optional>

namespace fleet {
namespace {

// A page without scripts, frames and forms, and without anything from elsewhere; the style is its
// own.
constexpr std::string_view kHeaders =
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cache-Control: no-store\r\n"
    "Connection: close\r\n";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The value of the one Host field. @return nothing if there is none, more than one, or a line that
// is no field (RFC 9112 section 3.2)
std::optional<std::string_view> host_of(std::string_view fields) {
  std::optional<std::string_view> host;
  while (!fields.empty()) {
    const std::size_t end = fields.find("\r\n");
    if (end == fields.npos) return std::nullopt;
    const std::string_view line = fields.substr(0, end);
    fields.remove_prefix(end + 2);
    if (line.empty()) return fields.empty() ? host : std::nullopt;
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    if (name.find_first_of(" \t") != name.npos) return std::nullopt;
    if (!same(name, "Host")) continue;
    if (host) return std::nullopt;
    host = trimmed(line.substr(colon + 1));
  }
  return std::nullopt;
}

bool is_ours(std::string_view host, std::uint16_t port) {
  const std::string end = ":" + std::to_string(port);
  for (const std::string_view name : {"127.0.0.1", "localhost", "[::1]"}) {
    if (same(host, std::string(name) + end)) return true;
  }
  return false;
}

std::string_view status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::page:
    case Verdict::page_head:
      return "200 OK";
    case Verdict::bad_request:
      return "400 Bad Request";
    case Verdict::not_found:
      return "404 Not Found";
    case Verdict::method_not_allowed:
      return "405 Method Not Allowed";
    case Verdict::misdirected:
      return "421 Misdirected Request";
  }
  return "500 Internal Server Error";
}

}  // namespace

Verdict judge(std::string_view head, std::uint16_t port) {
  const std::size_t end = head.find("\r\n");
  if (end == head.npos) return Verdict::bad_request;
  const std::string_view line = head.substr(0, end);
  const std::size_t first = line.find(' ');
  const std::size_t second = line.rfind(' ');
  if (first == line.npos || first == second) return Verdict::bad_request;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  const bool known = version == "HTTP/1.1" || version == "HTTP/1.0";
  if (!known || method.empty() || target.find(' ') != target.npos) return Verdict::bad_request;
  const auto host = host_of(head.substr(end + 2));
  if (!host) return Verdict::bad_request;
  // Before anything is said of what there is.
  if (!is_ours(*host, port)) return Verdict::misdirected;
  if (method != "GET" && method != "HEAD") return Verdict::method_not_allowed;
  if (target != "/") return Verdict::not_found;
  return method == "GET" ? Verdict::page : Verdict::page_head;
}

std::string answer(Verdict verdict, std::string_view page) {
  const bool has_page = verdict == Verdict::page || verdict == Verdict::page_head;
  std::string text = "HTTP/1.1 ";
  text += status_of(verdict);
  text += "\r\n";
  text += kHeaders;
  if (verdict == Verdict::method_not_allowed) text += "Allow: GET, HEAD\r\n";
  if (has_page) text += "Content-Type: text/html; charset=utf-8\r\n";
  text += "Content-Length: " + std::to_string(has_page ? page.size() : 0) + "\r\n\r\n";
  if (verdict == Verdict::page) text += page;
  return text;
}

}  // namespace fleet
