// Which commands a device has run, and what it answered: so that none is run twice. Pure; it is
// told the time, in seconds that the device has been running, over all its starts.
//
// What it holds to: a command that was begun is forgotten only when the reach is over since it was
// seen last, and only to make room. While there is none, new ones are refused.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "commands/command_id.hpp"

namespace holdfast::commands {

using Seconds = std::chrono::seconds;

struct Remembered {
  enum class State : std::uint8_t { begun, answered, answered_at_length };

  CommandId id;
  std::uint64_t request = 0;  ///< `digest_of` it
  Seconds seen{0};            ///< last
  State state = State::begun;
  std::vector<std::byte> reply;  ///< of `answered`

  friend bool operator==(const Remembered&, const Remembered&) = default;
};

class Memory {
 public:
  /// @param reach how long after a command was seen the broker may bring it again
  explicit Memory(Seconds reach) : reach_(reach) {}

  /// What an earlier process has written, in that order: a later one on the same command counts.
  void found(Remembered one);
  /// The highest time that was found.
  Seconds last_seen() const { return last_seen_; }

  enum class Standing : std::uint8_t {
    unknown,
    answered,     ///< `reply_to` has the reply
    reply_gone,   ///< it was run; the reply is not kept
    interrupted,  ///< it was begun, and never came to its end
    id_reused     ///< another request had this id
  };
  Standing look(const CommandId& id, std::uint64_t request) const;
  const std::vector<std::byte>& reply_to(const CommandId& id) const { return at(id).reply; }

  /// A known command came once more. @return whether that has to be written down: `record_of` it
  bool seen_again(const CommandId& id, Seconds now);

  /// Room for one more, if need be by forgetting the oldest. @return false if there is none
  bool make_room(Seconds now);
  /// An unknown command is about to be run, once its record is written. There is room.
  void begin(const CommandId& id, std::uint64_t request, Seconds now);
  /// It was not, because it could not be written.
  void undo(const CommandId& id);
  /// It has been run.
  void answer(const CommandId& id, std::vector<std::byte> reply, Seconds now);

  const Remembered& record_of(const CommandId& id) const { return at(id); }
  /// All, in the order in which they were seen.
  std::vector<Remembered> all() const;
  std::size_t size() const { return by_age_.size(); }
  /// Of the replies that are kept.
  std::size_t reply_bytes() const { return reply_bytes_; }

 private:
  using ByAge = std::map<std::uint64_t, Remembered>;

  const Remembered& at(const CommandId& id) const { return by_age_.at(ages_.at(id)); }
  void put(Remembered one);
  void forget(ByAge::iterator which);
  void bound_replies();

  Seconds reach_;
  Seconds last_seen_{0};
  ByAge by_age_;
  std::map<CommandId, std::uint64_t> ages_;
  std::uint64_t last_age_ = 0;
  std::size_t reply_bytes_ = 0;
};

}  // namespace holdfast::commands
