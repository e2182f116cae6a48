#include "payload/batch.hpp"

#include <holdfast/limits.hpp>

#include "payload/envelope.hpp"

namespace holdfast::payload {
namespace {

// The envelope of several bodies without them, and what each adds besides its bytes, at most.
constexpr std::size_t kEnvelopeBytes = 64;
constexpr std::size_t kBodyBytes = 2 + 7;

Merged alone(std::span<const std::byte> body) {
  return {{body.begin(), body.end()}, 1};
}

// What an earlier merge has made is taken apart again.
bool add(std::span<const std::byte> body, std::vector<std::span<const std::byte>>& bodies) {
  if (!is_envelope(body)) {
    if (is_series(body)) return false;
    if (!fits_envelope(body)) return false;
    bodies.push_back(body);
    return true;
  }
  Body merged;
  if (read_envelope(body, merged) || !merged.aligned.empty() || merged.parts.empty()) return false;
  bodies.insert(bodies.end(), merged.parts.begin(), merged.parts.end());
  return true;
}

Merged merge_plain(std::span<const std::span<const std::byte>> bodies, std::size_t max_bytes) {
  std::vector<std::span<const std::byte>> all;
  std::size_t size = kEnvelopeBytes;
  std::size_t count = 0;
  for (; count < bodies.size(); ++count) {
    const std::size_t before = all.size();
    if (!add(bodies[count], all)) break;
    for (std::size_t i = before; i < all.size(); ++i) size += all[i].size() + kBodyBytes;
    if (size <= max_bytes) continue;
    all.resize(before);
    break;
  }
  if (count <= 1) return alone(bodies.front());
  return {write_envelope({}, all), count};
}

}  // namespace

Merged merge_bodies(std::span<const std::span<const std::byte>> bodies, std::size_t max_bytes) {
  if (bodies.size() == 1) return alone(bodies.front());
  if (is_series(bodies.front())) {
    return merge_series(bodies, max_bytes, limits::kMaxSeriesRows);
  }
  return merge_plain(bodies, max_bytes);
}

std::size_t count_readings(std::span<const std::byte> body) {
  if (is_series(body)) {
    OpenSeries series;
    DecodedColumns columns;
    if (open_series(body, series)) return 1;
    return decode_columns(series.columns, series.frame.layout, columns) ? columns.rows : 1;
  }
  Body merged;
  return is_envelope(body) && !read_envelope(body, merged) ? merged.count() : 1;
}

std::vector<std::byte> seal(const Origin& origin, std::span<const std::byte> body,
                            std::uint64_t boot, std::optional<std::int64_t> boot_began_ms) {
  if (is_series(body)) return seal_series(origin, body, boot, boot_began_ms);
  Body merged;
  if (is_envelope(body) && !read_envelope(body, merged) && merged.origin->sequence == 0 &&
      !merged.parts.empty()) {
    return write_envelope(origin, merged.parts);
  }
  return seal_envelope(origin, body);
}

}  // namespace holdfast::payload
