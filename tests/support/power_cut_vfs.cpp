#include "support/power_cut_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace holdfast::test {

// SQLite hands out the memory for it, and knows only its base.
struct PowerCutVfs::Handle : sqlite3_file {
  PowerCutVfs* owner = nullptr;
  PowerCutDisk::File file;
  std::string delete_on_close;
  bool syncs_names = false;  // with its first sync
  bool is_listed = false;    // temporary files are nobody's after a cut

  static Handle& of(sqlite3_file* file) { return *static_cast<Handle*>(file); }
};

struct PowerCutVfs::Calls {
  explicit Calls(PowerCutVfs& owner);

  static PowerCutVfs& of(sqlite3_vfs* vfs) { return *static_cast<PowerCutVfs*>(vfs->pAppData); }
  static sqlite3_vfs* system() { return sqlite3_vfs_find(nullptr); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out);
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_names);
  static int exists(sqlite3_vfs* vfs, const char* name, int flags, int* result);
  static int full_name(sqlite3_vfs* vfs, const char* name, int size, char* result);

  static int close(sqlite3_file* file);
  static int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset);
  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset);
  static int truncate(sqlite3_file* file, sqlite3_int64 size);
  static int sync(sqlite3_file* file, int flags);
  static int size(sqlite3_file* file, sqlite3_int64* size);
  static int is_reserved(sqlite3_file* file, int* result);

  sqlite3_vfs vfs{};
  sqlite3_io_methods methods{};
};

PowerCutVfs::Calls::Calls(PowerCutVfs& owner) {
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = 512;
  vfs.zName = owner.name_.c_str();
  vfs.pAppData = &owner;
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = exists;
  vfs.xFullPathname = full_name;
  vfs.xRandomness = [](sqlite3_vfs*, int size, char* bytes) {
    return system()->xRandomness(system(), size, bytes);
  };
  vfs.xSleep = [](sqlite3_vfs*, int microseconds) { return microseconds; };
  vfs.xCurrentTime = [](sqlite3_vfs*, double* days) {
    return system()->xCurrentTime(system(), days);
  };
  vfs.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };

  methods.iVersion = 1;  // without shared memory and maps
  methods.xClose = close;
  methods.xRead = read;
  methods.xWrite = write;
  methods.xTruncate = truncate;
  methods.xSync = sync;
  methods.xFileSize = size;
  methods.xLock = [](sqlite3_file*, int) { return SQLITE_OK; };
  methods.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
  methods.xCheckReservedLock = is_reserved;
  methods.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
  // As SQLite's own on Linux: a write does not harm its neighbours in a sector.
  methods.xSectorSize = [](sqlite3_file*) { return 4096; };
  methods.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; };
}

PowerCutVfs::PowerCutVfs(PowerCutDisk disk) : disk_(std::move(disk)) {
  static std::atomic<unsigned> made{0};
  name_ = "power-cut-" + std::to_string(++made);
  calls_ = std::make_unique<Calls>(*this);
  if (sqlite3_vfs_register(&calls_->vfs, 0) != SQLITE_OK) throw std::runtime_error("no VFS");
}

PowerCutVfs::~PowerCutVfs() {
  sqlite3_vfs_unregister(&calls_->vfs);
}

bool PowerCutVfs::operate(const std::function<void()>& change) {
  if (is_cut()) return false;
  change();
  ++operations_;
  if (watcher_) watcher_();
  return !is_cut() && operations_ != fail_at_;
}

bool PowerCutVfs::sync(Handle& handle) {
  if (!operate([] {})) {
    if (operations_ == fail_at_) handle.file->fail_to_sync(luck_);
    return false;
  }
  if (!syncs_) return true;
  handle.file->sync();
  if (std::exchange(handle.syncs_names, false)) disk_.sync_names();
  return true;
}

// --- The file system -----------------------------------------------------------------------------

int PowerCutVfs::Calls::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                             int* out) {
  file->pMethods = nullptr;
  PowerCutVfs& owner = of(vfs);
  PowerCutDisk::File found = name == nullptr ? nullptr : owner.disk_.find(name);
  const bool is_new = name != nullptr && !found;
  if (is_new) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    if (!owner.operate([&] { found = owner.disk_.make(name); })) return SQLITE_CANTOPEN;
  }
  auto* handle = new (file) Handle;
  handle->owner = &owner;
  handle->file = found ? found : std::make_shared<PowerCutFile>();
  handle->is_listed = name != nullptr;
  if (name != nullptr && (flags & SQLITE_OPEN_DELETEONCLOSE) != 0) handle->delete_on_close = name;
  constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  handle->syncs_names = is_new && (flags & kJournals) != 0;
  handle->pMethods = &owner.calls_->methods;
  if (out != nullptr) *out = flags;
  return SQLITE_OK;
}

int PowerCutVfs::Calls::remove(sqlite3_vfs* vfs, const char* name, int sync_names) {
  PowerCutVfs& owner = of(vfs);
  if (!owner.disk_.find(name)) return SQLITE_IOERR_DELETE_NOENT;
  if (!owner.operate([&] { owner.disk_.remove(name); })) return SQLITE_IOERR_DELETE;
  if (sync_names != 0 && owner.syncs_) owner.disk_.sync_names();
  return SQLITE_OK;
}

int PowerCutVfs::Calls::exists(sqlite3_vfs* vfs, const char* name, int, int* result) {
  const PowerCutDisk::File file = of(vfs).disk_.find(name);
  *result = file && !file->bytes().empty() ? 1 : 0;  // SQLite's own takes an empty one for none
  return SQLITE_OK;
}

int PowerCutVfs::Calls::full_name(sqlite3_vfs*, const char* name, int size, char* result) {
  sqlite3_snprintf(size, result, "%s", name);
  return SQLITE_OK;
}

// --- A file --------------------------------------------------------------------------------------

int PowerCutVfs::Calls::close(sqlite3_file* file) {
  Handle& handle = Handle::of(file);
  if (!handle.delete_on_close.empty()) {
    remove(&handle.owner->calls_->vfs, handle.delete_on_close.c_str(), 0);
  }
  handle.~Handle();
  return SQLITE_OK;
}

int PowerCutVfs::Calls::read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  Handle& handle = Handle::of(file);
  if (handle.owner->is_cut()) return SQLITE_IOERR_READ;
  const std::vector<char>& content = handle.file->bytes();
  const std::size_t begin = std::min(static_cast<std::size_t>(offset), content.size());
  const auto wanted = static_cast<std::size_t>(size);
  const std::size_t count = std::min(wanted, content.size() - begin);
  if (count > 0) std::memcpy(bytes, content.data() + begin, count);
  if (count == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(bytes) + count, 0, wanted - count);
  return SQLITE_IOERR_SHORT_READ;
}

int PowerCutVfs::Calls::write(sqlite3_file* file, const void* bytes, int size,
                              sqlite3_int64 offset) {
  Handle& handle = Handle::of(file);
  const auto change = [&] {
    handle.file->write(static_cast<std::size_t>(offset),
                       {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  };
  if (!handle.is_listed) {
    change();
    return SQLITE_OK;
  }
  return handle.owner->operate(change) ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int PowerCutVfs::Calls::truncate(sqlite3_file* file, sqlite3_int64 size) {
  Handle& handle = Handle::of(file);
  const auto change = [&] { handle.file->truncate(static_cast<std::size_t>(size)); };
  return handle.owner->operate(change) ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int PowerCutVfs::Calls::sync(sqlite3_file* file, int) {
  Handle& handle = Handle::of(file);
  return handle.owner->sync(handle) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int PowerCutVfs::Calls::size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(Handle::of(file).file->bytes().size());
  return SQLITE_OK;
}

int PowerCutVfs::Calls::is_reserved(sqlite3_file*, int* result) {
  *result = 0;
  return SQLITE_OK;
}

}  // namespace holdfast::test
