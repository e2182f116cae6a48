// How much memory a received message takes while it waits for its handler. Pure.

#pragma once

#include <cstddef>

#include <holdfast/message.hpp>

namespace holdfast::device {

inline std::size_t bytes_of(const Message& message) {
  std::size_t bytes = message.topic.size() + message.payload.size() + message.content_type.size() +
                      message.response_topic.size() + message.correlation_data.size();
  for (const auto& [name, value] : message.user_properties) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace holdfast::device
