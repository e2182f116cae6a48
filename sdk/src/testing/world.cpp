#include <cmath>
#include <stdexcept>
#include <utility>

#include <holdfast/testing.hpp>
#include <holdfast/version.hpp>

#include "device/core.hpp"
#include "testing/device_environment.hpp"
#include "testing/scripted_broker.hpp"
#include "testing/world_state.hpp"

namespace holdfast {

struct detail::DeviceMaker {
  static Device make(std::shared_ptr<device::Core> core) { return Device(std::move(core)); }
  static const std::shared_ptr<device::Core>& core_of(const Device& device) { return device.core_; }
};

namespace testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Two pins that are well formed; whose keys they are is of no interest where none is proven.
constexpr std::string_view kPin = "sha256/ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=";
constexpr std::string_view kBackupPin = "sha256/PiPoFgOUWUos8k1CqUQgWsMx9d8nwiCu1XnTSEAWFJ0=";

WorldOptions checked(WorldOptions options) {
  const auto date = std::chrono::floor<std::chrono::seconds>(options.date.time_since_epoch());
  if (date.count() < static_cast<std::int64_t>(kReleaseTime)) {
    throw ConfigError("date", std::to_string(date.count()),
                      "it is before the release of this SDK, which no device believes");
  }
  if (options.round_trip < 0ms || options.round_trip > 1min) {
    throw ConfigError("round_trip", std::to_string(options.round_trip.count()) + " ms",
                      "it must be between 0 and 1 min");
  }
  return options;
}

void refuse_within(const WorldState& state, const char* call) {
  if (!state.is_running()) return;
  throw std::logic_error(std::string("World::") + call +
                         " from within a handler: let the handler return, and move time in the "
                         "test");
}

// What a directory holds, to be brought back.
class Snapshot {
 public:
  Snapshot(fs::path directory, fs::path copy)
      : directory_(std::move(directory)), copy_(std::move(copy)) {
    if (!directory_.empty()) fs::copy(directory_, copy_, fs::copy_options::recursive);
  }

  void bring_back() {
    if (directory_.empty()) return;
    for (const auto& entry : fs::directory_iterator(directory_)) fs::remove_all(entry.path());
    fs::copy(copy_, directory_, fs::copy_options::recursive);
    fs::remove_all(copy_);
  }

 private:
  const fs::path directory_;
  const fs::path copy_;
};

}  // namespace

World::World(WorldOptions options) : state_(std::make_shared<WorldState>(checked(options))) {}

World::~World() = default;

Options World::options(std::string_view client_id) const {
  Options options;
  options.broker = "mqtts://broker.example.com";
  options.client_id = std::string(client_id);
  options.pins = {std::string(kPin), std::string(kBackupPin)};
  return options;
}

std::filesystem::path World::state_dir(std::string_view name) const {
  return state_->directory() / name;
}

Device World::device(Options options) {
  auto environment = std::make_shared<DeviceEnvironment>(state_, options);
  auto core = std::make_shared<device::Core>(std::move(options), environment);
  environment->made(core);
  state_->add_device(environment);
  return detail::DeviceMaker::make(std::move(core));
}

Broker& World::broker() {
  return state_->broker().face();
}

Broker& World::broker(std::string_view host) {
  return state_->own_broker(host).face();
}

// --- Time ----------------------------------------------------------------------------------------

void World::advance(std::chrono::nanoseconds time) {
  advance_until([] { return false; }, time);
}

bool World::advance_until(const std::function<bool()>& done, std::chrono::nanoseconds at_most) {
  refuse_within(*state_, "advance");
  const bool is_done = state_->run_until(state_->now() + std::max(at_most, 0ns), done);
  if (const std::string fault = state_->take_fault(); !fault.empty()) {
    throw std::runtime_error(fault);
  }
  return is_done;
}

std::chrono::steady_clock::time_point World::now() const {
  return state_->now();
}

std::chrono::system_clock::time_point World::date() const {
  return state_->date();
}

// --- The line ------------------------------------------------------------------------------------

void World::link_down() {
  state_->set_link(false);
}

void World::link_up() {
  state_->set_link(true);
}

void World::network_appears() {
  link_up();
  for (const auto& device : state_->devices()) device->network_appears();
}

// --- Faults of a device --------------------------------------------------------------------------

void World::crash(Device& device) {
  refuse_within(*state_, "crash");
  const auto& core = detail::DeviceMaker::core_of(device);
  for (const auto& environment : state_->devices()) {
    if (environment->core() != core) continue;
    Snapshot snapshot(environment->state_dir(), state_->directory() / ".crashed");
    core->vanish();
    snapshot.bring_back();
    return;
  }
  throw std::logic_error("World::crash: the device is of another world, or of none");
}

void World::use_budget_up_to(double part) {
  if (!(part >= 0 && part <= 2)) {
    throw ConfigError("part", std::to_string(part), "it must be between 0 and 2");
  }
  for (const auto& environment : state_->devices()) {
    const auto core = environment->core();
    const auto budget = core ? core->status().budget : std::nullopt;
    if (!budget) continue;
    const auto wanted =
        static_cast<std::uint64_t>(std::llround(part * static_cast<double>(budget->allowance)));
    if (wanted > budget->used) environment->spend(wanted - budget->used);
  }
}

}  // namespace testing
}  // namespace holdfast
