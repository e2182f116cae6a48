// The outbox's file, damaged or tampered with: it is taken up or set aside, what can be read of it
// is read to an end, and there is a file that works afterwards.
//
// The input is a list of edits to a file that the outbox has written, so that a short one reaches
// any place: how many bytes of it there are (2 bytes, 0: all), and then for each edit a position
// (2 bytes), a length (1 byte) and as many bytes; numbers are little-endian.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "outbox/store.hpp"

namespace {

namespace fs = std::filesystem;
using namespace holdfast;
using namespace holdfast::outbox;

// In memory where there is such a place; it ends with the process.
class Directory {
 public:
  Directory() {
    std::error_code error;
    const fs::path parent = fs::is_directory("/dev/shm", error) ? "/dev/shm" : "/tmp";
    std::string name = parent / "holdfast-fuzz-XXXXXX";
    fuzz::require(::mkdtemp(name.data()) != nullptr, "a directory");
    path_ = name;
  }
  ~Directory() { fs::remove_all(path_); }

  const fs::path& path() const { return path_; }
  void clear() const {
    for (const auto& entry : fs::directory_iterator(path_)) fs::remove(entry.path());
  }

 private:
  fs::path path_;
};

Row row(MessageId id, std::size_t payload_bytes) {
  Row row;
  const auto rank = static_cast<std::int64_t>(id);
  row.place = {static_cast<Priority>(id % 3), id % 4 == 0 ? -rank : rank, id};
  row.topic = "truck/17";
  row.payload.assign(payload_bytes, std::byte{0x11});
  row.of_stream = id % 2 == 0;
  if (id % 5 == 0) row.key = "door";
  if (id % 3 == 0) row.expires = 1'000 * rank;
  if (id % 7 == 0) row.properties = Properties({"text/plain", "reply/1", row.payload});
  return row;
}

std::unique_ptr<Store> open(const Directory& directory, std::string& remark) {
  Failure failure;
  auto store = Store::open({.directory = directory.path()}, remark, failure);
  if (!store) std::fprintf(stderr, "%s\n", failure.detail.c_str());
  fuzz::require(store != nullptr, "there is a file to work with");
  return store;
}

// Short rows, and one on pages of its own; pages that are free again; dead letters.
std::vector<std::uint8_t> make_image(const Directory& directory) {
  std::string remark;
  auto store = open(directory, remark);
  Batch first{.clock = 1};
  for (MessageId id = 1; id <= 40; ++id) first.in.push_back(row(id, id == 7 ? 9'000 : 60));
  first.in.push_back(row(41, 20'000));
  fuzz::require(!store->commit(first), "it is written");
  Batch second{.clock = 2, .wall = 1'800'000'000};
  second.out = {row(41, 0).place, row(8, 0).place};
  second.dead = {{8, "truck/17", row(8, 60).payload, 62, "not authorised"}};
  second.numbered = {{row(2, 0).place, {77, 9}}};
  fuzz::require(!store->commit(second), "it is written");
  store.reset();
  std::ifstream file(Store::file_in(directory.path()), std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)),
                                std::istreambuf_iterator<char>());
  return {bytes.begin(), bytes.end()};
}

std::vector<std::uint8_t> edit(std::vector<std::uint8_t> image, const std::uint8_t* data,
                               std::size_t size) {
  const auto number = [](const std::uint8_t* at) {
    return static_cast<std::size_t>(at[0] | (at[1] << 8));
  };
  if (size < 2) return image;
  if (number(data) != 0) image.resize(number(data));
  for (std::size_t at = 2; at + 3 <= size;) {
    const std::size_t position = number(data + at);
    const std::size_t length = std::min<std::size_t>(data[at + 2], size - at - 3);
    if (image.size() < position + length) image.resize(position + length);
    std::copy_n(data + at + 3, length, image.begin() + static_cast<std::ptrdiff_t>(position));
    at += 3 + length;
  }
  return image;
}

// As the outbox reads at its start, and page by page later.
void read_all(Store& store) {
  store.begin_reading();
  const Store::Totals totals = store.totals();
  (void)store.keyed();
  (void)store.next_expiry();
  (void)store.expired(50'000, 100);
  (void)store.dead(100);
  (void)store.oldest(std::nullopt, true, 100);
  (void)store.oldest("truck/17", false, 100);
  std::size_t read = 0;
  std::optional<Place> from;
  for (;;) {
    const auto page = store.read(from, 16, 64 * 1024);
    if (page.empty()) break;
    for (const Row& one : page) {
      fuzz::require(!from || *from <= one.place, "rows come in their order");
      from = one.place.after();
    }
    read += page.size();
    fuzz::require(read < 100'000, "there is an end");
  }
  if (store.failure_of_reading()) return;
  fuzz::require(read == totals.messages, "what is counted is read");
}

bool is_damaged(const Store& store, const Failure& failure) {
  if (!failure) return false;
  if (store.trouble() != Trouble::damaged) std::fprintf(stderr, "%s\n", failure.detail.c_str());
  fuzz::require(store.trouble() == Trouble::damaged, "nothing is wrong with the disk");
  return true;
}

// @return false if it was seen to be damaged
bool work(Store& store) {
  read_all(store);
  if (is_damaged(store, store.failure_of_reading())) return false;
  Batch batch{.clock = 3};
  batch.in = {row(100, 5'000), row(101, 10)};
  batch.numbered = {{row(4, 0).place, {78, 1}}};
  batch.out = {row(1, 0).place, row(6, 0).place, row(7, 0).place};
  batch.dead = {{7, "truck/17", row(7, 60).payload, 62, "not authorised"}};
  batch.shorten = Batch::Shorten{50, 10};
  if (is_damaged(store, store.commit(batch))) return false;
  const auto rows = store.read(row(100, 0).place, 1, SIZE_MAX);
  if (is_damaged(store, store.failure_of_reading())) return false;
  fuzz::require(rows.size() == 1 && rows[0].payload == batch.in[0].payload, "it is there");
  store.tidy();
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory directory;
  static const std::vector<std::uint8_t> image = make_image(directory);
  directory.clear();
  {
    const std::vector<std::uint8_t> edited = edit(image, data, size);
    std::ofstream file(Store::file_in(directory.path()), std::ios::binary);
    file.write(reinterpret_cast<const char*>(edited.data()),
               static_cast<std::streamsize>(edited.size()));
  }
  std::string remark;
  auto store = open(directory, remark);
  bool works = work(*store);
  if (!works) {
    fuzz::require(remark.empty(), "a fresh file is not damaged");
    store.reset();
    store = open(directory, remark);
    works = work(*store);
  }
  fuzz::require(works, "it is set aside once, and then there is one that works");
  return 0;
}
