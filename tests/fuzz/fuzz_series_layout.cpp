// A description of a series from a broker: it is a layout or refused, and a layout describes itself
// in the same words.

#include <holdfast/series.hpp>

#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::error_code error;
  const auto layout = SeriesLayout::from_description(fuzz::bytes_of(data, size), error);
  fuzz::require(layout.has_value() != static_cast<bool>(error), "either a layout or an error");
  if (!layout) {
    fuzz::require(error == Errc::malformed_payload || error == Errc::foreign_payload,
                  "one of two errors");
    return 0;
  }
  fuzz::require(!layout->channels().empty(), "it has channels");
  const auto again = SeriesLayout::from_description(layout->describe(), error);
  fuzz::require(again.has_value() && *again == *layout && again->id() == layout->id(),
                "it describes itself");
  const std::vector<Sample> none(layout->channels().size());
  SeriesWriter writer(*layout);
  fuzz::require(!writer.add({}, none), "and takes readings");
  return 0;
}
