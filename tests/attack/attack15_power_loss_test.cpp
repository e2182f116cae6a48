// Power goes at any byte of the write that makes a pin set count: does the device come back with
// the set that it had or with the new one, and never with less?

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attack/attack_fixture.hpp"
#include "support/pin_sets.hpp"

namespace holdfast::test {
namespace {

using Files = std::map<std::string, std::string>;  // name to content

class Attack15Test : public AttackTest {
 protected:
  Attack15Test() : server_(impostor()) {
    second_ = {.version = 2, .pins = {pin_of('B'), pin_of('C')}};
    // What it revokes must not come back by a power failure.
    third_ = {.version = 3, .pins = {pin_of('C'), pin_of('D')}, .revoked = {key_.pin}};
    accept(second_);
    before_ = read_slots();
    accept(third_);
    after_ = read_slots();
  }

  // Nobody has these keys; the device only has to know them.
  static std::string pin_of(char letter) { return "sha256/" + std::string(42, letter) + "A="; }

  std::filesystem::path state_dir() const { return dir_.path() / "state"; }

  // The device's only peer is one that it must not believe: its refusal tells whom it trusts.
  Options device_options() {
    Options options = options_for(server_.port());
    options.pins_version = 1;
    options.pin_updates = roots_.updates();
    options.state_dir = state_dir();
    return options;
  }

  void accept(const PinSetText& text) {
    WatchedDevice device(device_options());
    device->start();
    // By now the app's own set has been written, so that each set has a slot of its own.
    EXPECT_TRUE(device.wait_for(EventKind::connecting));
    offer(device, text);
  }

  void offer(WatchedDevice& device, const PinSetText& text) {
    device->offer_pin_set(roots_.set(text));
    ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
    EXPECT_EQ(device->status().pin_set_version, text.version);
  }

  Files read_slots() const {
    Files files;
    for (const auto& entry : std::filesystem::directory_iterator(state_dir())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("trust.1.")) files[name] = read_file(entry.path());
    }
    return files;
  }

  void put_slots(const Files& files) {
    std::filesystem::remove_all(state_dir());
    std::filesystem::create_directory(state_dir());
    std::filesystem::permissions(state_dir(), std::filesystem::perms::owner_all);
    for (const auto& [name, content] : files) write_file(state_dir() / name, content);
  }

  // The name of the slot that the commit of the third set has written.
  std::string written() const {
    std::string name;
    for (const auto& [each, content] : after_) {
      const auto old = before_.find(each);
      if (old != before_.end() && old->second == content) continue;
      EXPECT_EQ(name, "") << "one commit has written two slots";
      name = each;
    }
    return name;
  }

  // Trusted are the pins of the set, and those of the last one that has worked (the app's own, for
  // no connection has been made) but for what was revoked.
  std::vector<std::string> trusted_with(std::uint64_t version) const {
    if (version == 2) {
      return {second_.pins[0], second_.pins[1], key_.pin, backup_.pin};
    }
    return {third_.pins[0], third_.pins[1], backup_.pin};
  }

  // A device starts on these files. @return the version that it has found.
  std::uint64_t come_back(const Files& files) {
    put_slots(files);
    const std::uint64_t version = start_and_commit();
    EXPECT_EQ(Device(device_options()).status().pin_set_version, 4u) << "the commit is not kept";
    return version;
  }

  std::uint64_t start_and_commit() {
    WatchedDevice device(device_options());
    const std::uint64_t version = device->status().pin_set_version;
    EXPECT_TRUE(version == 2 || version == 3) << version;
    device->start();
    const auto refused = device.wait_for(EventKind::key_refused);
    EXPECT_TRUE(refused && refused->key_refusal);
    if (refused && refused->key_refusal) {
      EXPECT_EQ(refused->key_refusal->expected, trusted_with(version));
      EXPECT_EQ(refused->key_refusal->pin_set_version, version);
    }
    offer(device, {.version = 4, .pins = {pin_of('D'), pin_of('E')}});
    return version;
  }

  // Every cut of the slot that was written last. @param rest what is behind the cut
  void expect_old_or_new(std::string_view rest) {
    const std::string name = written();
    ASSERT_NE(name, "");
    const std::string whole = after_.at(name);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      Files torn = before_;
      torn[name] = whole.substr(0, cut);
      if (cut < rest.size()) torn[name] += rest.substr(cut);
      const std::uint64_t version = come_back(torn);
      // Where the rest is the same, the slot is whole before its last byte was written.
      EXPECT_EQ(version, torn[name].starts_with(whole) ? 3u : 2u);
      if (HasFailure()) FAIL() << "after " << cut << " of " << whole.size() << " bytes";
    }
    RecordProperty("cuts", std::to_string(whole.size()));
  }

  RootSigner roots_{3, 2};
  HostileTlsServer server_;
  PinSetText second_;
  PinSetText third_;
  Files before_;
  Files after_;
};

TEST_F(Attack15Test, Attack15_EveryPrefixOfTheSlot) {
  expect_old_or_new({});
}

// A file that is written over keeps its old bytes behind the new ones.
TEST_F(Attack15Test, Attack15_EveryPrefixOfTheSlotAndItsOldRest) {
  const auto old = before_.find(written());
  ASSERT_NE(old, before_.end()) << "the slot was new: nothing was written over";
  expect_old_or_new(old->second);
}

TEST_F(Attack15Test, Attack15_BeforeTheWrite_Good) {
  EXPECT_EQ(come_back(before_), 2u);
}

TEST_F(Attack15Test, Attack15_AfterTheWrite_Good) {
  EXPECT_EQ(come_back(after_), 3u);
}

}  // namespace
}  // namespace holdfast::test
