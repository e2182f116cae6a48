// A store on a directory of its own, and rows for it.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outbox/store.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::outbox {

inline Row row(MessageId id, Priority priority = Priority::normal, std::size_t payload_bytes = 10) {
  Row row;
  row.place = {priority, static_cast<std::int64_t>(id), id};
  row.topic = "t";
  row.payload.assign(payload_bytes, std::byte{7});
  return row;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() { options_.directory = dir_.path(); }

  void open() {
    store_.reset();  // one at a time
    remark_.clear();
    Failure failure;
    store_ = Store::open(options_, remark_, failure);
    ASSERT_NE(store_, nullptr) << failure.detail;
  }
  void put(const std::vector<Row>& rows) {
    const Failure failure = store_->commit({.in = rows, .clock = 1});
    ASSERT_FALSE(failure) << failure.detail;
  }
  std::vector<MessageId> ids(const std::optional<Place>& from = {}) {
    std::vector<MessageId> ids;
    for (const Row& one : store_->read(from, 1'000, SIZE_MAX)) ids.push_back(one.place.id);
    return ids;
  }

  test::TempDir dir_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
  std::string remark_;
};

}  // namespace holdfast::outbox
