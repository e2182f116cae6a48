#include "observe/packet_copy.hpp"

namespace holdfast::observe {
namespace {

bool is_greeting(relay::PacketType type) {
  return type == relay::PacketType::connect || type == relay::PacketType::connack;
}

void append(Bytes& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

void PacketCopy::join() {
  // What is held goes out whole, or not at all.
  if (mode_ == Mode::copy) mode_ = Mode::skip;
}

PacketCopy::Mode PacketCopy::mode_for(const relay::Piece& piece, Payloads payloads,
                                      bool wanted) const {
  if (is_greeting(piece.type) && !greeted_) return Mode::hold;
  if (!wanted) return Mode::skip;
  return has_secrets(piece.type, payloads) ? Mode::hold : Mode::copy;
}

void PacketCopy::take(std::span<const std::byte> bytes, Payloads payloads, Copied* out) {
  while (!bytes.empty() && !broken_) {
    const relay::Piece piece = framer_.next(bytes);
    if (piece.kind == relay::Piece::Kind::error) {
      broken_ = true;
      held_.clear();
    }
    if (piece.kind != relay::Piece::Kind::packet) continue;
    if (piece.begins) mode_ = mode_for(piece, payloads, out != nullptr);
    if (mode_ != Mode::hold) {
      put(piece, out);
      continue;
    }
    append(held_, piece.bytes);
    if (piece.ends) end_held(piece, payloads, out);
  }
}

void PacketCopy::put(const relay::Piece& piece, Copied* out) {
  if (mode_ == Mode::copy && out != nullptr) {
    if (out->bytes.empty()) out->offset = passed_;
    append(out->bytes, piece.bytes);
  }
  passed_ += piece.bytes.size();
}

void PacketCopy::end_held(const relay::Piece& piece, Payloads payloads, Copied* out) {
  if (is_greeting(piece.type) && !greeted_) {
    greeted_ = true;
    blank_secrets(held_, version_, Payloads::shown);
    if (held_.size() <= kMostKept) greeting_ = held_;
  }
  if (out != nullptr) {
    blank_secrets(held_, version_, payloads);
    if (out->bytes.empty()) out->offset = passed_;
    append(out->bytes, held_);
  }
  passed_ += held_.size();
  held_.clear();
  mode_ = Mode::skip;
}

}  // namespace holdfast::observe
