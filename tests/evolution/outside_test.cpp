// Does holdfast_add_schemas serve an app's own project, which has the function, flatc and nothing
// else of this repository? And does it say what is wrong with bad input?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::evolution {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr auto kBound = std::chrono::seconds(100);

constexpr const char* kProject = R"(cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES CXX)
enable_testing()
include(holdfast/HoldfastSchemas.cmake)
holdfast_add_schemas(app_schemas SCHEMAS schemas/truck/reading.fbs schemas/order.fbs RELEASED released)
add_executable(app app.cpp)
target_compile_features(app PRIVATE cxx_std_20)
target_link_libraries(app PRIVATE app_schemas)
get_target_property(binary_schemas app_schemas HOLDFAST_BINARY_SCHEMAS)
file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/binary_schemas" CONTENT "${binary_schemas}")
)";

constexpr const char* kReading =
    R"(// A root_type of "Nothing"; in a comment. /* Nor this: root_type Nothing; */
include "../common/spot.fbs";
namespace fleet.truck;
file_identifier "READ";
/* root_type Nothing; */
table Reading { at: fleet.Spot; speed: ushort; }
root_type Reading;
)";

constexpr const char* kSpot = "namespace fleet;\nstruct Spot { x: int; y: int; }\n";
constexpr const char* kOrder =
    "table Order { id: uint; }\nroot_type Order;\nfile_identifier \"ORDR\";\n";

constexpr const char* kApp = R"(#include "order_generated.h"
#include "reading_generated.h"
static_assert(holdfast::Schema<fleet::truck::Reading>::identifier == "READ");
static_assert(holdfast::Schema<fleet::truck::Reading>::name == "fleet.truck.Reading");
static_assert(holdfast::Schema<Order>::identifier == "ORDR");
int main() {
  const fleet::Spot spot(1, 2);
  return spot.x() - 1;
}
)";

class OutsideTest : public testing::Test {
 protected:
  OutsideTest() {
    fs::create_directories(dir_.path() / "app/holdfast");
    for (const char* file : {"HoldfastSchemas.cmake", "read-schema.cmake",
                             "append-schema-traits.cmake", "check-released-schemas.cmake"}) {
      fs::copy_file(fs::path(HOLDFAST_SOURCE_DIR "/sdk/cmake") / file,
                    dir_.path() / "app/holdfast" / file);
    }
    dir_.write("app/CMakeLists.txt", kProject);
    dir_.write("app/app.cpp", kApp);
    dir_.write("app/schemas/truck/reading.fbs", kReading);
    dir_.write("app/schemas/common/spot.fbs", kSpot);
    dir_.write("app/schemas/order.fbs", kOrder);
    fs::create_directories(dir_.path() / "app/released");
    fs::copy(dir_.path() / "app/schemas", dir_.path() / "app/released/1.0.0",
             fs::copy_options::recursive);
  }

  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

  test::RunResult configure() {
    return test::run({HOLDFAST_CMAKE, "-S", path("app"), "-B", path("build"), "-G", "Ninja",
                      "-DCMAKE_CXX_COMPILER=" HOLDFAST_CXX, "-DHOLDFAST_FLATC=" HOLDFAST_FLATC},
                     kBound);
  }
  test::RunResult build() { return test::run({HOLDFAST_CMAKE, "--build", path("build")}, kBound); }
  test::RunResult check() {
    return test::run({HOLDFAST_CTEST, "--test-dir", path("build"), "--output-on-failure"}, kBound);
  }

  /// What is said of this schema instead of the good one; CMake breaks its lines.
  std::string refusal_of(const std::string& order) {
    dir_.write("app/schemas/order.fbs", order);
    return refusal();
  }
  std::string refusal() {
    auto result = configure();
    EXPECT_NE(result.status, 0) << result.output;
    std::string text = result.output;
    std::string flat;
    for (const char c : text) {
      const char next = c == '\n' ? ' ' : c;
      if (next != ' ' || flat.empty() || flat.back() != ' ') flat += next;
    }
    return flat;
  }

  test::TempDir dir_;
};

TEST_F(OutsideTest, AProjectOfItsOwnBuildsAndIsChecked) {
  auto result = configure();
  ASSERT_EQ(result.status, 0) << result.output;
  result = build();
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_EQ(test::run({path("build/app")}, kBound).status, 0);
  const std::string binary = test::read_file(dir_.path() / "build/binary_schemas");
  EXPECT_EQ(binary,
            path("build/app_schemas/reading.bfbs") + ";" + path("build/app_schemas/order.bfbs"));
  EXPECT_TRUE(fs::exists(path("build/app_schemas/reading.bfbs")));
  result = check();
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("schemas.app_schemas"));

  // A break in an included schema, while the build directory stays.
  dir_.write("app/schemas/common/spot.fbs", "namespace fleet;\nstruct Spot { x: int; z: int; }\n");
  ASSERT_EQ(build().status, 0);
  result = check();
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(
      result.output,
      AllOf(HasSubstr("spot.fbs: field fleet.Spot.y was released with 1.0.0"), HasSubstr("mend:")));
  EXPECT_THAT(test::read_file(dir_.path() / "build/app_schemas/spot_generated.h"), HasSubstr("z_"));
}

TEST_F(OutsideTest, ASchemaWithoutARootTypeIsRefused) {
  EXPECT_THAT(
      refusal_of("table Order { id: uint; }\nfile_identifier \"ORDR\";\n"),
      AllOf(HasSubstr("schemas/order.fbs"), HasSubstr("no root_type"), HasSubstr("add a line")));
}

TEST_F(OutsideTest, ASchemaWithoutAFileIdentifierIsRefused) {
  EXPECT_THAT(refusal_of("table Order { id: uint; }\nroot_type Order;\n"),
              AllOf(HasSubstr("schemas/order.fbs"), HasSubstr("no file_identifier"),
                    HasSubstr("add a line")));
}

TEST_F(OutsideTest, AFileIdentifierOfTheWrongLengthIsRefused) {
  EXPECT_THAT(
      refusal_of("table Order { id: uint; }\nroot_type Order;\nfile_identifier \"ORDER\";\n"),
      AllOf(HasSubstr("schemas/order.fbs"), HasSubstr("\"ORDER\" has 5 characters"),
            HasSubstr("must have 4")));
}

TEST_F(OutsideTest, TwoSchemasWithOneIdentifierAreRefused) {
  EXPECT_THAT(
      refusal_of("table Order { id: uint; }\nroot_type Order;\nfile_identifier \"READ\";\n"),
      AllOf(HasSubstr("schemas/order.fbs"), HasSubstr("\"READ\" belongs to another"),
            HasSubstr("give it one of its own")));
}

TEST_F(OutsideTest, AMissingSchemaIsRefused) {
  fs::remove(path("app/schemas/order.fbs"));
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("schemas/order.fbs does not exist"), HasSubstr("check its name")));
}

TEST_F(OutsideTest, AMissingIncludeIsRefused) {
  fs::remove(path("app/schemas/common/spot.fbs"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("reading.fbs includes \"../common/spot.fbs\""),
                               HasSubstr("does not exist")));
}

TEST_F(OutsideTest, TwoSchemasOfOneNameAreRefused) {
  dir_.write("app/schemas/common/order.fbs", kOrder);
  dir_.write("app/schemas/order.fbs", std::string("include \"common/order.fbs\";\n") + kOrder);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("schemas/common/order.fbs"),
                               HasSubstr("have the same name"), HasSubstr("rename one of them")));
}

TEST_F(OutsideTest, AMissingDirectoryOfReleasesIsRefused) {
  fs::remove_all(path("app/released"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("app/released does not exist"),
                               HasSubstr("a folder named for the version")));
}

}  // namespace
}  // namespace holdfast::evolution
