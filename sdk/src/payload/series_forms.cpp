#include "payload/series_forms.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::payload {
namespace {

using Values = std::span<const std::int64_t>;

struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = std::numeric_limits<std::int64_t>::min();

  void add(std::int64_t value) noexcept {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  unsigned width() const noexcept {
    return static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(minus(most, least))));
  }
};

std::size_t size_of(std::int64_t value) noexcept {
  return varint_bytes(zigzag(value));
}

// What many numbers cost as exponential Golomb codes of each order, from two tallies: an order k
// takes k + 1 bits for a number below 2^k, and 2 * width(u + 2^k) - 1 - k for another. The sum with
// 2^k is one bit longer than u where u's bits above k are all ones.
class GolombTally {
 public:
  void add(std::int64_t value) noexcept {
    const std::uint64_t u = zigzag(value);
    const auto width = static_cast<unsigned>(std::bit_width(u));
    const auto ones = width == 0 ? 0U : static_cast<unsigned>(std::countl_one(u << (64 - width)));
    ++of_width_[width];
    ++carries_from_[width - ones];
    widest_ = std::max(widest_, width);
  }

  bool is_possible() const noexcept { return widest_ <= kGolombBits; }

  /// The fewest bits, and the order that has them.
  std::uint64_t best(unsigned& order) const noexcept {
    std::uint64_t bits = 0;  // of those wider than k: the sum of 2 * width - 1
    std::uint64_t wider = 0;
    for (unsigned width = 0; width <= widest_; ++width) {
      wider += of_width_[width];
      if (width > 0) bits += std::uint64_t{of_width_[width]} * (2 * width - 1);
    }
    std::uint64_t below = 0;
    std::uint64_t carry = 0;
    std::uint64_t fewest = std::numeric_limits<std::uint64_t>::max();
    for (unsigned k = 0; k <= widest_; ++k) {
      const std::uint64_t here = of_width_[k];
      below += here;
      wider -= here;
      if (k > 0) bits -= here * (2 * k - 1);
      carry += carries_from_[k];  // of those, the ones that are not wider than k are below
      const std::uint64_t cost = below * (k + 1) + bits - wider * k + 2 * (carry - below);
      if (cost < fewest) {
        fewest = cost;
        order = k;
      }
    }
    return fewest;
  }

 private:
  std::array<std::uint32_t, 65> of_width_{};
  std::array<std::uint32_t, 65> carries_from_{};
  unsigned widest_ = 0;
};

void consider(Plan& best, const Plan& other) noexcept {
  if (other.bytes < best.bytes) best = other;
}

bool fits(const Range& range, std::int64_t least, std::int64_t most) noexcept {
  return range.least >= least && range.most <= most;
}

// The narrowest of the forms without a head; `raw64` fits all.
Plan plan_raw(const Range& range, std::size_t count) noexcept {
  const auto raw = [&](Form form, std::size_t bytes) {
    return Plan{.form = form, .bytes = bytes * count};
  };
  if (fits(range, -128, 127)) return raw(Form::raw8, 1);
  if (fits(range, 0, 0xFF)) return raw(Form::raw_u8, 1);
  if (fits(range, -32'768, 32'767)) return raw(Form::raw16, 2);
  if (fits(range, 0, 0xFFFF)) return raw(Form::raw_u16, 2);
  if (fits(range, std::numeric_limits<std::int32_t>::min(),
           std::numeric_limits<std::int32_t>::max()))
    return raw(Form::raw32, 4);
  if (fits(range, 0, 0xFFFF'FFFF)) return raw(Form::raw_u32, 4);
  return raw(Form::raw64, 8);
}

void plan_golomb(Plan& best, Form form, std::size_t head, const GolombTally& tally,
                 std::int64_t first, std::int64_t second) noexcept {
  if (!tally.is_possible()) return;
  unsigned order = 0;
  const std::uint64_t bits = tally.best(order);
  consider(best, {.form = form,
                  .width = order,
                  .first = first,
                  .second = second,
                  .bytes = head + 1 + bytes_of_bits(bits)});
}

template <class T>
std::uint8_t* write_raw(Values values, std::uint8_t* out) noexcept {
  for (const std::int64_t value : values) {
    const auto narrow = static_cast<T>(value);
    std::memcpy(out, &narrow, sizeof narrow);
    out += sizeof narrow;
  }
  return out;
}

template <class T>
bool read_raw(Cursor& cursor, std::span<std::int64_t> values) noexcept {
  const std::uint8_t* from = cursor.at();
  if (!cursor.skip(values.size() * sizeof(T))) return false;
  for (std::int64_t& value : values) {
    T narrow = 0;
    std::memcpy(&narrow, from, sizeof narrow);
    from += sizeof narrow;
    value = static_cast<std::int64_t>(narrow);  // NOLINT(bugprone-signed-char-misuse): sign and all
  }
  return true;
}

void put_golomb(BitWriter& writer, std::int64_t value, unsigned order) noexcept {
  const std::uint64_t sum = zigzag(value) + (std::uint64_t{1} << order);
  // The sum is above 0 and has more than `order` bits; the masks say so to the analyzer.
  const unsigned below = (static_cast<unsigned>(std::bit_width(sum)) - 1) & 63U;
  const unsigned ones = (below - order) & 63U;
  writer.put((std::uint64_t{1} << ones) - 1, ones + 1);
  writer.put(sum ^ (std::uint64_t{1} << below), below);
}

// One code; false if it is none, or does not end before `end`.
bool take_golomb(const std::uint8_t* data, std::uint64_t& at, std::uint64_t end, unsigned order,
                 std::int64_t& value) noexcept {
  const auto ones = static_cast<unsigned>(std::countr_one(bits_at(data, at)));
  const unsigned below = ones + order;
  if (below > kGolombBits + 1) return false;
  at += ones + 1;
  const std::uint64_t low = bits_at(data, at, below);
  at += below;
  value = unzigzag((low | std::uint64_t{1} << below) - (std::uint64_t{1} << order));
  return at <= end;
}

struct FixedWidth {
  const std::uint8_t* data;
  std::uint64_t at = 0;
  unsigned width;
  std::int64_t least;

  std::int64_t next() noexcept {
    const auto value = static_cast<std::int64_t>(bits_at(data, at, width));
    at += width;
    return plus(least, value);
  }
};

bool open_fixed(Cursor& cursor, unsigned width, std::size_t count, std::int64_t least,
                FixedWidth& numbers) noexcept {
  numbers = {.data = cursor.at(), .width = width, .least = least};
  return cursor.skip(bytes_of_bits(std::uint64_t{width} * count));
}

bool read_plain(Cursor& cursor, unsigned width, std::span<std::int64_t> values) noexcept {
  std::int64_t least = 0;
  FixedWidth numbers{};
  if (!cursor.signed_varint(least) || !open_fixed(cursor, width, values.size(), least, numbers))
    return false;
  for (std::int64_t& value : values) value = numbers.next();
  return true;
}

bool read_delta(Cursor& cursor, unsigned width, std::span<std::int64_t> values) noexcept {
  std::int64_t value = 0;
  std::int64_t least = 0;
  FixedWidth numbers{};
  if (!cursor.signed_varint(value) || !cursor.signed_varint(least) ||
      !open_fixed(cursor, width, values.size() - 1, least, numbers))
    return false;
  values[0] = value;
  for (std::int64_t& next : values.subspan(1)) next = value = plus(value, numbers.next());
  return true;
}

bool read_delta2(Cursor& cursor, unsigned width, std::span<std::int64_t> values) noexcept {
  std::int64_t value = 0;
  std::int64_t step = 0;
  std::int64_t least = 0;
  FixedWidth numbers{};
  if (values.size() < 2 || !cursor.signed_varint(value) || !cursor.signed_varint(step) ||
      !cursor.signed_varint(least) || !open_fixed(cursor, width, values.size() - 2, least, numbers))
    return false;
  values[0] = value;
  values[1] = value = plus(value, step);
  for (std::int64_t& next : values.subspan(2)) {
    step = plus(step, numbers.next());
    next = value = plus(value, step);
  }
  return true;
}

// With `kSecond` the codes are changes of the step, which has a first one of its own.
template <bool kSecond>
bool read_golomb(Cursor& cursor, unsigned order, std::span<std::int64_t> values) noexcept {
  constexpr std::size_t kHead = kSecond ? 2 : 1;
  std::int64_t value = 0;
  std::int64_t step = 0;
  if (order > kGolombBits || values.size() < kHead || !cursor.signed_varint(value)) return false;
  values[0] = value;
  if constexpr (kSecond) {
    if (!cursor.signed_varint(step)) return false;
    values[1] = value = plus(value, step);
  }
  const std::uint8_t* data = cursor.at();
  const std::uint64_t end = std::uint64_t{cursor.left()} * 8;
  std::uint64_t at = 0;
  for (std::int64_t& next : values.subspan(kHead)) {
    std::int64_t code = 0;
    if (!take_golomb(data, at, end, order, code)) return false;
    step = kSecond ? plus(step, code) : code;
    next = value = plus(value, step);
  }
  return cursor.skip(bytes_of_bits(at));
}

}  // namespace

Plan plan_form(Values values) noexcept {
  const std::size_t count = values.size();
  if (count == 0) return {};
  const std::int64_t first = values[0];
  const Plan constant{.form = Form::constant, .first = first, .bytes = size_of(first)};
  if (count == 1) return constant;
  Range range;
  Range steps;
  Range changes;
  GolombTally step_codes;
  GolombTally change_codes;
  std::int64_t step = 0;
  range.add(first);
  for (std::size_t i = 1; i < count; ++i) {
    const std::int64_t next = minus(values[i], values[i - 1]);
    range.add(values[i]);
    steps.add(next);
    step_codes.add(next);
    if (i > 1) {
      changes.add(minus(next, step));
      change_codes.add(minus(next, step));
    }
    step = next;
  }
  if (range.least == range.most) return constant;

  Plan best = plan_raw(range, count);
  const auto packed = [](unsigned width, std::size_t numbers) {
    return 1 + bytes_of_bits(std::uint64_t{width} * numbers);
  };
  consider(best, {.form = Form::plain,
                  .width = range.width(),
                  .first = range.least,
                  .bytes = size_of(range.least) + packed(range.width(), count)});
  std::size_t head = size_of(first);
  consider(best, {.form = Form::delta,
                  .width = steps.width(),
                  .first = first,
                  .second = steps.least,
                  .bytes = head + size_of(steps.least) + packed(steps.width(), count - 1)});
  plan_golomb(best, Form::golomb_delta, head, step_codes, first, 0);
  if (count < 3) return best;

  const std::int64_t second = minus(values[1], first);
  head += size_of(second);
  consider(best, {.form = Form::delta2,
                  .width = changes.width(),
                  .first = first,
                  .second = second,
                  .third = changes.least,
                  .bytes = head + size_of(changes.least) + packed(changes.width(), count - 2)});
  plan_golomb(best, Form::golomb_delta2, head, change_codes, first, second);
  return best;
}

std::uint8_t* write_form(const Plan& plan, Values values, std::uint8_t* out) noexcept {
  const auto number = [](std::uint8_t* at, std::int64_t value) {
    return put_varint(at, zigzag(value));
  };
  switch (plan.form) {
    case Form::constant:
      return number(out, plan.first);
    case Form::raw8:
    case Form::raw_u8:
      return write_raw<std::uint8_t>(values, out);
    case Form::raw16:
    case Form::raw_u16:
      return write_raw<std::uint16_t>(values, out);
    case Form::raw32:
    case Form::raw_u32:
      return write_raw<std::uint32_t>(values, out);
    case Form::raw64:
      return write_raw<std::uint64_t>(values, out);
    case Form::absent:
    case Form::sparse:
    case Form::extension:
      return out;
    default:
      break;
  }

  *out++ = static_cast<std::uint8_t>(plan.width);
  out = number(out, plan.first);
  const unsigned width = plan.width;
  const auto distance = [](std::int64_t value, std::int64_t least) {
    return static_cast<std::uint64_t>(minus(value, least));
  };
  if (plan.form == Form::plain) {
    BitWriter writer(out);
    for (const std::int64_t value : values) writer.put(distance(value, plan.first), width);
    return writer.finish();
  }
  if (plan.form == Form::delta || plan.form == Form::golomb_delta) {
    const bool packed = plan.form == Form::delta;
    if (packed) out = number(out, plan.second);
    BitWriter writer(out);
    for (std::size_t i = 1; i < values.size(); ++i) {
      const std::int64_t step = minus(values[i], values[i - 1]);
      packed ? writer.put(distance(step, plan.second), width) : put_golomb(writer, step, width);
    }
    return writer.finish();
  }
  const bool packed = plan.form == Form::delta2;
  out = number(out, plan.second);
  if (packed) out = number(out, plan.third);
  BitWriter writer(out);
  std::int64_t step = plan.second;
  for (std::size_t i = 2; i < values.size(); ++i) {
    const std::int64_t next = minus(values[i], values[i - 1]);
    const std::int64_t change = minus(next, step);
    packed ? writer.put(distance(change, plan.third), width) : put_golomb(writer, change, width);
    step = next;
  }
  return writer.finish();
}

bool read_form(Form form, Cursor& cursor, std::span<std::int64_t> values) noexcept {
  if (values.empty()) return false;
  switch (form) {
    case Form::absent:
    case Form::sparse:
    case Form::extension:
      return false;
    case Form::constant: {
      std::int64_t value = 0;
      if (!cursor.signed_varint(value)) return false;
      std::fill(values.begin(), values.end(), value);
      return true;
    }
    case Form::raw8:
      return read_raw<std::int8_t>(cursor, values);
    case Form::raw16:
      return read_raw<std::int16_t>(cursor, values);
    case Form::raw32:
      return read_raw<std::int32_t>(cursor, values);
    case Form::raw64:
      return read_raw<std::int64_t>(cursor, values);
    case Form::raw_u8:
      return read_raw<std::uint8_t>(cursor, values);
    case Form::raw_u16:
      return read_raw<std::uint16_t>(cursor, values);
    case Form::raw_u32:
      return read_raw<std::uint32_t>(cursor, values);
    default:
      break;
  }
  std::uint8_t width = 0;
  if (!cursor.byte(width) || width > 64) return false;
  switch (form) {
    case Form::plain:
      return read_plain(cursor, width, values);
    case Form::delta:
      return read_delta(cursor, width, values);
    case Form::delta2:
      return read_delta2(cursor, width, values);
    case Form::golomb_delta:
      return read_golomb<false>(cursor, width, values);
    default:
      return read_golomb<true>(cursor, width, values);
  }
}

}  // namespace holdfast::payload
