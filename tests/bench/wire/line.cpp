#include "bench/wire/line.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "bench/harness.hpp"
#include "bench/wire/veth_line.hpp"
#include "support/link/link.hpp"

namespace holdfast::bench::wire {
namespace {

using namespace std::chrono_literals;
namespace link = test::link;

constexpr auto kSettleBound = 60s;
constexpr auto kFirstPacketBound = 30s;

std::uint64_t packets_of(const link::Traffic& traffic) {
  return traffic.packets_up + traffic.packets_down;
}

// Neighbour discovery and router solicitations are no part of anybody's bill.
void forget_ipv6() {
  std::ofstream("/proc/sys/net/ipv6/conf/all/disable_ipv6") << "1";
}

// A line that the emulator of tests/support carries.
class EmulatedLine final : public Line {
 public:
  EmulatedLine(const link::Conditions& conditions, std::optional<link::Drive> drive,
               std::chrono::milliseconds quiet)
      : Line(quiet), conditions_(conditions), drive_(std::move(drive)) {
    forget_ipv6();
    const link::Inside inside(link_.far_network());
    forget_ipv6();
    drive_ ? begin(0, 1) : link_.set(conditions_);
  }

  void begin(std::size_t run, std::size_t runs) override {
    if (!drive_) return;
    link::Drive part = *drive_;
    for (auto* steps : {&part.up_bytes, &part.down_bytes}) {
      const auto first = static_cast<std::ptrdiff_t>(steps->size() * run / runs);
      std::rotate(steps->begin(), steps->begin() + first, steps->end());
    }
    link_.follow(part, conditions_);
  }

  const link::Network& far_network() const override { return link_.far_network(); }
  link::Traffic traffic() const override { return link_.traffic(); }

 protected:
  bool wait_for_more(std::uint64_t packets, std::chrono::milliseconds bound) const override {
    return link_.wait_for(
        [&](const link::Capture& capture) { return packets_of(capture.all()) > packets; }, bound);
  }

 private:
  link::Conditions conditions_;
  std::optional<link::Drive> drive_;
  link::Link link_;
};

struct Emulated {
  std::string description{};
  link::Conditions conditions{};
  std::chrono::milliseconds quiet{1500};
  std::string drive{};  // a file of tests/data/links
};

std::optional<Emulated> emulated(const std::string& name) {
  Emulated line;
  if (name == "delay") {
    line.description = "100 ms round trip, nothing lost";
    line.conditions.delay = 50ms;
    line.quiet = 700ms;
  } else if (name == "3g") {
    line.description = "3G-like: 120 ms round trip, 2 % lost each way, 1 % reordered, 1 Mbit/s";
    line.conditions.delay = 60ms;
    line.conditions.loss = 0.02;
    line.conditions.reorder = 0.01;
    line.conditions.reorder_by = 30ms;
    line.conditions.capacity = link::Capacity::of_rate(1'000'000);
  } else if (name == "drive1") {
    line.description = "T-Mobile UMTS, driving, as recorded";
    line.conditions.delay = 40ms;
    line.drive = "tmobile-umts-driving.csv";
  } else if (name == "drive2") {
    line.description = "Verizon 1xEV-DO, driving, as recorded";
    line.conditions.delay = 40ms;
    line.drive = "verizon-evdo-driving.csv";
  } else {
    return std::nullopt;
  }
  return line;
}

}  // namespace

link::Traffic Line::settle() const {
  const auto end = std::chrono::steady_clock::now() + kSettleBound;
  link::Traffic seen = traffic();
  while (wait_for_more(packets_of(seen), quiet_) && std::chrono::steady_clock::now() < end) {
    seen = traffic();
  }
  return traffic();
}

link::Traffic Line::settle_after(const link::Traffic& before) const {
  if (!wait_for_more(packets_of(before), kFirstPacketBound)) give_up("no packet crosses the line");
  return settle();
}

std::unique_ptr<Line> make_line(const std::string& name, std::string& why) {
  if (name == "clean") return std::make_unique<VethLine>(300ms);
  const auto line = emulated(name);
  if (!line) give_up("unknown line " + name + "; clean, delay, 3g and drives are known");
  if (line->drive.empty()) {
    return std::make_unique<EmulatedLine>(line->conditions, std::nullopt, line->quiet);
  }
  const std::filesystem::path file =
      std::filesystem::path(HOLDFAST_SOURCE_DIR "/tests/data/links") / line->drive;
  if (!std::filesystem::exists(file)) {
    why = "the recording " + file.string() + " is not there";
    return nullptr;
  }
  return std::make_unique<EmulatedLine>(line->conditions, link::Drive::read(file), line->quiet);
}

std::string description_of(const std::string& name) {
  if (name == "clean") return "a veth pair: no delay, nothing lost";
  const auto line = emulated(name);
  return line ? line->description : name;
}

bool loses_packets(const std::string& name) {
  return name != "clean" && name != "delay";
}

}  // namespace holdfast::bench::wire
