// The book as bytes: schemas/holdfast/ledger.fbs.

#include <algorithm>
#include <utility>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/limits.hpp>
#include <holdfast/payload.hpp>

#include "ledger/account.hpp"
#include "ledger/book.hpp"
#include "ledger_generated.h"

namespace holdfast::ledger {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
using Side = std::uint64_t ByteCount::*;
using WireNumbers = flatbuffers::Vector<std::uint64_t>;

flatbuffers::Offset<wire::LedgerAccount> write_account(Builder& builder, const Account& account) {
  const auto numbers = [&](Side side) {
    std::vector<std::uint64_t> bytes;
    for (const ByteCount& count : account.by_cause) bytes.push_back(count.*side);
    return builder.CreateVector(bytes);
  };
  const auto up = numbers(&ByteCount::up);
  const auto down = numbers(&ByteCount::down);
  return wire::CreateLedgerAccount(builder, account.connections, account.segments_up,
                                   account.segments_down, up, down);
}

// Causes that a newer release tells apart are not lost to the sum.
void read_side(const WireNumbers* numbers, Account& account, Side side) {
  if (numbers == nullptr) return;
  for (flatbuffers::uoffset_t i = 0; i < numbers->size(); ++i) {
    const auto cause = i < kCauses ? static_cast<Cause>(i) : Cause::headers;
    account[cause].*side += numbers->Get(i);
  }
}

Account read_account(const wire::LedgerAccount* from) {
  Account account;
  if (from == nullptr) return account;
  account.connections = from->connections();
  account.segments_up = from->segments_up();
  account.segments_down = from->segments_down();
  read_side(from->bytes_up(), account, &ByteCount::up);
  read_side(from->bytes_down(), account, &ByteCount::down);
  return account;
}

}  // namespace

std::vector<std::uint8_t> encode_book(const BookState& state) {
  Builder builder;
  std::vector<flatbuffers::Offset<wire::LedgerDay>> days;
  for (const auto& [day, account] : state.days) {
    days.push_back(wire::CreateLedgerDay(builder, day, write_account(builder, account)));
  }
  const auto installation = write_account(builder, state.installation);
  const auto unknown_day = write_account(builder, state.unknown_day);
  const auto list = builder.CreateVector(days);
  builder.Finish(wire::CreateLedger(builder, installation, unknown_day, list),
                 Schema<wire::Ledger>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::optional<BookState> decode_book(std::span<const std::uint8_t> bytes, std::string& why) {
  std::error_code error;
  const auto* table = verify<wire::Ledger>(std::as_bytes(bytes), error);
  if (table == nullptr) {
    why = "it is not a ledger: " + error.message();
    return std::nullopt;
  }
  BookState state;
  state.installation = read_account(table->installation());
  state.unknown_day = read_account(table->unknown_day());
  if (table->days() == nullptr) return state;
  if (table->days()->size() > limits::kLedgerDays) {
    why = "it has more than " + std::to_string(limits::kLedgerDays) + " days";
    return std::nullopt;
  }
  for (const wire::LedgerDay* day : *table->days()) {
    state.days[day->day()] += read_account(day->account());
  }
  return state;
}

}  // namespace holdfast::ledger
