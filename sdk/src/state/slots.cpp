#include "state/slots.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/descriptor.hpp"
#include "base/secret.hpp"
#include "state/file_io.hpp"
#include "state/slot_format.hpp"

namespace holdfast::state {
namespace {

// Content may be the secrets of TLS sessions: the copy of it does not outlive its use.
class WipeLater {
 public:
  explicit WipeLater(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  ~WipeLater() { wipe(bytes_); }
  WipeLater(const WipeLater&) = delete;
  WipeLater& operator=(const WipeLater&) = delete;

 private:
  std::vector<std::uint8_t>& bytes_;
};

struct SlotFile {
  bool there = false;
  std::optional<SlotRecord> record;  // empty if it is damaged
};

// In place: its blocks are there already, also on a flash that is full. @return once the disk has
// it
Failure overwrite(const std::filesystem::path& path, Slots::Bytes bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return system_failure(path, "opened");
  if (::fchmod(file.get(), 0600) != 0 || !write_whole(file.get(), bytes) ||
      ::ftruncate(file.get(), static_cast<off_t>(bytes.size())) != 0 || ::fsync(file.get()) != 0) {
    return system_failure(path, "written");
  }
  return {};
}

SlotFile read_slot(const std::filesystem::path& path) {
  auto bytes = read_whole(path, kSlotHeaderBytes + Slots::kMaxContentBytes);
  if (!bytes) return {};
  const WipeLater wiped(*bytes);
  return {true, decode_slot(*bytes)};
}

}  // namespace

Slots::Slots(std::filesystem::path directory, std::string name, unsigned format)
    : directory_(std::move(directory)), name_(std::move(name)), format_(format) {
  const std::string stem = name_ + "." + std::to_string(format_);
  slots_[0].path = directory_ / (stem + ".a");
  slots_[1].path = directory_ / (stem + ".b");
}

// The name of a slot that a newer SDK has written, if there is one.
std::string Slots::newer_format() const {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    std::string file = entry.path().filename().string();
    if (!file.starts_with(name_ + ".")) continue;
    const std::string_view rest = std::string_view(file).substr(name_.size() + 1);
    unsigned format = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), format);
    const std::string_view slot = rest.substr(static_cast<std::size_t>(end - rest.data()));
    if (problem == std::errc() && (slot == ".a" || slot == ".b") && format > format_) return file;
  }
  return {};
}

std::optional<std::vector<std::uint8_t>> Slots::load(std::string& remark) {
  loaded_ = true;
  remark.clear();
  std::optional<std::vector<std::uint8_t>> newest;
  std::uint64_t newest_generation = 0;
  std::vector<const Slot*> damaged;
  for (Slot& slot : slots_) {
    slot.generation = 0;
    auto [there, record] = read_slot(slot.path);
    if (!there) continue;
    if (!record) {
      damaged.push_back(&slot);
      continue;
    }
    slot.generation = record->generation;
    if (record->generation > newest_generation) {
      newest_generation = record->generation;
      newest = std::move(record->content);
    }
  }
  // One damaged slot beside a whole one is what a power failure leaves: nothing was lost.
  if (!newest && !damaged.empty()) {
    for (const Slot* slot : damaged) {
      std::error_code error;
      std::filesystem::rename(slot->path, slot->path.string() + ".damaged", error);
    }
    remark = damaged.front()->path.string() +
             " is damaged; it was set aside as .damaged and the device begins anew without it";
  }
  if (const std::string newer = newer_format(); !newer.empty()) {
    remark += (remark.empty() ? "" : ". ") + newer + " in " + directory_.string() +
              " was written by a newer SDK; it is left as it is and not used";
  }
  return newest;
}

std::optional<std::vector<std::uint8_t>> Slots::peek(const std::filesystem::path& directory,
                                                     const std::string& name, unsigned format) {
  std::optional<std::vector<std::uint8_t>> newest;
  std::uint64_t newest_generation = 0;
  for (const Slot& slot : Slots(directory, name, format).slots_) {
    auto record = read_slot(slot.path).record;
    if (!record || record->generation <= newest_generation) continue;
    newest_generation = record->generation;
    newest = std::move(record->content);
  }
  return newest;
}

Failure Slots::store(Bytes content) {
  if (content.size() > kMaxContentBytes) {
    return {Errc::system_failure, name_ + " has " + std::to_string(content.size()) +
                                      " bytes; at most " + std::to_string(kMaxContentBytes) +
                                      " are kept"};
  }
  if (!loaded_) {
    std::string remark;
    load(remark);
  }
  Slot& slot = slots_[0].generation <= slots_[1].generation ? slots_[0] : slots_[1];
  const std::uint64_t generation = std::max(slots_[0].generation, slots_[1].generation) + 1;
  auto bytes = encode_slot(generation, content);
  const WipeLater wiped(bytes);

  // While it is being written this slot holds nothing; the other one stays whole. A slot that is
  // not there yet may be the first one: it comes into being whole, so that one that is alone and
  // damaged always means a loss.
  slot.generation = 0;
  const bool fresh = !std::filesystem::exists(std::filesystem::symlink_status(slot.path));
  const std::filesystem::path path = fresh ? slot.path.string() + ".new" : slot.path.string();
  if (Failure failure = overwrite(path, bytes)) {
    if (fresh) ::unlink(path.c_str());
    return failure;
  }
  if (fresh && ::rename(path.c_str(), slot.path.c_str()) != 0) {
    return system_failure(slot.path, "put in place");
  }
  if (!sync_directory(directory_)) return system_failure(directory_, "synced");
  slot.generation = generation;
  return {};
}

}  // namespace holdfast::state
