#include <holdfast/device.hpp>

#include <utility>

#include "device/core.hpp"

namespace holdfast {

Device::Device(Options options) : core_(std::make_shared<device::Core>(std::move(options))) {}

Device::Device(std::shared_ptr<device::Core> core) noexcept : core_(std::move(core)) {}

Device::~Device() {
  core_->stop(limits::kStopTimeout);
}

void Device::start() {
  core_->start();
}

StopResult Device::stop(std::chrono::milliseconds timeout) {
  return core_->stop(timeout);
}

Receipt Device::publish(std::string_view topic, std::span<const std::byte> payload,
                        PublishOptions options) {
  return core_->publish(topic, payload, std::move(options), outbox::kNoStream);
}

Remaining Device::flush(std::chrono::milliseconds timeout) {
  return core_->flush(timeout);
}

Remaining Device::drain(std::chrono::milliseconds timeout) {
  return core_->drain(timeout);
}

void Device::subscribe(std::string_view filter, MessageHandler handler, SubscribeOptions options) {
  core_->subscribe(filter, std::move(handler), options);
}

void Device::offer_pin_set(std::span<const std::byte> document) {
  core_->offer_pin_set(document);
}

void Device::set_time(std::chrono::system_clock::time_point now) {
  core_->set_time(now);
}

void Device::on_event(EventHandler handler) {
  core_->on_event(std::move(handler));
}

Status Device::status() const {
  return core_->status();
}

Ledger Device::ledger() const {
  return core_->status().ledger;
}

void Device::reject_payload(std::string_view topic, std::error_code error,
                            std::string_view schema) {
  core_->reject_payload(topic, error, schema);
}

void Device::add_command(std::string_view filter, detail::CommandHandler handler) {
  core_->on_command(filter, std::move(handler));
}

Receipt Device::send_call(std::string_view topic, std::span<const std::byte> request,
                          const CallOptions& options, detail::CallHandler handler) {
  return core_->call(topic, request, options, std::move(handler));
}

namespace detail {

StreamBase::StreamBase(std::shared_ptr<device::Core> core, std::string_view topic,
                       const StreamOptions& options)
    : core_(std::move(core)), stream_(core_->add_stream(topic, options)) {}

Receipt StreamBase::push_bytes(std::span<const std::byte> finished_buffer, PushOptions options) {
  return core_->push(stream_, finished_buffer, std::move(options));
}

Receipt StreamBase::push_samples(const SeriesLayout& layout, std::span<const Sample> samples,
                                 PushOptions options) {
  return core_->push(stream_, layout, samples, std::move(options));
}

void StreamBase::declare(const SeriesLayout& layout) {
  core_->declare(stream_, layout);
}

StateBase::StateBase(std::shared_ptr<device::Core> core, std::string_view topic,
                     const StateOptions& options, const DesiredType& desired)
    : core_(std::move(core)), document_(core_->states().add(topic, options, desired)) {}

void StateBase::on_desired(Handler handler) {
  core_->states().on_desired(document_, std::move(handler));
}

StateReceipt StateBase::report(std::span<const std::byte> finished_buffer) {
  return core_->states().report(document_, finished_buffer);
}

}  // namespace detail
}  // namespace holdfast
