#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "support/power_cut_disk.hpp"

namespace holdfast::test {

// PowerCutVfs is a file system in memory for SQLite (a VFS of its), whose power
// can be cut at any operation: what SQLite would find afterwards is
// `disk().after_cut(luck)`, and goes into the next PowerCutVfs. It tells SQLite
// of itself what SQLite's own VFS tells on Linux, and syncs names where that
// does. It has no locks: one connection a file.
//
// An operation is what changes the disk: a file is made, written, truncated,
// synced or deleted. Use it from one thread at a time.
class PowerCutVfs {
 public:
  explicit PowerCutVfs(PowerCutDisk disk = {});
  // All connections must be closed.
  ~PowerCutVfs();
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;

  // What SQLite knows it by.
  const std::string& name() const { return name_; }
  const PowerCutDisk& disk() const { return disk_; }
  std::uint64_t operations() const { return operations_; }

  // Called in the midst of each operation: what it changes may be on the disk,
  // but has not been synced; a sync has not happened.
  void watch(std::function<void()> watcher) { watcher_ = std::move(watcher); }

  // The n-th operation from now (from 1) fails in its midst, and with it all
  // that comes after.
  void cut_at(std::uint64_t operation) { cut_at_ = operations_ + operation; }
  bool is_cut() const { return operations_ >= cut_at_; }

  // Syncs say that all is well and do nothing.
  void ignore_syncs() { syncs_ = false; }

  // The n-th operation from now fails in its midst; those after it do not.
  void fail_at(std::uint64_t operation, Luck luck) {
    fail_at_ = operations_ + operation;
    luck_ = luck;
  }

 private:
  struct Calls;  // what SQLite calls
  struct Handle;

  // @return false if it failed
  bool operate(const std::function<void()>& change);
  bool sync(Handle& handle);

  std::string name_;
  PowerCutDisk disk_;
  std::unique_ptr<Calls> calls_;
  std::function<void()> watcher_;
  std::uint64_t operations_ = 0;
  std::uint64_t cut_at_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t fail_at_ = 0;
  Luck luck_ = Luck::none();
  bool syncs_ = true;
};

}  // namespace holdfast::test
