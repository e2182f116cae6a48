// The core's part for streams.

#include <holdfast/limits.hpp>

#include "device/core.hpp"
#include "payload/series_body.hpp"

namespace holdfast::device {

std::size_t Core::add_stream(std::string_view topic, const StreamOptions& options) {
  const bool has_state_dir = !settings_.options.state_dir.empty();
  if (const Failure failure =
          check_stream(topic, options, has_state_dir, settings_.options.mqtt_version)) {
    throw ConfigError("stream", topic, failure.detail);
  }
  const std::lock_guard lock(mutex_);
  if (streams_.size() >= limits::kMaxStreams) {
    throw ConfigError("stream", topic,
                      "a device takes " + std::to_string(limits::kMaxStreams) + " streams");
  }
  const outbox::StreamId number = shared_.outbox.stream_on(topic);
  shared_.outbox.bound_stream(number, options.bounds);
  shared_.outbox.batch_stream(number, options.max_bytes);
  streams_.push_back({std::string(topic), options, number});
  return streams_.size() - 1;
}

Core::StreamInfo Core::stream_info(std::size_t stream) const {
  const std::lock_guard lock(mutex_);
  return streams_[stream];
}

Receipt Core::push(std::size_t stream, std::span<const std::byte> payload, PushOptions push) {
  const StreamInfo info = stream_info(stream);
  PublishOptions options = publish_options(info.options);
  options.key = std::move(push.key);
  options.on_stored = std::move(push.on_stored);
  options.on_done = std::move(push.on_done);
  return publish(info.topic, payload, std::move(options), info.number);
}

Receipt Core::push(std::size_t stream, const SeriesLayout& layout, std::span<const Sample> samples,
                   PushOptions push) {
  SeriesTime time = shared_.boot_time.now();
  if (push.time) {
    time = {std::chrono::floor<std::chrono::milliseconds>(push.time->time_since_epoch()).count(),
            0};
  }
  Failure failure;
  const auto body = payload::encode_row(layout, time, samples, failure);
  if (failure) return refuse(std::move(failure));
  return this->push(stream, body, std::move(push));
}

// It waits as long as the first reading may, so that it rides along; after a restart the newest
// takes the place of one that still waits.
void Core::declare(std::size_t stream, const SeriesLayout& layout) {
  const StreamInfo info = stream_info(stream);
  const std::string topic = info.topic + "/layout";
  const Receipt receipt = publish(topic, layout.describe(),
                                  {.retain = Retain::yes,
                                   .max_delay = info.options.max_delay,
                                   .priority = info.options.priority,
                                   .key = "layout"},
                                  outbox::kNoStream);
  if (receipt.error == Errc::invalid_topic) throw ConfigError("series", topic, receipt.detail);
}

}  // namespace holdfast::device
