#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <new>

#include <holdfast/payload.hpp>

#include "command_generated.h"
#include "envelope_generated.h"
#include "reading_generated.h"

namespace holdfast {
namespace {

using Bytes = std::vector<std::byte>;

Bytes reading_bytes() {
  ReadingT reading;
  reading.time_ms = 1'700'000'000'000;
  reading.lat_e7 = 481'000'000;
  reading.speed_cm_s = 1'234;
  const auto buffer = pack<Reading>(reading);
  const auto bytes = as_payload(buffer);
  return {bytes.begin(), bytes.end()};
}

Bytes sealed_reading() {
  return seal_envelope({0x0123456789ABCDEF, 42, 0}, reading_bytes());
}

// The bytes in a buffer that begins `offset` behind a multiple of 16.
class Shifted {
 public:
  Shifted(std::span<const std::byte> bytes, std::size_t offset)
      : memory_(static_cast<std::byte*>(
            ::operator new (bytes.size() + offset + 1, std::align_val_t{16}))),
        bytes_(memory_ + offset, bytes.size()) {
    std::memcpy(memory_ + offset, bytes.data(), bytes.size());
  }
  ~Shifted() { ::operator delete (memory_, std::align_val_t{16}); }
  Shifted(const Shifted&) = delete;
  Shifted& operator=(const Shifted&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::byte* memory_;
  std::span<const std::byte> bytes_;
};

// An envelope as a writer that does not care for alignment makes it.
Bytes envelope_with_body_at_any_place(std::span<const std::byte> body, std::size_t padding) {
  flatbuffers::FlatBufferBuilder builder;
  // Buffers grow from their end: a string that nobody refers to shifts what comes after it.
  if (padding > 0) builder.CreateString(std::string(padding, 'x'));
  const auto* data = reinterpret_cast<const std::uint8_t*>(body.data());
  const auto vector = builder.CreateVector(data, body.size());
  wire::EnvelopeBuilder envelope(builder);
  envelope.add_epoch(1);
  envelope.add_body(vector);
  envelope.add_sequence(1);
  builder.Finish(envelope.Finish(), "HFEN");
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

TEST(Envelope, ComesOpenAsItWasSealed) {
  const Bytes body = reading_bytes();
  const Bytes sealed = sealed_reading();
  Body opened;
  ASSERT_FALSE(open_envelope(sealed, opened));
  ASSERT_TRUE(opened.origin);
  EXPECT_EQ(*opened.origin, (Origin{0x0123456789ABCDEF, 42, 0}));
  EXPECT_EQ(Bytes(opened.bytes.begin(), opened.bytes.end()), body);
  std::error_code error;
  const Reading* reading = verify<Reading>(opened.bytes, error);
  ASSERT_NE(reading, nullptr) << error.message();
  EXPECT_EQ(reading->speed_cm_s(), 1'234);
}

TEST(Envelope, PutsTheBodyWhereItNeedsNoCopy) {
  for (std::size_t size = 0; size < 64; ++size) {
    const Bytes body(size, std::byte{0x5A});
    const Bytes sealed = seal_envelope({1, 1}, body);
    Body opened;
    ASSERT_FALSE(open_envelope(sealed, opened));
    EXPECT_TRUE(opened.aligned.empty()) << "a body of " << size << " bytes";
    EXPECT_EQ(opened.bytes.size(), size);
  }
}

TEST(Envelope, CostsFewBytes) {
  const Bytes body = reading_bytes();
  EXPECT_LE(sealed_reading().size() - body.size(), 64U);
}

TEST(Envelope, LetsAPlainBufferPass) {
  const Bytes body = reading_bytes();
  Body opened;
  ASSERT_FALSE(open_envelope(body, opened));
  EXPECT_FALSE(opened.origin);
  EXPECT_EQ(opened.bytes.data(), body.data());
  EXPECT_EQ(opened.bytes.size(), body.size());
}

TEST(Envelope, LetsAnythingPassThatIsNone) {
  for (const char* text : {"", "x", "HFEN", "1234HFE", "{\"json\":true}"}) {
    Body opened;
    EXPECT_FALSE(open_envelope(as_payload(text), opened)) << text;
    EXPECT_FALSE(opened.origin);
    EXPECT_EQ(as_text(opened.bytes), text);
  }
}

TEST(Envelope, CutOffAtAnyByteIsRefused) {
  const Bytes sealed = sealed_reading();
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    const Bytes cut(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size));
    Body opened;
    std::error_code error = open_envelope(cut, opened);
    const Reading* reading = error ? nullptr : verify<Reading>(opened.bytes, error);
    ASSERT_EQ(reading, nullptr) << size;
    ASSERT_TRUE(error == Errc::malformed_payload || error == Errc::foreign_payload) << size;
  }
}

TEST(Envelope, WithOneByteChangedNeverReadsOutside) {
  const Bytes sealed = sealed_reading();
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      Bytes changed = sealed;
      changed[at] ^= static_cast<std::byte>(flip);
      Body opened;
      std::error_code error = open_envelope(changed, opened);
      if (error) continue;
      if (const Reading* reading = verify<Reading>(opened.bytes, error)) {
        ReadingT object;
        reading->UnPackTo(&object);  // reads every field
      }
    }
  }
}

TEST(Envelope, WithABodyAtAnOddPlaceIsTakenAllTheSame) {
  const Bytes body = reading_bytes();
  bool copied = false;
  for (std::size_t padding = 0; padding < 16; ++padding) {
    const Bytes sealed = envelope_with_body_at_any_place(body, padding);
    Body opened;
    ASSERT_FALSE(open_envelope(sealed, opened));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(opened.bytes.data()) % 8, 0U);
    copied = copied || !opened.aligned.empty();
    std::error_code error;
    EXPECT_NE(verify<Reading>(opened.bytes, error), nullptr) << error.message();
  }
  EXPECT_TRUE(copied) << "no body lay at an odd place: the test proves nothing";
}

TEST(Envelope, ThatBeginsBehindAMultipleOfEightIsTakenAllTheSame) {
  // Four bytes off is as crooked as a buffer can be whose own fields FlatBuffers may still read.
  const Bytes sealed = sealed_reading();
  const Shifted shifted(sealed, 8);
  Body opened;
  ASSERT_FALSE(open_envelope(shifted.bytes(), opened));
  std::error_code error;
  EXPECT_NE(verify<Reading>(opened.bytes, error), nullptr);
}

TEST(Envelope, RefusesSequenceZero) {
  Body opened;
  EXPECT_EQ(open_envelope(seal_envelope({7, 0}, reading_bytes()), opened), Errc::malformed_payload);
  EXPECT_FALSE(opened.origin);
}

TEST(Envelope, RefusesAMissingBody) {
  flatbuffers::FlatBufferBuilder builder;
  wire::EnvelopeBuilder envelope(builder);
  envelope.add_epoch(1);
  envelope.add_sequence(1);
  builder.Finish(envelope.Finish(), "HFEN");
  Body opened;
  EXPECT_EQ(open_envelope(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())),
                          opened),
            Errc::malformed_payload);
}

TEST(Envelope, TakesAnEmptyBodyThatTheVerifierThenRefuses) {
  const Bytes sealed = seal_envelope({7, 1}, {});
  Body opened;
  ASSERT_FALSE(open_envelope(sealed, opened));
  std::error_code error;
  EXPECT_EQ(verify<Reading>(opened.bytes, error), nullptr);
  EXPECT_EQ(error, Errc::malformed_payload);
}

TEST(Verify, TellsAForeignBufferFromADamagedOne) {
  CommandT command;
  command.verb = "open";
  const auto foreign = pack<Command>(command);
  std::error_code error;
  EXPECT_EQ(verify<Reading>(as_payload(foreign), error), nullptr);
  EXPECT_EQ(error, Errc::foreign_payload);
  EXPECT_NE(verify<Command>(as_payload(foreign), error), nullptr);

  Bytes damaged = reading_bytes();
  damaged[0] = std::byte{0xFF};  // the offset of the root
  EXPECT_EQ(verify<Reading>(damaged, error), nullptr);
  EXPECT_EQ(error, Errc::malformed_payload);
}

TEST(Verify, RefusesATextThatIsNoFlatBuffer) {
  std::error_code error;
  EXPECT_EQ(verify<Reading>(as_payload("{\"speed\":12}"), error), nullptr);
  EXPECT_EQ(error, Errc::foreign_payload);
  EXPECT_EQ(verify<Reading>(as_payload("short"), error), nullptr);
  EXPECT_EQ(error, Errc::malformed_payload);
  EXPECT_EQ(verify<Reading>({}, error), nullptr);
  EXPECT_EQ(error, Errc::malformed_payload);
}

TEST(Verify, RefusesARequiredFieldThatIsMissing) {
  flatbuffers::FlatBufferBuilder builder;
  const auto start = builder.StartTable();
  builder.AddElement<std::uint32_t>(Command::VT_ID, 5, 0);
  builder.Finish(flatbuffers::Offset<Command>(builder.EndTable(start)), "CMND");
  std::error_code error;
  EXPECT_EQ(verify<Command>(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())),
                            error),
            nullptr);
  EXPECT_EQ(error, Errc::malformed_payload);
}

TEST(Verify, ClearsTheErrorOfAnEarlierCall) {
  std::error_code error = Errc::foreign_payload;
  EXPECT_NE(verify<Reading>(reading_bytes(), error), nullptr);
  EXPECT_FALSE(error);
}

}  // namespace
}  // namespace holdfast
