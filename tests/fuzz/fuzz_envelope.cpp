// A payload from a broker: opened, verified, and every field of it read.

#include <vector>

#include <holdfast/payload.hpp>

#include "command_generated.h"
#include "fuzz.hpp"
#include "reading_generated.h"

namespace {

template <class T>
void read_all(std::span<const std::byte> bytes) {
  using namespace holdfast;
  std::error_code error;
  const T* root = verify<T>(bytes, error);
  fuzz::require((root == nullptr) == static_cast<bool>(error), "either a root or an error");
  if (root == nullptr) {
    fuzz::require(error == Errc::malformed_payload || error == Errc::foreign_payload,
                  "one of two errors");
    return;
  }
  typename T::NativeTableType object;
  root->UnPackTo(&object);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto input = fuzz::bytes_of(data, size);
  const std::vector<std::byte> payload(input.begin(), input.end());  // aligned, as a Message's is
  Body body;
  if (const auto error = open_envelope(payload, body)) {
    fuzz::require(error == Errc::malformed_payload, "an envelope is damaged or it is none");
    return 0;
  }
  if (body.origin) {
    fuzz::require(body.origin->sequence > 0, "sequence numbers begin with 1");
  } else {
    fuzz::require(body.bytes.data() == payload.data(), "what is no envelope passes");
  }
  read_all<Reading>(body.bytes);
  read_all<Command>(body.bytes);
  return 0;
}
