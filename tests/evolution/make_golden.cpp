// Writes the golden bytes of a release: make_golden schemas/released/VERSION/golden
//
// Run once, when the schemas of a version are copied to schemas/released; the bytes are committed,
// and never made again. Their content is in content_today.hpp, which is then copied to
// content_VERSION.hpp.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <holdfast/payload.hpp>

#include "board_generated.h"
#include "budget_state_generated.h"
#include "command_generated.h"
#include "content_today.hpp"
#include "envelope_generated.h"
#include "idle_state_generated.h"
#include "ledger_generated.h"
#include "pin_report_generated.h"
#include "pin_set_generated.h"
#include "reading_generated.h"
#include "ticket_store_generated.h"
#include "trust_state_generated.h"

namespace {

using namespace holdfast;
using namespace holdfast::evolution;

template <class T, class Fill>
void write(const std::filesystem::path& folder, const std::string& name, Fill fill) {
  typename T::NativeTableType object;
  fill(object);
  const auto bytes = pack<T>(object);
  std::ofstream file(folder / (name + ".bin"), std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.flush();
  if (!file) std::fprintf(stderr, "%s.bin cannot be written\n", name.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "make_golden FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  write<wire::BudgetState>(folder, "budget_state", [](auto& t) { today::fill_budget_state(t); });
  write<wire::Envelope>(folder, "envelope", [](auto& t) { today::fill_envelope(t); });
  write<wire::IdleState>(folder, "idle_state", [](auto& t) { today::fill_idle_state(t); });
  write<wire::Ledger>(folder, "ledger", [](auto& t) { today::fill_ledger(t); });
  write<wire::PinReport>(folder, "pin_report", [](auto& t) { today::fill_pin_report(t); });
  write<wire::PinSet>(folder, "pin_set", [](auto& t) { today::fill_pin_set(t); });
  write<wire::TicketStore>(folder, "ticket_store", [](auto& t) { today::fill_ticket_store(t); });
  write<wire::TrustState>(folder, "trust_state", [](auto& t) { today::fill_trust_state(t); });
  write<board::BoardReading>(folder, "board", [](auto& t) { today::fill_board_reading(t); });
  write<Command>(folder, "command", [](auto& t) { today::fill_command(t); });
  write<Reading>(folder, "reading", [](auto& t) { today::fill_reading(t); });
  return 0;
}
