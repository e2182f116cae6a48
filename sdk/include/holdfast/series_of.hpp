// A series whose channels are members of a struct:
//
//   struct Fix { std::optional<double> lat, lon; float speed; std::uint8_t fuel; };
//   const holdfast::SeriesOf<Fix> kDrive({.time_resolution = 1s},
//                                        {{"lat", &Fix::lat, {.resolution = 1e-7, .unit = "deg"}},
//                                         {"lon", &Fix::lon, {.resolution = 1e-7, .unit = "deg"}},
//                                         {"speed", &Fix::speed, {.resolution = 0.01, .unit =
//                                         "m/s"}},
//                                         {"fuel", &Fix::fuel, {.unit = "%"}}});
//
// Members are of any arithmetic type, or a `std::optional` of one where a value may be absent.
//
// Threads: a `SeriesOf` never changes; any thread may use it.

#pragma once

#include <cmath>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <type_traits>

#include <holdfast/series.hpp>

namespace holdfast {

struct MemberOptions {
  double resolution = 0;  ///< see `Channel::resolution`
  std::string unit;
};

namespace detail {

template <class T>
struct MemberType {
  using Number = T;
  static constexpr bool kOptional = false;
};
template <class T>
struct MemberType<std::optional<T>> {
  using Number = T;
  static constexpr bool kOptional = true;
};

/// A sample as a member's type; what does not fit is cut to its range.
template <class Number>
Number number_from(const Sample& sample) noexcept {
  if constexpr (std::is_floating_point_v<Number>) {
    return static_cast<Number>(sample.real());
  } else if constexpr (std::is_same_v<Number, bool>) {
    return sample.is_integer() ? sample.integer() != 0 : sample.real() > 0;
  } else {
    using Range = std::numeric_limits<Number>;
    if (sample.is_integer()) {
      const std::int64_t value = sample.integer();
      if (std::in_range<Number>(value)) return static_cast<Number>(value);
      return value < 0 ? Range::min() : Range::max();
    }
    const double value = std::nearbyint(sample.real());
    if (!(value > static_cast<double>(Range::min()))) return std::isnan(value) ? 0 : Range::min();
    return value >= static_cast<double>(Range::max()) ? Range::max() : static_cast<Number>(value);
  }
}

}  // namespace detail

template <class Row>
class SeriesOf {
 public:
  /// One channel and the member that holds it.
  class Member {
   public:
    template <class T>
    Member(std::string name, T Row::*member, MemberOptions options = {}) {
      using Type = detail::MemberType<T>;
      using Number = typename Type::Number;
      static_assert(std::is_arithmetic_v<Number> && !std::is_same_v<Number, long double>,
                    "a channel is a number, or an optional number");
      static_assert(std::is_trivially_copyable_v<T>);
      const Row probe{};
      offset_ = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&(probe.*member)) -
                                         reinterpret_cast<const std::byte*>(&probe));
      get_ = &get<T>;
      set_ = &set<T>;
      channel_.name = std::move(name);
      channel_.resolution = options.resolution;
      channel_.unit = std::move(options.unit);
      channel_.kind = std::is_integral_v<Number>      ? ChannelKind::integer
                      : std::is_same_v<Number, float> ? ChannelKind::single
                                                      : ChannelKind::real;
    }

   private:
    friend class SeriesOf;

    // Bytes are copied, because a member of a packed struct may lie at any place.
    template <class T>
    static Sample get(const std::byte* member) noexcept {
      T value{};
      std::memcpy(&value, member, sizeof value);
      if constexpr (detail::MemberType<T>::kOptional) {
        return value ? Sample(*value) : Sample();
      } else {
        return Sample(value);
      }
    }
    template <class T>
    static void set(std::byte* member, const Sample& sample) noexcept {
      T value{};
      if (!detail::MemberType<T>::kOptional || !sample.is_absent()) {
        value = detail::number_from<typename detail::MemberType<T>::Number>(sample);
      }
      std::memcpy(member, &value, sizeof value);
    }

    std::size_t offset_ = 0;
    Sample (*get_)(const std::byte*) noexcept = nullptr;
    void (*set_)(std::byte*, const Sample&) noexcept = nullptr;
    Channel channel_;
  };

  /// @throws ConfigError as `SeriesLayout` does.
  SeriesOf(SeriesOptions options, std::initializer_list<Member> members)
      : members_(members), layout_(channels_of(members), options) {}

  const SeriesLayout& layout() const noexcept { return layout_; }

  /// The samples of `row` in the order of the channels.
  /// @param row what is read
  /// @param out has room for all channels
  void samples(const Row& row, std::span<Sample> out) const noexcept {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      out[i] = members_[i].get_(reinterpret_cast<const std::byte*>(&row) + members_[i].offset_);
    }
  }

  /// A row of an opened batch of this layout. A value that is absent is NaN or 0 in a member that
  /// is no `std::optional`.
  Row row(const SeriesRow& from) const {
    Row row{};
    for (std::size_t i = 0; i < members_.size(); ++i) {
      members_[i].set_(reinterpret_cast<std::byte*>(&row) + members_[i].offset_, from[i]);
    }
    return row;
  }

  /// Adds a row to a writer of this layout.
  SeriesRefusal add(SeriesWriter& writer, const SeriesTime& time, const Row& row) const {
    Sample samples_of_row[limits::kMaxSeriesChannels];
    samples(row, samples_of_row);
    return writer.add(time, std::span(samples_of_row, members_.size()));
  }

  SeriesWriter writer() const { return SeriesWriter(layout_); }
  SeriesReader reader() const { return SeriesReader(layout_); }

 private:
  static std::vector<Channel> channels_of(std::initializer_list<Member> members) {
    std::vector<Channel> channels;
    for (const Member& member : members) channels.push_back(member.channel_);
    return channels;
  }

  std::vector<Member> members_;
  SeriesLayout layout_;
};

}  // namespace holdfast
