// What of the shared library can be seen from outside? The public API, and nothing else; and all of
// it that was there before, as long as the number of the ABI is the same.

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "package/install_fixture.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Symbol {
  char type;
  std::string name;  // without the version
};

class ExportsTest : public InstallTest {
 protected:
  std::vector<Symbol> symbols(const Words& options) {
    Words words{HOLDFAST_NM, "-D", "--defined-only"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back(HOLDFAST_SHARED_LIBRARY);
    std::istringstream lines(must(words));
    std::vector<Symbol> found;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string address;
      Symbol symbol;
      fields >> address >> symbol.type >> std::ws;
      std::getline(fields, symbol.name);
      symbol.name.resize(std::min(symbol.name.size(), symbol.name.find("@@")));
      if (symbol.type != 'A') found.push_back(symbol);  // the version itself
    }
    EXPECT_GT(found.size(), 50U);
    return found;
  }
};

TEST_F(ExportsTest, NothingButThePublicApi) {
  std::vector<std::string> strangers;
  for (const Symbol& symbol : symbols({"-C"})) {
    std::string name = symbol.name;
    for (const char* kind : {"typeinfo for ", "typeinfo name for ", "vtable for "}) {
      if (name.starts_with(kind)) name.erase(0, std::string(kind).size());
    }
    if (!name.starts_with("holdfast::")) strangers.push_back(symbol.name);
  }
  EXPECT_THAT(strangers, IsEmpty());
}

TEST_F(ExportsTest, NothingOfTheRoomsInside) {
  std::vector<std::string> strangers;
  for (const auto& room : fs::directory_iterator(HOLDFAST_SOURCE_DIR "/sdk/src")) {
    if (!room.is_directory()) continue;
    const std::string inside = "holdfast::" + room.path().filename().string() + "::";
    for (const Symbol& symbol : symbols({"-C"})) {
      // Its types may be in the arguments of what is public.
      if (symbol.name.substr(0, symbol.name.find('(')).find(inside) != std::string::npos) {
        strangers.push_back(symbol.name);
      }
    }
  }
  EXPECT_THAT(strangers, IsEmpty());
}

// Inline functions (type W) are left out: whether a copy of them is there is the compiler's choice.
TEST_F(ExportsTest, AllThatProgramsWereLinkedWith) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "names contain std::size_t, which is another type here";
  const fs::path list = HOLDFAST_SOURCE_DIR "/tests/package/exported_symbols.txt";
  std::set<std::string> known;
  std::ifstream file(list);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && !line.starts_with('#')) known.insert(line);
  }
  std::set<std::string> today;
  for (const Symbol& symbol : symbols({})) {
    if (symbol.type != 'W') today.insert(symbol.name);
  }
  std::vector<std::string> gone;
  std::set_difference(known.begin(), known.end(), today.begin(), today.end(),
                      std::back_inserter(gone));
  EXPECT_THAT(gone, IsEmpty()) << "programs that were linked with them do not start any more: give "
                                  "them back, or raise HOLDFAST_ABI (docs/UPGRADING.md)";
  std::vector<std::string> fresh;
  std::set_difference(today.begin(), today.end(), known.begin(), known.end(),
                      std::back_inserter(fresh));
  EXPECT_THAT(fresh, IsEmpty()) << "new in the API: add them to " << list;
}

TEST_F(ExportsTest, TheNameHasTheNumberOfTheAbi) {
  const std::string dynamic = must({HOLDFAST_READELF, "-d", HOLDFAST_SHARED_LIBRARY});
  EXPECT_THAT(dynamic, HasSubstr("soname: [libholdfast.so." HOLDFAST_ABI "]"));
  EXPECT_THAT(must({HOLDFAST_READELF, "-V", HOLDFAST_SHARED_LIBRARY}),
              HasSubstr("HOLDFAST_" HOLDFAST_ABI));
  const std::string needed = needed_by(HOLDFAST_SHARED_LIBRARY);
  EXPECT_THAT(needed, HasSubstr("libwolfssl.so"));
  EXPECT_THAT(needed, HasSubstr("libpaho-mqttpp3.so"));
  EXPECT_THAT(needed, HasSubstr("libsqlite3.so"));
  EXPECT_THAT(needed, Not(HasSubstr("libssl")));
  EXPECT_THAT(needed, Not(HasSubstr("flatbuffers")));
}

}  // namespace
}  // namespace holdfast::test
