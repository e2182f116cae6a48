// The direction of the dependencies, read from the sources: which folder includes what.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace holdfast {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

const fs::path kSdk = HOLDFAST_SOURCE_DIR "/sdk";

struct Include {
  std::string file;    // relative to sdk/
  std::string header;  // as it is written
};

std::vector<Include> includes_below(const fs::path& folder) {
  static const std::regex line(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  std::vector<Include> includes;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp") continue;
    std::ifstream file(entry.path());
    std::smatch match;
    for (std::string text; std::getline(file, text);) {
      if (std::regex_search(text, match, line)) {
        includes.push_back({fs::relative(entry.path(), kSdk).string(), match[1]});
      }
    }
  }
  return includes;
}

// Files that include a header of this pattern, apart from those below `allowed`.
std::vector<std::string> offenders(const fs::path& folder, const std::string& pattern,
                                   const std::string& allowed = "nowhere/") {
  const std::regex wanted(pattern);
  std::vector<std::string> found;
  for (const Include& include : includes_below(folder)) {
    if (std::regex_search(include.header, wanted) && !include.file.starts_with(allowed)) {
      found.push_back(include.file + " includes " + include.header);
    }
  }
  return found;
}

TEST(PublicHeaders, IncludeNothingOfThirdPartiesButFlatBuffers) {
  std::vector<std::string> strangers;
  for (const Include& include : includes_below(kSdk / "include")) {
    const bool standard = include.header.find('/') == std::string::npos &&
                          include.header.find('.') == std::string::npos;
    const bool ours = include.header.starts_with("holdfast/");
    if (!standard && !ours && include.header != "flatbuffers/flatbuffers.h") {
      strangers.push_back(include.file + " includes " + include.header);
    }
  }
  EXPECT_THAT(strangers, IsEmpty());
}

TEST(PublicHeaders, NameNoTypeOfALibraryBehindThem) {
  static const std::regex names(R"(\b(asio::|WOLFSSL|wolfSSL_|MQTTAsync|mqtt::|sqlite3))");
  for (const auto& entry : fs::directory_iterator(kSdk / "include/holdfast")) {
    std::ifstream file(entry.path());
    for (std::string text; std::getline(file, text);) {
      const std::string code = text.substr(0, text.find("//"));
      EXPECT_FALSE(std::regex_search(code, names)) << entry.path().filename() << ": " << text;
    }
  }
}

TEST(Sources, IncludePahoOnlyInMqtt) {
  // "mqtt/…" is both Paho's folder of headers and the name of our room: told apart by <…>.
  static const std::regex paho(R"(^\s*#\s*include\s*(<mqtt/|["<]MQTT))");
  std::set<std::string> folders;
  for (const auto& entry : fs::recursive_directory_iterator(kSdk)) {
    if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp") continue;
    std::ifstream file(entry.path());
    for (std::string text; std::getline(file, text);) {
      if (std::regex_search(text, paho)) {
        folders.insert(fs::relative(entry.path().parent_path(), kSdk).string());
      }
    }
  }
  EXPECT_EQ(folders, std::set<std::string>{"src/mqtt"});
}

TEST(Sources, IncludeWolfsslOnlyInChannelCryptoAndTheCommandLine) {
  for (const std::string& offender : offenders(kSdk, "^wolfssl/", "src/channel/")) {
    EXPECT_TRUE(offender.starts_with("src/crypto/") || offender.starts_with("cli/")) << offender;
  }
  EXPECT_FALSE(offenders(kSdk, "^wolfssl/").empty()) << "the pattern finds nothing at all";
}

TEST(Sources, IncludeSqliteOnlyInOutbox) {
  EXPECT_THAT(offenders(kSdk, "^sqlite3", "src/outbox/"), IsEmpty());
}

TEST(Sources, IncludeTomlOnlyInConfig) {
  EXPECT_THAT(offenders(kSdk, "^toml", "src/config/"), IsEmpty());
  EXPECT_FALSE(offenders(kSdk, "^toml").empty()) << "the pattern finds nothing at all";
}

// A device in a test's world has no other clock than the world's (decision 0031).
TEST(Sources, ReadClocksOnlyWhereTheSystemIsReached) {
  static const std::regex clock(R"(_clock::now\(|clock_gettime|std::random_device)");
  std::set<std::string> files;
  for (const char* room :
       {"base", "session", "budget", "ledger", "pinning", "payload", "presence", "resumption",
        "commands", "observe", "outbox", "twin", "state", "device", "testing"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kSdk / "src" / room)) {
      std::ifstream file(entry.path());
      for (std::string text; std::getline(file, text);) {
        if (std::regex_search(text, clock)) files.insert(fs::relative(entry.path(), kSdk).string());
      }
    }
  }
  const std::set<std::string> allowed{
      "src/base/surroundings.cpp", "src/device/boot_time.cpp", "src/device/paho_link.cpp",
      "src/device/system_environment.cpp", "src/device/trusted_time.cpp"};
  EXPECT_EQ(files, allowed);
}

TEST(Sources, IncludeNoOpenssl) {
  EXPECT_THAT(offenders(kSdk, "^openssl/"), IsEmpty());
}

TEST(PureRooms, KnowNeitherSocketsNorThreads) {
  for (const char* room : {"session", "budget", "ledger", "pinning", "payload", "decoding",
                           "resumption", "commands"}) {
    EXPECT_THAT(offenders(kSdk / "src" / room,
                          "^(asio|sys/|netinet/|unistd|thread$|mutex$|atomic$|future$)"),
                IsEmpty());
  }
}

TEST(PureRooms, IncludeNoOtherRoomButBase) {
  for (const std::string room :
       {"session", "budget", "ledger", "pinning", "payload", "outbox", "crypto"}) {
    // Readings become one message in the outbox.
    const std::string known = room == "outbox" ? "base/|payload/|" : "base/|";
    EXPECT_THAT(offenders(kSdk / "src" / room,
                          "^(?!" + known + room +
                              "/)(session|budget|ledger|pinning|payload|resumption|crypto|"
                              "state|channel|relay|mqtt|outbox|device)/"),
                IsEmpty());
  }
}

// What it tells of a device is handed to it: it asks nobody. A trace knows packets by the relay's
// own framer.
TEST(Rooms, ObserveKnowsNoDevice) {
  EXPECT_THAT(offenders(kSdk / "src/observe",
                        "^(session|budget|ledger|pinning|payload|resumption|commands|twin|presence|"
                        "channel|mqtt|outbox|device)/|^relay/(?!packet_framer.hpp)"),
              IsEmpty());
}

TEST(Rooms, BuildOnThePureOnesAndNotOnEachOther) {
  for (const std::string room : {"channel", "relay", "mqtt"}) {
    std::vector<std::string> found;
    for (const Include& include : includes_below(kSdk / "src" / room)) {
      for (const std::string other :
           {"session", "budget", "payload", "channel", "relay", "outbox", "device"}) {
        if (other != room && include.header.starts_with(other + "/")) {
          found.push_back(include.file + " includes " + include.header);
        }
      }
    }
    EXPECT_THAT(found, IsEmpty());
  }
}

}  // namespace
}  // namespace holdfast
