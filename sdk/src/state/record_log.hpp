// A file to which records are added one by one, each of them on the disk before the next: what was
// added counts whenever the power goes, at the price of one small write. docs/formats/record_log.md
// is its form.
//
// Threads: one at a time. Every member waits for the disk.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/failure.hpp"

namespace holdfast::state {

class RecordLog {
 public:
  using Record = std::vector<std::uint8_t>;

  /// @param name    the file is NAME.FORMAT.log in `directory`
  /// @param format  the version of what is in the records. Files of a newer one belong to a newer
  ///                SDK: they are left as they are and not read
  RecordLog(std::filesystem::path directory, const std::string& name, unsigned format);

  struct Found {
    std::vector<Record> records;
    bool lost = false;  ///< something that was added before is not among them
  };
  /// What is in the file; once, before all else. @param remark what a person should know, if
  /// anything. A damaged file is set aside as FILE.damaged, but only by `replace`, so that whoever
  /// crashes before he has drawn his conclusions finds it again.
  Found load(std::string& remark);

  /// Adds a record of 1 to 65,536 bytes, and waits until the disk has it. After a failure the file
  /// is as it was, or has the record.
  Failure append(std::span<const std::uint8_t> content);

  /// Makes a new file of these records in the place of the old one, which stays until the new one
  /// is on the disk.
  Failure replace(const std::vector<Record>& records);

  /// How long the file is.
  std::size_t bytes() const { return bytes_; }
  const std::filesystem::path& file() const { return path_; }

  /// What is longer is taken for damaged.
  static constexpr std::size_t kMaxFileBytes = std::size_t{8} * 1024 * 1024;

 private:
  Failure open();
  std::string newer_format() const;

  std::filesystem::path directory_;
  std::string name_;
  unsigned format_;
  std::filesystem::path path_;
  Descriptor file_;
  std::size_t bytes_ = 0;  // of it, those that count
  bool damaged_ = false;   // what is there has to be set aside
};

}  // namespace holdfast::state
