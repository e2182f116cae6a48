// A line on the status socket: one of the few that are known, or told what is wrong with it.

#include "fuzz.hpp"
#include "observe/documents.hpp"
#include "observe/request.hpp"

#include <holdfast/limits.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using What = observe::Request::What;
  const std::string_view line = fuzz::text_of(data, size);
  std::string why;
  const auto request = observe::parse_request(line, why);
  if (!request) {
    fuzz::require(!why.empty(), "a refusal says why");
    const std::string told = observe::error_document(why);
    for (const char c : told) fuzz::require(c >= ' ' && c < 0x7F, "what is told is plain ASCII");
    return 0;
  }
  fuzz::require(why.empty(), "nothing is wrong with what is taken");
  const bool counts = request->what == What::events;
  fuzz::require(counts == (request->count > 0), "only events have a number");
  fuzz::require(request->count <= limits::kKeptEvents, "which is bounded");
  return 0;
}
