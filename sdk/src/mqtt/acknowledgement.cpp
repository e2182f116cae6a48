#include "mqtt/acknowledgement.hpp"

#include <algorithm>

namespace holdfast::mqtt_engine {

std::optional<Acknowledgement> AcknowledgementReader::take(std::span<const std::byte> bytes,
                                                           bool ends) {
  const std::size_t kept = std::min(bytes.size(), head_.size() - size_);
  std::copy_n(bytes.begin(), kept, head_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += kept;
  if (!ends) return std::nullopt;
  const auto acknowledgement = parse();
  malformed_ = !acknowledgement;
  size_ = 0;
  return acknowledgement;
}

std::optional<Acknowledgement> AcknowledgementReader::parse() const {
  const auto at = [this](std::size_t i) { return std::to_integer<unsigned>(head_[i]); };
  std::size_t body = 1;
  while (body < size_ && body < 5 && at(body) >= 0x80) ++body;  // the length's other bytes
  ++body;
  if (body + 2 > size_) return std::nullopt;
  Acknowledgement acknowledgement;
  acknowledgement.answer = static_cast<Answer>(at(0) >> 4);
  acknowledgement.packet_id = static_cast<PacketId>((at(body) << 8) | at(body + 1));
  // Without a reason code it is 0x00, Success (section 3.4.2.1).
  if (body + 2 < size_) acknowledgement.code = static_cast<int>(at(body + 2));
  const bool known = acknowledgement.answer == Answer::puback ||
                     acknowledgement.answer == Answer::pubrec ||
                     acknowledgement.answer == Answer::pubcomp;
  if (!known || acknowledgement.packet_id == 0) return std::nullopt;
  return acknowledgement;
}

}  // namespace holdfast::mqtt_engine
