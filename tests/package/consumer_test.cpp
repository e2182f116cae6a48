// Can somebody else's project be built with what `cmake --install` has put somewhere, or with the
// source as a part of itself, and does it then reach a broker?

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "package/install_fixture.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ConsumerTest : public InstallTest {
 protected:
  std::string prefix_path() const { return "-DCMAKE_PREFIX_PATH=" + prefix().string(); }

  // What configuring the consumer says when it fails.
  std::string refusal(const Words& definitions) {
    Words words{HOLDFAST_CMAKE,
                "-S",
                HOLDFAST_SOURCE_DIR "/tests/package/consumer",
                "-B",
                (dir_.path() / "refused").string(),
                "-G",
                HOLDFAST_GENERATOR,
                "-DCMAKE_CXX_COMPILER=" HOLDFAST_CXX,
                prefix_path()};
    words.insert(words.end(), definitions.begin(), definitions.end());
    const RunResult result = run(words, kBuildBound);
    EXPECT_NE(result.status, 0) << result.output;
    // CMake breaks lines where it likes.
    std::string text;
    for (const char letter : result.output) {
      if (letter == ' ' || letter == '\n') {
        if (!text.ends_with(' ')) text += ' ';
      } else {
        text += letter;
      }
    }
    return text;
  }

  fs::path copy_of_consumer() {
    const fs::path copy = dir_.path() / "copy";
    fs::copy(HOLDFAST_SOURCE_DIR "/tests/package/consumer", copy);
    return copy;
  }

  // The first block of code in a language below a heading of docs/guides/install.md.
  static std::string guide(const std::string& heading, const std::string& language) {
    static const std::string text = read_file(HOLDFAST_SOURCE_DIR "/docs/guides/install.md");
    const std::string opening = "```" + language + "\n";
    const auto section = text.find("\n## " + heading + "\n");
    const auto begin = text.find(opening, section);
    const auto end = text.find("```\n", begin + opening.size());
    if (section == std::string::npos || end == std::string::npos) {
      throw std::runtime_error("the guide has no " + language + " below " + heading);
    }
    return text.substr(begin + opening.size(), end - begin - opening.size());
  }

  ProcessOptions in(const fs::path& folder) const {
    return {.environment = {{"PKG_CONFIG_PATH", (library_dir() / "pkgconfig").string()},
                            {"CXX", HOLDFAST_CXX}},
            .working_directory = folder};
  }
};

TEST_F(ConsumerTest, TheGuidesLinesForCMakeTakeTheSharedLibrary) {
  install();
  const fs::path project = copy_of_consumer();
  write_file(project / "CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.25)\nproject(consumer LANGUAGES CXX)\n" +
                 guide("Build with it: CMake", "cmake"));
  std::string commands = guide("Build with it: CMake", "sh");
  commands.replace(commands.find("/opt/holdfast"), 13, prefix().string());
  must({"sh", "-ec", commands}, in(project));
  const fs::path consumer = project / "build/consumer";
  EXPECT_THAT(needed_by(consumer), HasSubstr("libholdfast.so." HOLDFAST_ABI));
  EXPECT_THAT(needed_by(consumer), Not(HasSubstr("wolfssl")));
  expect_works(consumer);
}

// What is installed names nothing of the source, of the build, or of the rooms inside.
TEST_F(ConsumerTest, WhatIsInstalledCanBeMoved) {
  install();
  std::vector<std::string> found;
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(library_dir())) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".cmake") && !name.ends_with(".pc")) continue;
    ++files;
    const std::string text = read_file(entry.path());
    for (const char* stranger :
         {HOLDFAST_SOURCE_DIR, HOLDFAST_BUILD_DIR, "holdfast_device", "holdfast_base",
          "holdfast_compilation", "PkgConfig::", "PahoMqttCpp::"}) {
      if (text.find(stranger) != std::string::npos) found.push_back(name + ": " + stranger);
    }
    if (text.find(prefix().string()) != std::string::npos) found.push_back(name + ": the prefix");
  }
  EXPECT_THAT(found, IsEmpty());
  EXPECT_GE(files, 9U);  // the config, its version, two kinds of two files, schemas, holdfast.pc
}

TEST_F(ConsumerTest, AllPublicHeadersAreInstalledAndNoOthers) {
  install();
  const auto names_in = [](const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  };
  EXPECT_EQ(names_in(prefix() / "include/holdfast"),
            names_in(HOLDFAST_SOURCE_DIR "/sdk/include/holdfast"));
  EXPECT_EQ(names_in(prefix() / "include"), std::set<std::string>{"holdfast"});
}

TEST_F(ConsumerTest, FindPackageSaysWhatIsMissing) {
  install();
  EXPECT_THAT(
      refusal({"-DHOLDFAST_FLATBUFFERS_INCLUDE=HOLDFAST_FLATBUFFERS_INCLUDE-NOTFOUND",
               "-DCMAKE_FIND_ROOT_PATH=/nowhere", "-DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY",
               "-Dholdfast_DIR=" + (library_dir() / "cmake/holdfast").string()}),
      HasSubstr("apt-get install libflatbuffers-dev"));
  EXPECT_THAT(refusal({"-DHOLDFAST_KIND=green"}), HasSubstr("\"shared\" and \"static\""));
  fs::remove(library_dir() / "cmake/holdfast/holdfast-static.cmake");
  EXPECT_THAT(refusal({"-DHOLDFAST_KIND=static"}), HasSubstr("static library is not installed"));
}

// Another minor version may have another API while the major one is 0.
TEST_F(ConsumerTest, FindPackageRefusesAnotherMinorVersion) {
  install();
  const fs::path project = dir_.path() / "asks";
  fs::create_directory(project);
  const auto ask = [&](const std::string& version) {
    write_file(project / "CMakeLists.txt",
               "cmake_minimum_required(VERSION 3.25)\nproject(asks NONE)\nfind_package(holdfast " +
                   version + " CONFIG)\nmessage(STATUS \"found: ${holdfast_FOUND}\")\n");
    return must({HOLDFAST_CMAKE, "-S", project.string(), "-B", (project / version).string(), "-G",
                 HOLDFAST_GENERATOR, prefix_path()});
  };
  EXPECT_THAT(ask("0.1"), HasSubstr("found: 1"));
  EXPECT_THAT(ask("0.0"), HasSubstr("found: 0"));
  EXPECT_THAT(ask("0.2"), HasSubstr("found: 0"));
  EXPECT_THAT(ask("1.0"), HasSubstr("found: 0"));
}

TEST_F(ConsumerTest, FindPackageTakesTheStaticLibrary) {
  install();
  const fs::path consumer = build_consumer({prefix_path(), "-DHOLDFAST_KIND=static"});
  EXPECT_THAT(needed_by(consumer), Not(HasSubstr("holdfast")));
  EXPECT_THAT(needed_by(consumer), HasSubstr("wolfssl"));
  expect_works(consumer);
  expect_reads_config(consumer);
  EXPECT_EQ(must({(consumer.parent_path() / "tested").string()}), "1 arrived\n");
}

TEST_F(ConsumerTest, TheConfigLibraryGoesWithTheSharedLibrary) {
  install();
  expect_reads_config(build_consumer({prefix_path(), "-DHOLDFAST_KIND=shared"}));
}

TEST_F(ConsumerTest, TheGuidesLinesForPkgConfigTakeTheSharedLibrary) {
  install();
  const fs::path copy = copy_of_consumer();
  must({"sh", "-ec", guide("Build with it: pkg-config", "sh")}, in(copy));
  EXPECT_THAT(needed_by(copy / "consumer"), HasSubstr("libholdfast.so." HOLDFAST_ABI));
  EXPECT_THAT(needed_by(copy / "consumer"), Not(HasSubstr("wolfssl")));
  expect_works(copy / "consumer");
}

TEST_F(ConsumerTest, PkgConfigTakesTheStaticLibrary) {
  install();
  const fs::path copy = copy_of_consumer();
  must({"make", "STATIC=--static", "CXX=" HOLDFAST_CXX}, in(copy));
  EXPECT_THAT(needed_by(copy / "consumer"), Not(HasSubstr("holdfast")));
  expect_works(copy / "consumer");
}

// Builds the whole library, which takes minutes where no compiler cache has it.
TEST_F(ConsumerTest, FullAddSubdirectoryBuildsTheLibraryAndNothingElse) {
  const fs::path consumer = build_consumer({"-DHOLDFAST_SOURCE=" HOLDFAST_SOURCE_DIR,
                                            "-DCMAKE_CXX_COMPILER_LAUNCHER=" HOLDFAST_LAUNCHER},
                                           std::chrono::hours(1));
  const fs::path build = consumer.parent_path();
  for (const char* absent : {"holdfast/sdk/cli", "holdfast/samples", "holdfast/tests"}) {
    EXPECT_FALSE(fs::exists(build / absent)) << absent;
  }
  std::vector<std::string> foreign;  // objects of a room that no device and no test of an app has
  for (const auto& entry : fs::recursive_directory_iterator(build / "holdfast")) {
    const std::string name = entry.path().string();
    if (name.ends_with(".o") && name.find("decoding") != std::string::npos) foreign.push_back(name);
  }
  EXPECT_THAT(foreign, IsEmpty());

  // The project's own source is compiled with the project's own flags.
  const std::string commands = read_file(build / "compile_commands.json");
  const auto at = commands.rfind("\"command\"", commands.find("consumer.cpp"));
  const std::string command = commands.substr(at, commands.find('\n', at) - at);
  ASSERT_THAT(command, HasSubstr("consumer.cpp"));
  EXPECT_THAT(command, Not(HasSubstr(" -W")));
  EXPECT_THAT(command, Not(HasSubstr("-fvisibility")));
  EXPECT_THAT(command, Not(HasSubstr("-fPIC")));
  EXPECT_THAT(command, Not(HasSubstr("ASIO_")));
  EXPECT_THAT(read_file(build / "CMakeCache.txt"), HasSubstr("CMAKE_BUILD_TYPE:STRING=\n"));
  // Nor is anything of Holdfast installed with it.
  EXPECT_THAT(read_file(build / "holdfast/cmake_install.cmake"), Not(HasSubstr("libholdfast")));
  EXPECT_THAT(read_file(build / "holdfast/sdk/cmake_install.cmake"), Not(HasSubstr("libholdfast")));
  expect_works(consumer);
}

}  // namespace
}  // namespace holdfast::test
