#include "commands/command_id.hpp"

#include <vector>

#include "crypto/ed25519.hpp"

namespace holdfast::commands {
namespace {

std::uint64_t number_at(const crypto::Digest& digest, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | digest[at + i];
  return number;
}

}  // namespace

CommandId command_id(std::string_view topic, std::string_view id) {
  std::vector<std::uint8_t> both(topic.begin(), topic.end());
  both.push_back(0);  // which no topic has
  both.insert(both.end(), id.begin(), id.end());
  const crypto::Digest digest = crypto::sha256(both);
  return {number_at(digest, 0), number_at(digest, 8)};
}

std::uint64_t digest_of(std::span<const std::byte> request) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(request.data());
  return number_at(crypto::sha256({first, request.size()}), 0);
}

}  // namespace holdfast::commands
