#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <random>
#include <vector>

#include "support/link/capacity.hpp"

namespace holdfast::test::link {

using Packet = std::vector<std::uint8_t>;

// What a lane does to packets. Shares are 0 to 1.
struct Conditions {
  Duration delay{0};
  double loss = 0;
  double duplicate = 0;
  // This share of the packets comes `reorder_by` later than it would, and so
  // behind those that were sent after it.
  double reorder = 0;
  Duration reorder_by = std::chrono::milliseconds(50);
  Capacity capacity{};
  // What waits for its turn on a link with a limited capacity; a packet that
  // finds no room is dropped, as by a modem.
  std::size_t queue_bytes = std::size_t{32} * 1024;
  // Nothing comes out any more, and nobody is told.
  bool black_hole = false;
};

// Lane is one direction of a link: packets and times in, packets out. Pure, and
// deterministic: the same seed, packets and times give the same packets.
class Lane {
 public:
  explicit Lane(std::uint64_t seed) : random_(seed) {}

  // For all packets that have not begun to leave. A black hole swallows those
  // under way as well.
  void set(const Conditions& conditions, Instant now);
  void put(Packet packet, Instant now);
  // When the next packet comes out; empty while nothing is under way.
  std::optional<Instant> next() const;
  // What has come out up to `now`, in order.
  std::vector<Packet> take(Instant now);

  // Packets that were lost by chance, in the black hole or for want of room.
  std::size_t lost() const { return lost_; }
  const Conditions& conditions() const { return conditions_; }

 private:
  struct Waiting {
    Packet packet;
    Duration late;  // beyond the delay
  };
  struct Flying {
    Instant arrives;
    std::uint64_t number;  // of two with the same time the earlier one first
    Packet packet;

    bool operator<(const Flying& other) const {  // of a heap with the first on top
      return arrives != other.arrives ? arrives > other.arrives : number > other.number;
    }
  };

  double draw();
  void enqueue(Packet packet, Duration late, Instant now);
  void serve(Instant now);
  void fly(Waiting waiting, Instant left);

  std::mt19937_64 random_;
  Conditions conditions_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  double head_bytes_ = 0;   // what is left of the first that waits
  Instant serves_since_{};  // since when it is being sent
  std::priority_queue<Flying> flying_;
  std::uint64_t number_ = 0;
  std::size_t lost_ = 0;
};

}  // namespace holdfast::test::link
