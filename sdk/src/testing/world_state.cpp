#include "testing/world_state.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "testing/device_environment.hpp"
#include "testing/line.hpp"
#include "testing/scripted_broker.hpp"

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

// Any instant but 0, which code may take for none; nothing depends on it.
constexpr Instant kBegin{std::chrono::hours(1'000)};

std::filesystem::path make_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "holdfast-world-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "a world's directory " + name);
  }
  return name;
}

// However a run ends: a hook of the test's may throw.
class Running {
 public:
  explicit Running(unsigned& depth) : depth_(depth) { ++depth_; }
  ~Running() { --depth_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  unsigned& depth_;
};

std::string in_ms(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

}  // namespace

WorldState::WorldState(const WorldOptions& options)
    : options_(options),
      began_(kBegin),
      now_(kBegin.time_since_epoch().count()),
      random_(options.seed),
      broker_(std::make_unique<ScriptedBroker>(*this)) {}

WorldState::~WorldState() {
  if (directory_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

const std::filesystem::path& WorldState::directory() {
  if (directory_.empty()) directory_ = make_directory();
  return directory_;
}

// --- Time ----------------------------------------------------------------------------------------

std::chrono::system_clock::time_point WorldState::date() const {
  return options_.date + std::chrono::duration_cast<std::chrono::system_clock::duration>(age());
}

std::uint64_t WorldState::draw() {
  const std::lock_guard lock(random_mutex_);
  return random_();
}

void WorldState::after(Duration time, std::function<void()> what) {
  to_come_.emplace(now() + std::max(time, Duration(0)), std::move(what));
}

// --- Work ----------------------------------------------------------------------------------------

void WorldState::add(Task& task, std::string what) {
  tasks_.push_back({&task, std::move(what)});
}

void WorldState::remove(Task& task) {
  std::erase_if(tasks_, [&task](const Entry& entry) { return entry.task == &task; });
}

// In turn, so that none keeps the others waiting; the network comes first, as its time is fixed.
bool WorldState::step() {
  if (!to_come_.empty() && to_come_.begin()->first <= now()) {
    auto what = std::move(to_come_.begin()->second);
    to_come_.erase(to_come_.begin());
    ++network_steps_;
    what();
    return true;
  }
  const std::size_t count = tasks_.size();
  const std::size_t first = turn_;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = (first + i) % count;
    // It may be gone, or moved, when its step is done.
    Entry& entry = tasks_[at];
    ++entry.steps;
    turn_ = at + 1;
    if (entry.task->step()) return true;
    --entry.steps;
  }
  return false;
}

std::optional<Instant> WorldState::next() const {
  std::optional<Instant> next;
  if (!to_come_.empty()) next = to_come_.begin()->first;
  for (const Entry& entry : tasks_) {
    const auto at = entry.task->next_step();
    if (at) next = next ? std::min(*next, *at) : *at;
  }
  return next;
}

bool WorldState::run_until(Instant deadline, const std::function<bool()>& done) {
  if (running_ == 0) {
    steps_ = network_steps_ = 0;
    for (Entry& entry : tasks_) entry.steps = 0;
  }
  const Instant begun = now();
  const Running running(running_);
  bool is_done = false;
  while (!(is_done = done())) {
    if (steps_ >= options_.most_steps) {
      if (fault_.empty()) fault_ = what_keeps_busy(begun);
      break;
    }
    if (step()) {
      ++steps_;
      continue;
    }
    const auto next = this->next();
    if (!next || *next > deadline) {
      if (deadline != Instant::max()) now_ = std::max(now(), deadline).time_since_epoch().count();
      break;
    }
    // What is due and had no step has found out that there is nothing to do.
    if (*next > now()) {
      now_ = next->time_since_epoch().count();
    } else {
      ++steps_;
    }
  }
  return is_done || done();
}

std::string WorldState::what_keeps_busy(Instant begun) const {
  auto busiest = tasks_;
  std::sort(busiest.begin(), busiest.end(),
            [](const Entry& left, const Entry& right) { return left.steps > right.steps; });
  std::string text = "the world has done " + std::to_string(steps_) +
                     " pieces of work, and stands at " + in_ms(now() - begun) +
                     " of the time that it was given. Busiest: ";
  for (std::size_t i = 0; i < std::min<std::size_t>(busiest.size(), 3); ++i) {
    text += busiest[i].what + " (" + std::to_string(busiest[i].steps) + "), ";
  }
  return text + "the network (" + std::to_string(network_steps_) +
         "). Look for a handler that causes what it is called for, or raise "
         "WorldOptions::most_steps";
}

// --- The network ---------------------------------------------------------------------------------

void WorldState::set_link(bool up) {
  if (link_up_ == up) return;
  link_up_ = up;
  if (!up) return;
  for (const auto& weak : std::exchange(lines_, {})) {
    if (const auto line = weak.lock()) {
      lines_.push_back(line);
      line->try_again();
    }
  }
}

void WorldState::add_line(const std::shared_ptr<Line>& line) {
  std::erase_if(lines_, [](const std::weak_ptr<Line>& weak) { return weak.expired(); });
  lines_.push_back(line);
}

ScriptedBroker& WorldState::own_broker(std::string_view host) {
  auto& broker = own_brokers_[std::string(host)];
  if (!broker) broker = std::make_unique<ScriptedBroker>(*this);
  return *broker;
}

ScriptedBroker& WorldState::broker_at(std::string_view host) {
  const auto own = own_brokers_.find(host);
  return own == own_brokers_.end() ? *broker_ : *own->second;
}

// --- Devices -------------------------------------------------------------------------------------

void WorldState::add_device(const std::shared_ptr<DeviceEnvironment>& device) {
  std::erase_if(devices_,
                [](const std::weak_ptr<DeviceEnvironment>& weak) { return weak.expired(); });
  devices_.push_back(device);
}

std::vector<std::shared_ptr<DeviceEnvironment>> WorldState::devices() {
  std::vector<std::shared_ptr<DeviceEnvironment>> all;
  for (const auto& weak : devices_) {
    if (auto device = weak.lock()) all.push_back(std::move(device));
  }
  return all;
}

}  // namespace holdfast::testing
