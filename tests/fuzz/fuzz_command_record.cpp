// A record of a command, damaged or tampered with: it is taken or refused, and a memory of it keeps
// to its bounds.

#include <string>

#include <holdfast/limits.hpp>

#include "commands/memory.hpp"
#include "commands/memory_record.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  const auto one = commands::decode_record({data, size}, why);
  if (!one) {
    fuzz::require(!why.empty(), "a refusal says why");
    return 0;
  }
  fuzz::require(commands::decode_record(commands::encode_record(*one), why) == one,
                "what was written is read as the same");
  using Standing = commands::Memory::Standing;
  commands::Memory memory(limits::kCommandReach);
  memory.found(*one);
  memory.found(*one);
  fuzz::require(memory.size() == 1, "one command is one");
  fuzz::require(memory.look(one->id, one->request) != Standing::unknown, "and is known");
  fuzz::require(memory.reply_bytes() <= limits::kKeptReplyBytes, "within bounds");
  fuzz::require(memory.make_room(memory.last_seen()), "there is room for another");
  return 0;
}
