#include "support/tls13_records.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include "support/tls13_messages.hpp"

namespace holdfast::test::tls13 {
namespace {

constexpr std::size_t kMostPlainBytes = 1U << 14U;
constexpr std::size_t kHeaderBytes = 5;

// Calls `each` with pieces that fit into a record; with one empty piece for nothing.
template <class Each>
void in_pieces(std::string_view bytes, Each each) {
  do {
    const std::string_view piece = bytes.substr(0, kMostPlainBytes);
    each(piece);
    bytes.remove_prefix(piece.size());
  } while (!bytes.empty());
}

}  // namespace

void RecordLayer::write(ContentType type, std::string_view bytes) {
  if (!sending) return write_in_clear(type, bytes);
  in_pieces(bytes, [&](std::string_view piece) { waiting_ += sending->seal(type, piece); });
}

void RecordLayer::write_in_clear(ContentType type, std::string_view bytes) {
  in_pieces(bytes, [&](std::string_view piece) {
    waiting_ += u8(static_cast<std::size_t>(type)) + u16(kTls12) + vector16(piece);
  });
}

bool RecordLayer::flush(std::size_t segment_bytes) {
  const std::string bytes = std::exchange(waiting_, {});
  if (segment_bytes == 0) return connection_.send(bytes);
  const int at_once = 1;  // Or the kernel gathers the segments again.
  ::setsockopt(connection_.fd(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  for (std::size_t at = 0; at < bytes.size(); at += segment_bytes) {
    if (!connection_.send(std::string_view(bytes).substr(at, segment_bytes))) return false;
  }
  return true;
}

std::optional<RecordLayer::Record> RecordLayer::read() {
  const std::string header = connection_.receive_exactly(kHeaderBytes);
  if (header.size() < kHeaderBytes) return std::nullopt;
  const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(header[3])) << 8U |
                           static_cast<unsigned char>(header[4]);
  std::string bytes = connection_.receive_exactly(size);
  if (bytes.size() < size) return std::nullopt;

  Record record{static_cast<ContentType>(header[0]), std::move(bytes)};
  if (record.type != ContentType::kApplicationData) return record;
  auto opened = receiving ? receiving->open(header, record.bytes) : std::nullopt;
  record.undecipherable = !opened;
  if (opened) {
    record.type = opened->type;
    record.bytes = std::move(opened->bytes);
  }
  return record;
}

}  // namespace holdfast::test::tls13
