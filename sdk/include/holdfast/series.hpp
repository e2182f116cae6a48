// Series: many readings of numeric channels in one payload, packed as columns.
//
// A reading every few seconds is a column, not a table. The app declares its channels once, as
// members of a struct (`SeriesOf`, series_of.hpp) or by name (`SeriesLayout`). A batch carries the
// id of that declaration and nothing that the declaration already tells; the declaration itself is
// published once, retained (`SeriesLayout::describe`). docs/formats/series.md has the bytes.
//
// Nothing is lost but what a channel's resolution and the time resolution round away.
//
// Threads: layouts never change and may be shared by any number of threads; a reader or a writer
// belongs to one thread at a time.

#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/export.hpp>
#include <holdfast/limits.hpp>
#include <holdfast/payload.hpp>

namespace holdfast {

namespace payload {
struct DecodedColumns;
}

/// When a reading was taken: milliseconds since 1970-01-01 UTC where `boot` is 0; else since that
/// boot of the device, because nobody knew the date.
struct SeriesTime {
  std::int64_t ms = 0;
  std::uint64_t boot = 0;

  friend bool operator==(const SeriesTime&, const SeriesTime&) = default;
};

/// One value of one channel, or its absence.
class Sample {
 public:
  /// Absent: the GPS had no fix.
  constexpr Sample() noexcept : integer_(0) {}

  template <std::integral T>
  constexpr Sample(T value) noexcept
      : form_(Form::integer), integer_(0) {  // NOLINT: a value is one
    if (std::in_range<std::int64_t>(value)) {
      integer_ = static_cast<std::int64_t>(value);
      return;
    }
    form_ = Form::real;  // too large for every channel of whole numbers, which will say so
    real_ = static_cast<double>(value);
  }
  constexpr Sample(bool value) noexcept  // NOLINT
      : form_(Form::integer), integer_(value ? 1 : 0) {}
  template <std::floating_point T>
  constexpr Sample(T value) noexcept  // NOLINT
      : form_(Form::real), real_(static_cast<double>(value)) {}

  constexpr bool is_absent() const noexcept { return form_ == Form::absent; }
  constexpr bool is_integer() const noexcept { return form_ == Form::integer; }
  constexpr bool is_real() const noexcept { return form_ == Form::real; }

  /// The whole number; 0 for anything else.
  constexpr std::int64_t integer() const noexcept { return is_integer() ? integer_ : 0; }
  /// The number, whole or not; NaN where it is absent.
  constexpr double real() const noexcept {
    if (is_real()) return real_;
    return is_integer() ? static_cast<double>(integer_) : std::numeric_limits<double>::quiet_NaN();
  }

  /// NaN equals nothing, as everywhere.
  friend constexpr bool operator==(const Sample& a, const Sample& b) noexcept {
    if (a.form_ != b.form_) return false;
    if (a.is_integer()) return a.integer_ == b.integer_;
    return a.is_absent() || a.real_ == b.real_;
  }

 private:
  enum class Form : std::uint8_t { absent, integer, real };

  Form form_ = Form::absent;
  union {
    std::int64_t integer_;
    double real_;
  };
};

/// What the values of a channel are. The numbers are part of the format.
enum class ChannelKind : std::uint8_t {
  integer = 1,  ///< whole numbers of 64 bits, exact
  fixed = 2,    ///< multiples of the channel's resolution
  single = 3,   ///< `float`, exact, infinities and NaN (which comes back quiet) included
  real = 4,     ///< `double`, exact, NaN and infinities included
};

struct Channel {
  std::string name;  ///< 1 to `limits::kMaxChannelNameBytes` bytes, no control characters
  /// Above 0: values are rounded to multiples of it, in units of the channel, and the channel is
  /// `fixed` whatever `kind` says. 0: nothing is rounded.
  double resolution = 0;
  std::string unit;  ///< for people, at most `limits::kMaxChannelUnitBytes` bytes; may be empty
  ChannelKind kind = ChannelKind::real;

  friend bool operator==(const Channel&, const Channel&) = default;
};

struct SeriesOptions {
  /// Times are rounded to multiples of it: 1, 10 or 100 ms, 1 or 10 s, 1 or 10 min, or 1 h.
  std::chrono::milliseconds time_resolution{1};
};

/// A declaration of channels. Copies share it.
class HOLDFAST_EXPORT SeriesLayout {
 public:
  /// @throws ConfigError with the field, the value and the mend: no channel or more than
  /// `limits::kMaxSeriesChannels`; a name that is empty, too long, or there twice; a resolution
  /// that is negative or no number; another time resolution than those above.
  explicit SeriesLayout(std::vector<Channel> channels, SeriesOptions options = {});

  const std::vector<Channel>& channels() const noexcept;
  std::chrono::milliseconds time_resolution() const noexcept;

  /// Stands in every batch. Derived from the declaration: the same on every device and in every
  /// release, and another one after any change.
  std::uint32_t id() const noexcept;

  /// The declaration as a finished FlatBuffer (schemas/holdfast/series_layout.fbs), to be published
  /// once, retained.
  std::vector<std::byte> describe() const;

  /// Reads what `describe` wrote. @return nothing and `error` set to `malformed_payload` or
  /// `foreign_payload`, if it is damaged, not one, or says another id than it has. Kinds of
  /// channels that this release does not know are kept; their values cannot be read.
  static std::optional<SeriesLayout> from_description(std::span<const std::byte> bytes,
                                                      std::error_code& error);

  friend HOLDFAST_EXPORT bool operator==(const SeriesLayout& a, const SeriesLayout& b) noexcept;

  struct Data;  // internal
  const Data& data() const noexcept { return *data_; }

 private:
  explicit SeriesLayout(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

  std::shared_ptr<const Data> data_;
};

/// Why a reading was not taken; empty when it was.
struct SeriesRefusal {
  std::error_code error;
  std::string detail;  ///< names the channel and the value

  explicit operator bool() const noexcept { return static_cast<bool>(error); }
};

/// Packs readings into one payload. A device needs none: it merges what waits in its outbox.
class HOLDFAST_EXPORT SeriesWriter {
 public:
  explicit SeriesWriter(SeriesLayout layout);

  /// Adds a reading: samples in the order of the channels. @return `invalid_reading` for another
  /// number of samples, NaN, infinities and too large values in a channel with a resolution, a
  /// fraction in a channel of whole numbers, a time of another boot than the first;
  /// `too_many` beyond `limits::kMaxSeriesRows`. Then nothing was added.
  SeriesRefusal add(const SeriesTime& time, std::span<const Sample> samples);

  std::size_t size() const noexcept { return rows_; }
  const SeriesLayout& layout() const noexcept { return layout_; }

  /// The payload of all that was added, and begins anew; empty if nothing was.
  std::vector<std::byte> finish(const Origin& origin = {});

 private:
  SeriesLayout layout_;
  std::size_t rows_ = 0;
  std::uint64_t boot_ = 0;
  std::vector<std::vector<std::int64_t>> values_;   // [0] are the times
  std::vector<std::vector<std::uint8_t>> present_;  // empty: in all rows so far
};

class SeriesReader;

/// One reading of an opened batch. Lives as long as the reader has this batch open.
class SeriesRow {
 public:
  SeriesRow(const SeriesReader& reader, std::size_t index) noexcept
      : reader_(&reader), index_(index) {}

  std::size_t index() const noexcept { return index_; }
  SeriesTime time() const noexcept;
  /// How many channels there are.
  std::size_t size() const noexcept;
  /// The value of a channel, by its place in the layout.
  Sample operator[](std::size_t channel) const noexcept;

 private:
  const SeriesReader* reader_;
  std::size_t index_;
};

/// One channel of an opened batch. Lives as long as the reader has this batch open.
class HOLDFAST_EXPORT SeriesColumn {
 public:
  SeriesColumn(const SeriesReader& reader, std::size_t channel) noexcept
      : reader_(&reader), channel_(channel) {}

  const Channel& channel() const noexcept;
  std::size_t size() const noexcept;
  Sample operator[](std::size_t row) const noexcept;
  /// False where a newer release wrote this column in a form that is not known here: then all its
  /// values are absent.
  bool is_known() const noexcept;
  /// Whether any row has no value.
  bool has_absences() const noexcept;
  /// The numbers as they were sent, one a row, 0 where absent: whole numbers, multiples of the
  /// resolution, or the bits of a `double` or `float`.
  std::span<const std::int64_t> numbers() const noexcept;
  /// All values as numbers; NaN where absent.
  std::vector<double> reals() const;

 private:
  const SeriesReader* reader_;
  std::size_t channel_;
};

/// Opens batches of one layout. Bytes may come from anywhere: opening verifies them, takes no more
/// memory than `limits::kMaxSeriesRows` rows need, and copies what it keeps.
class HOLDFAST_EXPORT SeriesReader {
 public:
  explicit SeriesReader(SeriesLayout layout);
  SeriesReader(SeriesReader&&) noexcept;
  SeriesReader& operator=(SeriesReader&&) noexcept;
  ~SeriesReader();

  /// Opens a batch in place of the one before. @return `malformed_payload`, `foreign_payload`
  /// (another schema), `unknown_layout` (another declaration; `layout_of` tells its id), or an
  /// empty code. After an error no batch is open.
  std::error_code open(std::span<const std::byte> payload);

  /// The id of the layout that a batch was written with, to find its description.
  static std::optional<std::uint32_t> layout_of(std::span<const std::byte> payload,
                                                std::error_code& error);

  const SeriesLayout& layout() const noexcept { return layout_; }
  /// Readings; 0 while no batch is open.
  std::size_t size() const noexcept { return rows_; }
  /// Empty where the batch was not sent by a stream.
  const std::optional<Origin>& origin() const noexcept { return origin_; }
  /// 0: times are UTC. See `SeriesTime`.
  std::uint64_t boot() const noexcept { return boot_; }

  /// All times in milliseconds.
  std::span<const std::int64_t> times_ms() const noexcept;
  SeriesTime time(std::size_t row) const noexcept { return {times_ms()[row], boot_}; }
  /// @param row below `size()`  @param channel below the number of channels
  Sample sample(std::size_t row, std::size_t channel) const noexcept;
  SeriesColumn column(std::size_t channel) const noexcept { return {*this, channel}; }

  /// Yields the readings in the order in which they were pushed.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = SeriesRow;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    Iterator(const SeriesReader& reader, std::size_t row) noexcept : reader_(&reader), row_(row) {}

    SeriesRow operator*() const noexcept { return {*reader_, row_}; }
    Iterator& operator++() noexcept {
      ++row_;
      return *this;
    }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++row_;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const SeriesReader* reader_ = nullptr;
    std::size_t row_ = 0;
  };
  Iterator begin() const noexcept { return {*this, 0}; }
  Iterator end() const noexcept { return {*this, rows_}; }

 private:
  friend class SeriesColumn;

  SeriesLayout layout_;
  std::size_t rows_ = 0;
  std::uint64_t boot_ = 0;
  std::optional<Origin> origin_;
  std::unique_ptr<payload::DecodedColumns> columns_;
};

inline SeriesTime SeriesRow::time() const noexcept {
  return reader_->time(index_);
}
inline std::size_t SeriesRow::size() const noexcept {
  return reader_->layout().channels().size();
}
inline Sample SeriesRow::operator[](std::size_t channel) const noexcept {
  return reader_->sample(index_, channel);
}
inline std::size_t SeriesColumn::size() const noexcept {
  return reader_->size();
}
inline Sample SeriesColumn::operator[](std::size_t row) const noexcept {
  return reader_->sample(row, channel_);
}

}  // namespace holdfast

#include <holdfast/series_of.hpp>  // IWYU pragma: export
