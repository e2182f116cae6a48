#include "support/power_cut_disk.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::test {
namespace {

// A block that was given to a file and never written has what was there before.
constexpr char kJunk = '\xA5';

// One sector of a file as it is seen reaches the disk.
void keep_sector(std::size_t begin, const std::vector<char>& seen, std::vector<char>& disk) {
  const std::size_t end = std::min(begin + kSectorBytes, seen.size());
  if (end <= begin) return;  // it was cut off again
  if (disk.size() < end) disk.resize(end, kJunk);
  std::copy(seen.begin() + static_cast<std::ptrdiff_t>(begin),
            seen.begin() + static_cast<std::ptrdiff_t>(end),
            disk.begin() + static_cast<std::ptrdiff_t>(begin));
}

}  // namespace

Luck::Fate Luck::fate() {
  if (kind_ == Kind::none) return Fate::lost;
  if (kind_ == Kind::all) return Fate::kept;
  return static_cast<Fate>(random_() % 3);
}

bool Luck::keeps() {
  return kind_ == Kind::all || (kind_ == Kind::drawn && random_() % 2 == 0);
}

std::size_t Luck::choose(std::size_t count) {
  if (kind_ == Kind::none) return 0;
  return kind_ == Kind::all ? count - 1 : static_cast<std::size_t>(random_() % count);
}

void PowerCutFile::apply(const Change& change, std::vector<char>& bytes) {
  if (change.truncates) {
    bytes.resize(change.offset);
    return;
  }
  bytes.resize(std::max(bytes.size(), change.offset + change.bytes.size()));
  std::copy(change.bytes.begin(), change.bytes.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

void PowerCutFile::write(std::size_t offset, std::string_view bytes) {
  changes_.push_back({false, offset, {bytes.begin(), bytes.end()}});
  apply(changes_.back(), seen_);
}

void PowerCutFile::truncate(std::size_t size) {
  changes_.push_back({true, size, {}});
  apply(changes_.back(), seen_);
}

void PowerCutFile::sync() {
  for (const Change& change : changes_) apply(change, disk_);
  changes_.clear();
}

void PowerCutFile::fail_to_sync(Luck& luck) {
  disk_ = after_cut(luck);
  changes_.clear();
}

std::vector<char> PowerCutFile::after_cut(Luck& luck) const {
  std::vector<char> disk = disk_;
  std::vector<char> seen = disk_;
  for (const Change& change : changes_) {
    apply(change, seen);
    if (change.truncates) {
      if (luck.keeps()) disk.resize(std::min(disk.size(), change.offset));
      continue;
    }
    const std::size_t end = change.offset + change.bytes.size();
    const Luck::Fate fate = luck.fate();
    if (fate == Luck::Fate::lost) {
      // The length of a file may be there before what makes it so long.
      if (disk.size() < end && luck.keeps()) disk.resize(end, kJunk);
      continue;
    }
    for (std::size_t begin = change.offset - change.offset % kSectorBytes; begin < end;
         begin += kSectorBytes) {
      if (fate == Luck::Fate::kept || luck.keeps()) keep_sector(begin, seen, disk);
    }
  }
  return disk;
}

PowerCutDisk::File PowerCutDisk::find(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : found->second;
}

void PowerCutDisk::change(const std::string& name, File file) {
  former_[name].push_back(find(name));
  files_[name] = std::move(file);
}

PowerCutDisk::File PowerCutDisk::make(const std::string& name) {
  auto file = std::make_shared<PowerCutFile>();
  change(name, file);
  return file;
}

void PowerCutDisk::remove(const std::string& name) {
  change(name, nullptr);
}

PowerCutDisk PowerCutDisk::after_cut(Luck& luck) const {
  PowerCutDisk disk;
  for (const auto& [name, newest] : files_) {
    File file = newest;
    if (const auto former = former_.find(name); former != former_.end()) {
      const std::size_t count = former->second.size();
      const std::size_t chosen = luck.choose(count + 1);
      if (chosen < count) file = former->second[chosen];
    }
    if (file) disk.files_[name] = std::make_shared<PowerCutFile>(file->after_cut(luck));
  }
  return disk;
}

}  // namespace holdfast::test
