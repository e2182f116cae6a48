// The error that answers a command, from whoever may publish there: it is taken or is none.

#include <holdfast/limits.hpp>

#include "commands/command_error.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto error = commands::decode_error(fuzz::bytes_of(data, size));
  if (!error) return 0;
  fuzz::require(error->text.size() <= limits::kMaxCommandErrorBytes, "a text within its bound");
  fuzz::require(to_string(error->reason) != "unknown", "a reason that has a name");
  (void)commands::errc_of(error->reason);
  const auto again = commands::decode_error(commands::encode_error(*error));
  fuzz::require(again && again->code == error->code && again->reason == error->reason &&
                    again->text == error->text,
                "what was written is read as the same");
  return 0;
}
