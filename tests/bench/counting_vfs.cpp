#include "bench/counting_vfs.hpp"

#include <sqlite3.h>

#include <atomic>
#include <string_view>

#include "bench/harness.hpp"

namespace holdfast::bench {
namespace {

std::atomic<std::uint64_t> log_bytes{0};
std::atomic<std::uint64_t> file_bytes{0};
std::atomic<std::uint64_t> syncs{0};

// SQLite's own file follows it in the memory that SQLite gives.
struct File {
  sqlite3_file base;
  bool is_log;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* counted(sqlite3_file* file) {
  return reinterpret_cast<File*>(file);
}

// A method that only passes on what it was asked.
template <auto Method>
struct Pass;
template <class... Rest, int (*sqlite3_io_methods::*Method)(sqlite3_file*, Rest...)>
struct Pass<Method> {
  static int call(sqlite3_file* file, Rest... rest) {
    sqlite3_file* real = counted(file)->real();
    return (real->pMethods->*Method)(real, rest...);
  }
};

int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  (counted(file)->is_log ? log_bytes : file_bytes) += static_cast<std::uint64_t>(count);
  return Pass<&sqlite3_io_methods::xWrite>::call(file, bytes, count, at);
}

int sync(sqlite3_file* file, int flags) {
  ++syncs;
  return Pass<&sqlite3_io_methods::xSync>::call(file, flags);
}

// Version 1 knows no shared memory and no mapped pages: a database with a lock of its own needs
// neither.
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = Pass<&sqlite3_io_methods::xClose>::call,
    .xRead = Pass<&sqlite3_io_methods::xRead>::call,
    .xWrite = write,
    .xTruncate = Pass<&sqlite3_io_methods::xTruncate>::call,
    .xSync = sync,
    .xFileSize = Pass<&sqlite3_io_methods::xFileSize>::call,
    .xLock = Pass<&sqlite3_io_methods::xLock>::call,
    .xUnlock = Pass<&sqlite3_io_methods::xUnlock>::call,
    .xCheckReservedLock = Pass<&sqlite3_io_methods::xCheckReservedLock>::call,
    .xFileControl = Pass<&sqlite3_io_methods::xFileControl>::call,
    .xSectorSize = Pass<&sqlite3_io_methods::xSectorSize>::call,
    .xDeviceCharacteristics = Pass<&sqlite3_io_methods::xDeviceCharacteristics>::call,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs* real_vfs = nullptr;

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  File* const opened = counted(file);
  opened->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  opened->base.pMethods = nullptr;
  const int code = real_vfs->xOpen(real_vfs, name, opened->real(), flags, flags_out);
  if (opened->real()->pMethods != nullptr) opened->base.pMethods = &kMethods;
  return code;
}

}  // namespace

void count_what_sqlite_writes() {
  real_vfs = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs counting = *real_vfs;
  counting.zName = "counting";
  counting.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
  counting.xOpen = open;
  if (sqlite3_vfs_register(&counting, 1) != SQLITE_OK) give_up("SQLite takes no file system");
}

Written written_by_sqlite() {
  return {log_bytes, file_bytes, syncs};
}

}  // namespace holdfast::bench
