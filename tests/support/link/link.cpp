#include "support/link/link.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <optional>
#include <system_error>
#include <utility>

namespace holdfast::test::link {
namespace {

// Larger than any packet: the devices have an MTU of 1,500.
constexpr std::size_t kPacketBytes = 4096;

Instant now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Link::Link(std::uint64_t seed)
    : near_(kNear, kNear6),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      up_(seed),
      down_(~seed) {
  if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  {
    const Inside inside(far_network_);
    far_ = std::make_unique<Tun>(kFar, kFar6);
  }
  thread_ = std::thread([this] { run(); });
}

Link::~Link() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake();
  thread_.join();
  ::close(wake_);
}

void Link::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

void Link::set(Direction direction, const Conditions& conditions) {
  {
    const std::lock_guard lock(mutex_);
    (direction == Direction::up ? up_ : down_).set(conditions, now());
  }
  wake();
}

void Link::set(const Conditions& conditions) {
  set(Direction::up, conditions);
  set(Direction::down, conditions);
}

void Link::follow(const Drive& drive, const Conditions& rest) {
  const Instant began = now();
  Conditions conditions = rest;
  conditions.capacity = Capacity::recorded(drive.up_bytes, began);
  set(Direction::up, conditions);
  conditions.capacity = Capacity::recorded(drive.down_bytes, began);
  set(Direction::down, conditions);
}

void Link::translate(Duration patience) {
  const std::lock_guard lock(mutex_);
  nat_.emplace(patience);
}

Traffic Link::traffic() const {
  const std::lock_guard lock(mutex_);
  return capture_.all();
}

Traffic Link::traffic(std::uint16_t far_port) const {
  const std::lock_guard lock(mutex_);
  return capture_.of_port(far_port);
}

std::vector<Segment> Link::segments() const {
  const std::lock_guard lock(mutex_);
  return capture_.segments();
}

std::size_t Link::lost(Direction direction) const {
  const std::lock_guard lock(mutex_);
  return (direction == Direction::up ? up_ : down_).lost();
}

bool Link::wait_for(const std::function<bool(const Capture&)>& wanted,
                    std::chrono::milliseconds bound) const {
  std::unique_lock lock(mutex_);
  return crossed_.wait_for(lock, bound, [&] { return wanted(capture_); });
}

void Link::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const Instant time = now();
    write_to(far_->descriptor(), up_, Direction::up, time);
    write_to(near_.descriptor(), down_, Direction::down, time);
    std::optional<Instant> next = up_.next();
    if (const auto other = down_.next()) next = next ? std::min(*next, *other) : *other;
    lock.unlock();

    timespec wait{};
    if (next) {
      const auto left = std::max(Duration(0), *next - now());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
      wait.tv_sec = seconds.count();
      wait.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
    }
    std::array<pollfd, 3> sources{
        {{near_.descriptor(), POLLIN, 0}, {far_->descriptor(), POLLIN, 0}, {wake_, POLLIN, 0}}};
    ::ppoll(sources.data(), sources.size(), next ? &wait : nullptr, nullptr);
    std::uint64_t woken = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_, &woken, sizeof woken);

    lock.lock();
    read_from(near_.descriptor(), up_, Direction::up, now());
    read_from(far_->descriptor(), down_, Direction::down, now());
  }
}

void Link::read_from(int descriptor, Lane& lane, Direction direction, Instant time) {
  std::array<std::uint8_t, kPacketBytes> buffer;  // NOLINT: filled by read
  while (true) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count <= 0) break;
    Packet packet(buffer.begin(), buffer.begin() + count);
    // Up it is the near side that pays, when it sends.
    if (direction == Direction::up) capture_.note(packet, direction);
    if (passes_nat(packet, direction, time)) lane.put(std::move(packet), time);
  }
  crossed_.notify_all();
}

bool Link::passes_nat(const Packet& packet, Direction direction, Instant time) {
  if (!nat_) return true;
  const auto segment = read_segment(packet, direction);
  return !segment || nat_->passes(*segment, time);
}

void Link::write_to(int descriptor, Lane& lane, Direction direction, Instant time) {
  for (const Packet& packet : lane.take(time)) {
    if (direction == Direction::down) capture_.note(packet, direction);
    // What the system does not take is one more packet that got lost.
    [[maybe_unused]] const ssize_t written = ::write(descriptor, packet.data(), packet.size());
  }
  crossed_.notify_all();
}

}  // namespace holdfast::test::link
