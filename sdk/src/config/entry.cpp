#include "config/entry.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>

#include <holdfast/limits.hpp>

namespace holdfast::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};
constexpr std::array kTimes{Unit{"ms", 1},          Unit{"s", 1'000},      Unit{"min", 60'000},
                            Unit{"h", 60 * 60'000}, Unit{"d", 86'400'000}, Unit{"", 0}};
constexpr std::array kSizes{Unit{"", 1},
                            Unit{"B", 1},
                            Unit{"kB", 1'000},
                            Unit{"MB", 1'000'000},
                            Unit{"GB", 1'000'000'000},
                            Unit{"KiB", 1U << 10},
                            Unit{"MiB", 1U << 20},
                            Unit{"GiB", 1U << 30}};

// A whole number with a unit, at most what fits into a signed number. Of a unit of size 0 only 0
// is taken: a time without a unit is a mistake waiting to be made.
template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const std::array<Unit, N>& units) {
  std::uint64_t count = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc()) return std::nullopt;
  std::string_view name(end, static_cast<std::size_t>(last - end));
  if (name.starts_with(' ')) name.remove_prefix(1);
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (unit.size == 0) return count == 0 ? std::optional<std::uint64_t>(0) : std::nullopt;
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (count > kMost / unit.size) return std::nullopt;
    return count * unit.size;
  }
  return std::nullopt;
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

}  // namespace

std::string Entry::written() const {
  if (const auto* text = std::get_if<std::string>(&value_)) {
    return from_environment_ ? *text : quoted(*text);
  }
  if (const auto* number = std::get_if<std::int64_t>(&value_)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value_)) return *flag ? "true" : "false";
  std::string list;
  for (const std::string& one : std::get<std::vector<std::string>>(value_)) {
    list += (list.empty() ? "" : ", ") + quoted(one);
  }
  return '[' + list + ']';
}

void Entry::refuse(std::string_view mend) const {
  const auto* text = std::get_if<std::string>(&value_);
  throw ConfigError(place(), text != nullptr ? *text : written(), mend);
}

std::string Entry::text() const {
  if (const auto* text = std::get_if<std::string>(&value_)) return *text;
  refuse("write it as text, in quotes");
}

std::vector<std::string> Entry::texts() const {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value_)) return *list;
  const auto* text = std::get_if<std::string>(&value_);
  if (text == nullptr || !from_environment_) refuse("write a list of texts: [\"…\", \"…\"]");
  std::vector<std::string> list;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view one = rest.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    list.emplace_back(one);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return list;
}

bool Entry::flag() const {
  if (const auto* flag = std::get_if<bool>(&value_)) return *flag;
  const auto* text = std::get_if<std::string>(&value_);
  if (from_environment_ && text != nullptr && (*text == "true" || *text == "false")) {
    return *text == "true";
  }
  refuse("write true or false");
}

std::int64_t Entry::number(std::int64_t least, std::int64_t most) const {
  std::optional<std::int64_t> number;
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) number = *whole;
  const auto* text = std::get_if<std::string>(&value_);
  if (from_environment_ && text != nullptr) {
    std::int64_t read = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), read);
    if (error == std::errc() && end == text->data() + text->size()) number = read;
  }
  if (number && *number >= least && *number <= most) return *number;
  refuse("write a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

std::chrono::milliseconds Entry::duration() const {
  const auto* text = std::get_if<std::string>(&value_);
  if (const auto time = text != nullptr ? scaled(*text, kTimes) : std::nullopt) {
    return std::chrono::milliseconds(*time);
  }
  refuse("write a time as text: 250ms, 5s, 5min, 2h or 7d");
}

std::chrono::seconds Entry::seconds() const {
  const auto time = duration();
  if (time % std::chrono::seconds(1) != std::chrono::milliseconds(0)) refuse("whole seconds only");
  return std::chrono::duration_cast<std::chrono::seconds>(time);
}

std::uint64_t Entry::bytes() const {
  if (const auto* whole = std::get_if<std::int64_t>(&value_); whole != nullptr && *whole >= 0) {
    return static_cast<std::uint64_t>(*whole);
  }
  const auto* text = std::get_if<std::string>(&value_);
  if (const auto size = text != nullptr ? scaled(*text, kSizes) : std::nullopt) return *size;
  refuse("write a number of bytes, or text such as 64KiB or 50MB");
}

std::string Entry::secret() const {
  std::ifstream in(text());
  std::string line(limits::kMaxCredentialBytes + 2, '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(in.gcount()));
  line.resize(std::min(line.find('\n'), line.size()));
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty())
    refuse("the file cannot be read, or its first line is empty; the secret is there");
  return line;
}

}  // namespace holdfast::config
