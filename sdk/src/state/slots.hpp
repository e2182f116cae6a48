// A small file that is either the old one or the new one, whenever the power goes: two slots that
// are written in turn, each with a generation and a checksum. docs/formats/slots.md is its form.
//
// Threads: one at a time. `store` waits for the disk.

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/failure.hpp"

namespace holdfast::state {

class Slots {
 public:
  using Bytes = std::span<const std::uint8_t>;

  /// @param name    the slots are NAME.FORMAT.a and NAME.FORMAT.b in `directory`
  /// @param format  the version of what is stored. Slots of a newer one belong to a newer SDK: they
  ///                are left as they are and not read
  Slots(std::filesystem::path directory, std::string name, unsigned format);

  /// The newest content that is whole; empty if there is none. What is damaged is set aside as
  /// FILE.damaged, not deleted. @param remark what a person should know, if anything
  std::optional<std::vector<std::uint8_t>> load(std::string& remark);

  /// The newest content that is whole, of a device that may be running: nothing is set aside, and
  /// nothing said of what is damaged.
  static std::optional<std::vector<std::uint8_t>> peek(const std::filesystem::path& directory,
                                                       const std::string& name, unsigned format);

  /// Writes `content` to the slot that does not hold the newest one, and waits until the disk has
  /// it (mode 0600). On failure the old content stays.
  Failure store(Bytes content);

  static constexpr std::size_t kMaxContentBytes = std::size_t{1} << 20;

 private:
  struct Slot {
    std::filesystem::path path;
    std::uint64_t generation = 0;  // 0: empty or damaged
  };

  std::string newer_format() const;

  std::filesystem::path directory_;
  std::string name_;
  unsigned format_;
  std::array<Slot, 2> slots_;
  bool loaded_ = false;
};

}  // namespace holdfast::state
