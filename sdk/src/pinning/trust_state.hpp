// What must outlive the process of the decisions in trust.hpp, and its form as bytes. Pure.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pinning/document.hpp"

namespace holdfast::pinning {

struct TrustState {
  std::uint64_t floor = 0;  ///< the highest version that was ever accepted
  PinList newest;
  std::vector<std::uint8_t> content;  ///< `newest` as it was signed
  bool is_signed = false;             ///< otherwise it is the one that the app was built with
  bool proven = true;                 ///< a connection has rested on it
  std::uint64_t fallback_version = 0;
  std::vector<Pin> fallback;
  Roots roots;                   ///< the newest that were accepted; empty: the app's
  std::uint64_t time_floor = 0;  ///< seconds since 1970
  std::chrono::seconds refused_for{0};
};

std::vector<std::uint8_t> encode_state(const TrustState& state);
/// @return empty and `why` set for bytes that are no state.
std::optional<TrustState> decode_state(Bytes bytes, std::string& why);

}  // namespace holdfast::pinning
