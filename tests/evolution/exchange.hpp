// A released reader and today's, and the same content from both sides.

#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <holdfast/payload.hpp>

#include "support/temp_dir.hpp"

namespace holdfast::evolution {

using Bytes = std::vector<std::byte>;

inline Bytes golden(const std::string& version, const std::string& name) {
  const std::string text = test::read_file(std::string(HOLDFAST_RELEASED_DIR) + "/" + version +
                                           "/golden/" + name + ".bin");
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

template <class T>
Bytes packed(const typename T::NativeTableType& object) {
  const auto buffer = pack<T>(object);
  const auto bytes = as_payload(buffer);
  return {bytes.begin(), bytes.end()};
}

template <class T, class Fill>
Bytes written(Fill fill) {
  typename T::NativeTableType object;
  fill(object);
  return packed<T>(object);
}

/// What a reader of T makes of the bytes, written by T again: two contents are the same if their
/// bytes are. Empty where it refuses them.
template <class T>
Bytes understood(const Bytes& bytes) {
  std::error_code error;
  const T* root = verify<T>(bytes, error);
  if (root == nullptr) return {};
  typename T::NativeTableType object;
  root->UnPackTo(&object);
  return packed<T>(object);
}

/// @param then fills the content of the release, `now` that and what was added since
template <class Old, class Today, class Then, class Now>
void exchange(const std::string& version, const std::string& name, Then then, Now now) {
  SCOPED_TRACE(name);
  const Bytes kept = golden(version, name);
  ASSERT_FALSE(kept.empty());
  EXPECT_EQ(understood<Today>(kept), written<Today>(then)) << "today's reader, released bytes";
  EXPECT_EQ(understood<Old>(kept), written<Old>(then)) << "the golden bytes are not what they were";
  EXPECT_EQ(understood<Old>(written<Today>(now)), written<Old>(then))
      << "the released reader, today's bytes";
}

}  // namespace holdfast::evolution
