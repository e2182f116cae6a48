// Does the gate (sdk/cmake/check-released-schemas.cmake) notice every way of breaking a schema that
// was released, and say which file, which field, and what to do? And does it let pass what is
// allowed?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::evolution {
namespace {

using testing::HasSubstr;

constexpr auto kBound = std::chrono::seconds(60);

constexpr const char* kTruck = R"(include "parts.fbs";

namespace fleet;

file_identifier "TRUK";

enum Gear : ubyte { park, drive, reverse = 7 }

table Door { open: bool; }
table Tank { litres: float = 1.5; }
union Load { Door, Tank }

table Truck {
  id: uint;
  name: string (required);
  gear: Gear = drive;
  spot: Spot;
  load: Load;
  weight: ushort = null;
  spots: [Spot];
}

root_type Truck;
)";

constexpr const char* kParts = R"(namespace fleet;

struct Spot {
  x: int;
  y: int;
}
)";

struct Change {
  const char* name;
  const char* from;
  const char* to;
  std::vector<std::string> says;  // none: it is allowed
};

void PrintTo(const Change& change, std::ostream* out) {
  *out << change.name;
}

class GateTest : public testing::TestWithParam<Change> {
 protected:
  GateTest() {
    dir_.write("released/1.0.0/truck.fbs", kTruck);
    dir_.write("released/1.0.0/parts.fbs", kParts);
    dir_.write("truck.fbs", kTruck);
    dir_.write("parts.fbs", kParts);
  }

  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

  void replace(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = test::read_file(dir_.path() / file);
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    dir_.write(file, text.replace(at, from.size(), to));
  }

  test::RunResult check(const std::vector<std::string>& schemas = {"truck.fbs", "parts.fbs"}) {
    std::string list;
    for (const auto& schema : schemas) list += (list.empty() ? "" : ";") + path(schema);
    const auto settings =
        dir_.write("settings.cmake", "set(FLATC \"" HOLDFAST_FLATC "\")\nset(SCHEMAS \"" + list +
                                         "\")\nset(RELEASED \"" + path("released") +
                                         "\")\nset(WORK \"" + path("work") + "\")\n");
    return test::run({HOLDFAST_CMAKE, "-DSETTINGS=" + settings.string(), "-P",
                      HOLDFAST_SOURCE_DIR "/sdk/cmake/check-released-schemas.cmake"},
                     kBound);
  }

  test::TempDir dir_;
};

INSTANTIATE_TEST_SUITE_P(
    Breaks, GateTest,
    testing::Values(
        Change{"Identifier",
               "\"TRUK\"",
               "\"TRUC\"",
               {"truck.fbs", "file_identifier", "TRUK", "1.0.0", "give it back"}},
        Change{"Root",
               "root_type Truck",
               "root_type Tank",
               {"truck.fbs", "root_type was fleet.Truck", "fleet.Tank", "give it back"}},
        Change{
            "Default",
            "litres: float = 1.5",
            "litres: float = 2.5",
            {"truck.fbs", "fleet.Tank.litres", "default 1.5", "2.5", "give it back its default"}},
        Change{"DefaultOfAnEnum",
               "gear: Gear = drive",
               "gear: Gear = park",
               {"fleet.Truck.gear", "default 1", "has 0", "give it back its default"}},
        Change{"NullToADefault",
               "weight: ushort = null",
               "weight: ushort",
               {"fleet.Truck.weight", "default null", "has 0"}},
        Change{"ADefaultToNull", "id: uint;", "id: uint = null;", {"fleet.Truck.id", "has null"}},
        Change{"Type",
               "id: uint;",
               "id: ulong;",
               {"fleet.Truck.id", "type uint", "is ulong", "new field, after all others"}},
        Change{"TypeOfTheSameSize", "id: uint;", "id: int;", {"fleet.Truck.id", "is int"}},
        Change{"ElementType",
               "spots: [Spot]",
               "spots: [Door]",
               {"fleet.Truck.spots", "[fleet.Spot]", "[fleet.Door]"}},
        Change{"RenamedField",
               "id: uint;",
               "number: uint;",
               {"fleet.Truck.id", "is called number now", "give it back its name"}},
        Change{"LastFieldRemoved",
               "  spots: [Spot];\n",
               "",
               {"fleet.Truck.spots", "is gone", "(deprecated)"}},
        Change{"MiddleFieldRemoved",
               "  weight: ushort = null;\n",
               "",
               {"fleet.Truck.weight", "is gone"}},
        Change{"FieldsSwapped",
               "  id: uint;\n  name: string (required);",
               "  name: string (required);\n  id: uint;",
               {"fleet.Truck.id", "0. field", "1. now", "put it back in its place"}},
        Change{"FieldInserted",
               "  gear: Gear = drive;",
               "  colour: uint;\n  gear: Gear = drive;",
               {"fleet.Truck.gear", "2. field", "3. now"}},
        Change{"RequiredTakenAway",
               "name: string (required)",
               "name: string",
               {"fleet.Truck.name", "was required", "put (required) back"}},
        Change{"RequiredAdded",
               "spots: [Spot]",
               "spots: [Spot] (required)",
               {"fleet.Truck.spots", "take (required) away"}},
        Change{"NewRequiredField",
               "spots: [Spot];",
               "spots: [Spot]; more: string (required);",
               {"fleet.Truck.more", "new", "take (required) away"}},
        Change{"EnumType",
               "enum Gear : ubyte",
               "enum Gear : ushort",
               {"enum fleet.Gear", "type ubyte", "is ushort", "give it back its type"}},
        Change{"EnumValueRenumbered",
               "reverse = 7",
               "reverse = 8",
               {"fleet.Gear.reverse", "was 7", "is 8", "give it back its number"}},
        Change{"EnumValueRenamed",
               "reverse = 7",
               "back = 7",
               {"fleet.Gear.reverse", "is gone", "put it back"}},
        Change{"EnumValueInserted",
               "park, drive",
               "park, neutral, drive",
               {"fleet.Gear.drive", "was 1", "is 2"}},
        Change{"UnionMembersSwapped",
               "union Load { Door, Tank }",
               "union Load { Tank, Door }",
               {"fleet.Load.Door", "was 1", "is 2"}},
        Change{"UnionMemberRemoved",
               "union Load { Door, Tank }",
               "union Load { Door }",
               {"fleet.Load.Tank", "is gone"}},
        Change{"UnionMemberOfAnotherType",
               "union Load { Door, Tank }",
               "union Load { Door, Tank: Door }",
               {"fleet.Load.Tank", "fleet.Tank", "fleet.Door", "give it back its type"}},
        Change{
            "TableRenamed",
            "table Door { open: bool; }\ntable Tank { litres: float = 1.5; }\nunion "
            "Load { Door, Tank }",
            "table Gate { open: bool; }\ntable Tank { litres: float = 1.5; }\nunion Load { Door: "
            "Gate, Tank }",
            {"table fleet.Door", "is gone", "give it back its name"}},
        Change{"StructGrew",
               "  y: int;",
               "  y: int;\n  z: int;",
               {"parts.fbs", "fleet.Spot.z", "new in a struct", "a struct never changes"}},
        Change{"StructOfAnotherAlignment",
               "struct Spot",
               "struct Spot (force_align: 8)",
               {"parts.fbs", "struct fleet.Spot", "aligned to 4"}},
        Change{"StructToTable",
               "struct Spot",
               "table Spot",
               {"parts.fbs", "fleet.Spot", "was a struct", "make it a struct again"}},
        Change{"Namespace", "namespace fleet;", "namespace lorry;", {"fleet.Truck", "is gone"}}),
    [](const auto& instance) { return std::string(instance.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Allows, GateTest,
    testing::Values(Change{"NothingChanged", "TRUK", "TRUK", {}},
                    Change{"AComment", "table Truck {", "/// Ours.\ntable Truck {", {}},
                    Change{"ANewField", "spots: [Spot];", "spots: [Spot]; more: [Door];", {}},
                    Change{"ANewEnumValue", "reverse = 7", "reverse = 7, neutral", {}},
                    Change{"ANewUnionMember", "{ Door, Tank }", "{ Door, Tank, Truck }", {}},
                    Change{"ANewTable", "root_type", "table Wheel { air: bool; }\nroot_type", {}},
                    Change{"ADeprecatedField", "id: uint;", "id: uint (deprecated);", {}}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(GateTest, IsJudged) {
  const Change& change = GetParam();
  for (const char* file : {"truck.fbs", "parts.fbs"}) {
    if (test::read_file(dir_.path() / file).find(change.from) != std::string::npos) {
      replace(file, change.from, change.to);
    }
  }
  const auto result = check();
  if (change.says.empty()) {
    EXPECT_EQ(result.status, 0) << result.output;
    return;
  }
  EXPECT_NE(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("mend:"));
  for (const std::string& text : change.says) EXPECT_THAT(result.output, HasSubstr(text));
}

using Gate = GateTest;

TEST_F(Gate, MissesAFileThatIsGone) {
  const auto result = check({"truck.fbs"});
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("parts.fbs: was released with 1.0.0"));
  EXPECT_THAT(result.output, HasSubstr("put it back among SCHEMAS"));
}

TEST_F(Gate, ComparesWithEveryRelease) {
  dir_.write("released/1.1.0/truck.fbs", kTruck);
  dir_.write("released/1.1.0/parts.fbs", kParts);
  replace("released/1.1.0/truck.fbs", "spots: [Spot];", "spots: [Spot]; colour: uint;");
  const auto result = check();
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("fleet.Truck.colour was released with 1.1.0 and is gone"));
}

TEST_F(Gate, TellsAllBreaksAtOnce) {
  replace("truck.fbs", "id: uint;", "id: ulong;");
  replace("truck.fbs", "reverse = 7", "reverse = 8");
  const auto result = check();
  EXPECT_THAT(result.output, HasSubstr("fleet.Truck.id"));
  EXPECT_THAT(result.output, HasSubstr("fleet.Gear.reverse"));
  EXPECT_THAT(result.output, HasSubstr("Breaks with what was released: 2."));
}

TEST_F(Gate, IsNoGateWithoutAnythingReleased) {
  std::filesystem::remove_all(dir_.path() / "released/1.0.0");
  const auto result = check();
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("has no schemas, so nothing was compared"));
}

TEST_F(Gate, ShowsWhatFlatcSaysOfASchemaThatIsNone) {
  replace("truck.fbs", "id: uint;", "id: unit;");
  const auto result = check();
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("type referenced but not defined"));
}

}  // namespace
}  // namespace holdfast::evolution
