// What the keepers of this room share: a place in the state directory, and the way something that
// was kept there is taken up again.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "device/check_options.hpp"
#include "state/slots.hpp"

namespace holdfast::device {

/// Empty without a state directory: nothing is kept then.
inline std::optional<state::Slots> slots_in(const Settings& settings, const char* name,
                                            unsigned format) {
  const auto& directory = settings.options.state_dir;
  if (directory.empty()) return std::nullopt;
  return std::optional<state::Slots>(std::in_place, directory, name, format);
}

/// What `decode(content, why)` makes of the content of the slots, if there is any and it can be
/// used. @param what is kept, and @param instead what happens without it, for a person.
/// @param remark what a person should know, if anything
template <class Decode>
auto load_kept(std::optional<state::Slots>& slots, Decode decode, std::string_view what,
               std::string_view instead, std::string& remark)
    -> decltype(decode(*slots->load(remark), remark)) {
  if (!slots) return std::nullopt;
  const auto content = slots->load(remark);
  if (!content) return std::nullopt;
  std::string why;
  auto state = decode(*content, why);
  if (!state) {
    if (!remark.empty()) remark += ". ";
    remark.append(what).append(" not used: ").append(why).append("; ").append(instead);
  }
  return state;
}

}  // namespace holdfast::device
