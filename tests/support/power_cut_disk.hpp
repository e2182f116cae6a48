#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::test {

// What a disk writes in one piece.
inline constexpr std::size_t kSectorBytes = 512;

// Luck says what has reached the disk of that which was never synced. The same
// seed and questions give the same answers.
class Luck {
 public:
  static Luck none() { return Luck(Kind::none, 0); }
  // As if only the process had died.
  static Luck all() { return Luck(Kind::all, 0); }
  static Luck drawn(std::uint64_t seed) { return Luck(Kind::drawn, seed); }

  enum class Fate { lost, torn, kept };
  Fate fate();
  bool keeps();
  // One of `count` states, of which the first is what was synced and the last the newest.
  std::size_t choose(std::size_t count);

 private:
  enum class Kind { none, all, drawn };
  Luck(Kind kind, std::uint64_t seed) : kind_(kind), random_(seed) {}

  Kind kind_;
  std::mt19937_64 random_;
};

// PowerCutFile is a file as programs see it, and as the disk has it.
class PowerCutFile {
 public:
  PowerCutFile() = default;
  explicit PowerCutFile(std::vector<char> bytes) : seen_(bytes), disk_(std::move(bytes)) {}

  const std::vector<char>& bytes() const { return seen_; }
  void write(std::size_t offset, std::string_view bytes);
  void truncate(std::size_t size);
  void sync();
  // What Linux does where a sync fails: some of it was written, and nobody tries the rest again,
  // though programs go on seeing it.
  void fail_to_sync(Luck& luck);

  // What is read after a power cut. Writes may have reached the disk in any order and in part, but
  // for this: the file system gathers them in memory, so a sector is as it was at one moment.
  std::vector<char> after_cut(Luck& luck) const;

 private:
  struct Change {
    bool truncates = false;
    std::size_t offset = 0;  // or the new size
    std::vector<char> bytes;
  };
  static void apply(const Change& change, std::vector<char>& bytes);

  std::vector<char> seen_;
  std::vector<char> disk_;
  std::vector<Change> changes_;  // since the last sync
};

// PowerCutDisk is a directory of such files, of whose names the same is true:
// a name that was made or removed is on the disk for certain only after
// `sync_names`, also where the file has been synced.
class PowerCutDisk {
 public:
  using File = std::shared_ptr<PowerCutFile>;

  // Null if there is none.
  File find(const std::string& name) const;
  File make(const std::string& name);
  void remove(const std::string& name);
  void sync_names() { former_.clear(); }

  PowerCutDisk after_cut(Luck& luck) const;

 private:
  void change(const std::string& name, File file);

  std::map<std::string, File> files_;
  // What a name was before, first what is on the disk. Null: nothing.
  std::map<std::string, std::vector<File>> former_;
};

}  // namespace holdfast::test
