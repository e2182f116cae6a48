#include "channel/address_memory.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::channel {

void AddressMemory::restore(const asio::ip::tcp::endpoint& endpoint,
                            std::optional<std::chrono::seconds> age, Instant now) {
  last_ = endpoint;
  learned_.reset();
  if (age) learned_ = now - *age;
}

std::optional<std::chrono::seconds> AddressMemory::age(Instant now) const {
  if (!learned_) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(now - *learned_);
}

bool AddressMemory::is_fresh(Instant now) const {
  return last_ && learned_ && now - *learned_ < lifetime_;
}

Endpoints AddressMemory::take_answer(Endpoints answer, Instant now) {
  if (answer.size() > kMaxAddresses) answer.resize(kMaxAddresses);
  answer_ = answer;
  answered_ = now;
  if (!last_) return answer;
  const auto known = std::find(answer.begin(), answer.end(), *last_);
  if (known != answer.end()) {
    learned_ = now;
    std::rotate(answer.begin(), known, known + 1);
    return answer;
  }
  learned_.reset();
  if (answer.size() == kMaxAddresses) answer.pop_back();
  answer.push_back(*last_);
  return answer;
}

void AddressMemory::worked(const asio::ip::tcp::endpoint& endpoint) {
  const bool is_named = std::find(answer_.begin(), answer_.end(), endpoint) != answer_.end();
  if (last_ != endpoint) learned_.reset();
  last_ = endpoint;
  if (is_named) learned_ = answered_;
}

}  // namespace holdfast::channel
