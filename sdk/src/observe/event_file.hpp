// The file in which a device keeps its newest events: places of equal size that are written in
// turn (docs/formats/events.md). What was written outlives the process, however that ends; the disk
// has it when the kernel gets to it (decision 0034).
//
// Threads: one at a time. `write` may wait for the disk, but never asks it to be sure.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/failure.hpp"
#include "observe/event_record.hpp"

namespace holdfast::observe {

class EventFile {
 public:
  static constexpr unsigned kFormat = 1;

  explicit EventFile(std::filesystem::path state_dir);

  /// What is in the file. @param remark what a person should know, if anything
  KeptEvents load(std::string& remark) const;

  /// Each at its place; a place that was written before needs no room on the disk. After a failure
  /// some of them may have been written.
  Failure write(const std::vector<EventRecord>& records);

  const std::filesystem::path& path() const { return path_; }

  /// The same as `load`, of a device that may be running.
  static KeptEvents peek(const std::filesystem::path& state_dir, std::string& remark) {
    return EventFile(state_dir).load(remark);
  }

 private:
  Failure open();
  std::string newer_format() const;

  std::filesystem::path directory_;
  std::filesystem::path path_;
  Descriptor file_;
};

}  // namespace holdfast::observe
