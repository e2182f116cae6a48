#include "board_status.hpp"

#include "text.hpp"

namespace board {
namespace {

constexpr std::string_view kFinal = ",\"final\":true";

/// What follows `"key":` up to the next comma or the end of the object.
std::optional<std::string_view> find_value(std::string_view line, const std::string& key) {
  const std::string quoted = "\"" + key + "\":";
  const std::size_t at = line.find(quoted);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + quoted.size());
  return rest.substr(0, rest.find_first_of(",}"));
}

bool read_number(std::string_view line, const std::string& key, std::uint64_t& number) {
  const auto value = find_value(line, key);
  const auto parsed = value ? to_number<std::uint64_t>(*value) : std::nullopt;
  if (!parsed) return false;
  number = *parsed;
  return true;
}

}  // namespace

std::string to_json(const BoardStatus& status) {
  std::string line = "{\"state\":\"" + status.state + "\"";
  const auto add = [&line](std::string_view key, std::uint64_t number) {
    line += ",\"" + std::string(key) + "\":" + std::to_string(number);
  };
  add("pushed", status.pushed);
  add("delivered", status.delivered);
  add("waiting", status.waiting);
  add("ip_bytes", status.ip_bytes);
  add("handshakes", status.handshakes);
  if (status.is_final) line += kFinal;
  return line + "}";
}

std::optional<BoardStatus> parse_status(std::string_view line) {
  if (!line.starts_with('{') || !line.ends_with('}')) return std::nullopt;
  BoardStatus status;
  const auto state = find_value(line, "state");
  if (!state || state->size() < 2 || !state->starts_with('"') || !state->ends_with('"')) {
    return std::nullopt;
  }
  status.state = state->substr(1, state->size() - 2);
  status.is_final = line.find(kFinal) != std::string_view::npos;
  const bool complete = read_number(line, "pushed", status.pushed) &&
                        read_number(line, "delivered", status.delivered) &&
                        read_number(line, "waiting", status.waiting) &&
                        read_number(line, "ip_bytes", status.ip_bytes) &&
                        read_number(line, "handshakes", status.handshakes);
  return complete ? std::optional(status) : std::nullopt;
}

}  // namespace board
