// A file of sessions that is damaged, forged, of another version or of another broker: a full
// handshake, no crash, no trust.

#include <fstream>

#include "attack/resumption_fixture.hpp"
#include "resumption/ticket_store.hpp"
#include "state/slots.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

class Attack12Test : public ResumptionAttackTest {
 protected:
  Attack12Test() : broker_(make_broker()), options_(keeping(broker_->tls_port())) { run(options_); }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(state_dir())) {
      if (entry.path().filename().string().starts_with("ticket.")) found.push_back(entry.path());
    }
    EXPECT_FALSE(found.empty()) << "no session was kept";
    return found;
  }

  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  void change(const std::function<void(std::string&)>& how) {
    for (const fs::path& path : files()) {
      std::string bytes = read(path);
      how(bytes);
      write(path, bytes);
    }
  }

  // Whole and with a right checksum: what somebody writes who may write here.
  void forge(const std::function<void(Bytes&)>& how) {
    state::Slots slots(state_dir(), "ticket", 1);
    std::string remark;
    auto content = slots.load(remark);
    ASSERT_TRUE(content) << remark;
    how(*content);
    ASSERT_FALSE(slots.store(*content));
  }

  // The same with the session itself.
  void forge_session(const std::function<Secret(Secret)>& how) {
    forge([&](Bytes& content) {
      resumption::TicketStore store({.mode = ResumptionMode::always});
      ASSERT_EQ(store.decode(content), "");
      const resumption::Peer peer = store.peers().front();
      store.received(peer.binding, {how(peer.ticket.session), peer.lifetime}, peer.received);
      const Secret forged = store.encode();
      content.assign(forged.bytes().begin(), forged.bytes().end());
    });
  }

  // However the first handshake ends, the device comes to its broker by a full one.
  void expect_no_trust() {
    const Ledger ledger = run(options_);
    EXPECT_EQ(ledger.resumed_handshakes, 0u);
    EXPECT_EQ(ledger.full_handshakes, 1u);
    EXPECT_LE(ledger.connections, 2u);
  }

  std::unique_ptr<Mosquitto> broker_;
  Options options_;
};

TEST_F(Attack12Test, Attack12_TheFileIsWhole_Good) {
  for (const fs::path& path : files()) {
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  }
  expect_resumed(options_);
}

TEST_F(Attack12Test, Attack12_Truncated) {
  change([](std::string& bytes) { bytes.resize(bytes.size() / 2); });
  expect_full(options_);
  EXPECT_TRUE(any_says(events_, "damaged")) << "and says so";
}

TEST_F(Attack12Test, Attack12_Empty) {
  change([](std::string& bytes) { bytes.clear(); });
  expect_full(options_);
}

TEST_F(Attack12Test, Attack12_ABitIsFlipped) {
  change([](std::string& bytes) { bytes[bytes.size() - 20] ^= 4; });
  expect_full(options_);
}

TEST_F(Attack12Test, Attack12_Noise) {
  change([](std::string& bytes) { bytes.assign(5000, '\xA5'); });
  expect_full(options_);
}

TEST_F(Attack12Test, Attack12_NoStoreInAWholeFile) {
  forge([](Bytes& content) { content.assign(200, 0x5A); });
  expect_full(options_);
  EXPECT_TRUE(any_says(events_, "TLS sessions are not used"));
}

TEST_F(Attack12Test, Attack12_AForgedStoreCutAnywhere) {
  for (std::size_t divisor : {2u, 3u, 5u}) {
    forge([&](Bytes& content) { content.resize(content.size() / divisor); });
    expect_full(options_);
  }
}

TEST_F(Attack12Test, Attack12_OfAnotherVersion) {
  for (const fs::path& path : files()) {
    std::string name = path.filename().string();
    name.replace(name.find(".1."), 3, ".2.");
    fs::rename(path, path.parent_path() / name);
  }
  const std::vector<fs::path> newer = files();
  expect_full(options_);
  for (const fs::path& path : newer) EXPECT_TRUE(fs::exists(path)) << "it belongs to a newer SDK";
}

TEST_F(Attack12Test, Attack12_OfAnotherTlsLibrary) {
  forge([](Bytes& content) {
    resumption::TicketStore store({.mode = ResumptionMode::always});
    ASSERT_EQ(store.decode(content), "");
    resumption::Peer peer = store.peers().front();
    resumption::TicketStore other({.mode = ResumptionMode::always});
    peer.binding.library = 0x05007002 + 1;
    other.proven(peer.binding, peer.ticket.proven, peer.chain.full);
    other.received(peer.binding, {peer.ticket.session, peer.lifetime}, peer.received);
    const Secret forged = other.encode();
    content.assign(forged.bytes().begin(), forged.bytes().end());
  });
  expect_full(options_);
}

TEST_F(Attack12Test, Attack12_OfAnotherBroker) {
  const auto other = make_broker({.tls = backup_});
  Options options = keeping(other->tls_port());
  options.state_dir = dir_.path() / "other";
  run(options);
  for (const fs::path& path : files()) {
    fs::copy_file(options.state_dir / path.filename(), path, fs::copy_options::overwrite_existing);
  }
  expect_full(options_);
}

TEST_F(Attack12Test, Attack12_Unreadable) {
  for (const fs::path& path : files()) {
    fs::remove(path);
    fs::create_directory(path);  // root may read every file, but no directory as one
  }
  const Ledger ledger = run(options_);
  EXPECT_EQ(ledger.full_handshakes, 1u);
  EXPECT_EQ(ledger.resumed_handshakes, 0u);
}

TEST_F(Attack12Test, Attack12_NoSession) {
  forge_session([](Secret) { return Secret(std::size_t{64}); });
  expect_no_trust();
}

TEST_F(Attack12Test, Attack12_ASessionThatIsCut) {
  for (std::size_t size : {1u, 9u, 60u, 200u, 500u}) {
    SCOPED_TRACE(size);
    forge_session([&](Secret session) {
      return Secret(session.bytes().first(std::min(size, session.size() - 1)));
    });
    expect_no_trust();
  }
}

TEST_F(Attack12Test, Attack12_ASessionWithFlippedBits) {
  for (std::size_t at = 1; at < 700; at += 97) {
    SCOPED_TRACE(at);
    forge_session([&](Secret session) {
      session.writable()[at % session.size()] ^= 0x41;
      return session;
    });
    // Flipped in a part that is not used it may resume; whoever is resumed then has the secret.
    const Ledger ledger = run(options_);
    EXPECT_EQ(ledger.full_handshakes + ledger.resumed_handshakes, 1u);
    EXPECT_LE(ledger.connections, 2u);
  }
}

// A session that rests on a key which is not pinned: forged, or of before the pins were changed.
TEST_F(Attack12Test, Attack12_ASessionOfAKeyThatIsNotPinned) {
  forge([&](Bytes& content) {
    resumption::TicketStore store({.mode = ResumptionMode::always});
    ASSERT_EQ(store.decode(content), "");
    const resumption::Peer peer = store.peers().front();
    std::string why;
    const auto foreign = pinning::parse_pin(attacker_.pin, why);
    ASSERT_TRUE(foreign) << why;
    store.proven(peer.binding, {*foreign}, peer.chain.full);
    store.received(peer.binding, {peer.ticket.session, peer.lifetime}, peer.received);
    const Secret forged = store.encode();
    content.assign(forged.bytes().begin(), forged.bytes().end());
  });
  expect_full(options_);
}

}  // namespace
}  // namespace holdfast::test
