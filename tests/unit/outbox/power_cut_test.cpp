// The power goes at any operation of the disk: does the outbox's file come back with all that was
// committed, and with nothing of what was not, or all of it?

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "outbox/store.hpp"
#include "support/power_cut_vfs.hpp"

namespace holdfast::outbox {
namespace {

using test::Luck;
using test::PowerCutDisk;
using test::PowerCutVfs;

StoreOptions options_on(const PowerCutVfs& vfs) {
  return {.directory = "/outbox", .max_dead = 5, .vfs = vfs.name()};
}

// --- What a file must have -----------------------------------------------------------------------

std::string_view view(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

auto fields(const Row& row) {
  return std::tuple(row.place, std::string_view(row.topic), view(row.payload), row.retain,
                    std::string_view(row.key), row.of_stream, row.number, row.expires);
}

auto fields(const DeadLetter& letter) {
  return std::tuple(letter.id, std::string_view(letter.topic), view(letter.payload), letter.code,
                    std::string_view(letter.reason));
}

struct Content {
  std::map<Place, Row> rows;
  std::map<MessageId, DeadLetter> dead;
  MessageId last_id = 0;
  std::int64_t clock = 0;
  std::uint64_t wall = 0;

  void take(const Batch& batch, const StoreOptions& options) {
    if (batch.shorten) {
      for (auto& [place, row] : rows) {
        if (row.expires && place.id <= batch.shorten->last_id) {
          *row.expires -= batch.shorten->milliseconds;
        }
      }
    }
    for (const Row& row : batch.in) {
      rows[row.place] = row;
      last_id = std::max(last_id, row.place.id);
    }
    for (const auto& numbered : batch.numbered) rows.at(numbered.place).number = numbered.number;
    for (const Place& place : batch.out) rows.erase(place);
    for (const DeadLetter& letter : batch.dead) dead[letter.id] = letter;
    while (dead.size() > options.max_dead) dead.erase(dead.begin());
    if (!batch.notes_time) return;
    clock = batch.clock;
    if (batch.wall > 0) wall = batch.wall;
  }
};

// In what a file differs from what it must have; empty: in nothing.
std::string difference(Store& store, const Content& content) {
  store.begin_reading();
  const auto rows = store.read({}, SIZE_MAX, SIZE_MAX);
  const auto dead = store.dead(SIZE_MAX);
  const Store::Totals totals = store.totals();
  if (const Failure failure = store.failure_of_reading()) return failure.detail;
  std::uint64_t bytes = 0;
  auto row = rows.begin();
  for (const auto& [place, expected] : content.rows) {
    if (row == rows.end()) return "message " + std::to_string(place.id) + " is not there";
    if (fields(*row) != fields(expected)) {
      return "message " + std::to_string(row->place.id) + " is there where message " +
             std::to_string(place.id) + " was, or is another";
    }
    bytes += row->bytes();
    ++row;
  }
  if (row != rows.end()) return "message " + std::to_string(row->place.id) + " is back";
  auto letter = dead.begin();
  for (const auto& [id, expected] : content.dead) {
    if (letter == dead.end() || fields(*letter) != fields(expected)) {
      return "dead letter " + std::to_string(id) + " is not there, or another";
    }
    ++letter;
  }
  if (letter != dead.end()) return "dead letter " + std::to_string(letter->id) + " is back";
  if (totals.messages != rows.size() || totals.bytes != bytes || totals.dead != dead.size()) {
    return "the totals are not those of the rows";
  }
  if (totals.last_id < content.last_id) return "last_id is " + std::to_string(totals.last_id);
  if (totals.clock != content.clock) return "the clock is " + std::to_string(totals.clock);
  if (totals.wall != content.wall) return "the wall clock is " + std::to_string(totals.wall);
  return {};
}

// Of the database itself, without its log.
std::size_t file_bytes(const PowerCutVfs& vfs) {
  return vfs.disk().find(Store::file_in("/outbox"))->bytes().size();
}

std::string contradictions(const StoreOptions& options) {
  Database database(Store::file_in(options.directory), options.vfs);
  (void)database.run("PRAGMA locking_mode=EXCLUSIVE");  // there is no shared memory
  Statement check = database.prepare("PRAGMA integrity_check");
  const std::string verdict = check.step() ? check.text(0) : database.why();
  return verdict == "ok" ? std::string() : verdict;
}

// --- What is written -----------------------------------------------------------------------------

// A device's life: messages come, are numbered, delivered, refused; a few hundred bytes as a rule,
// sometimes more than two pages.
class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed) {}

  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  Batch batch(const Content& content) {
    Batch batch;
    for (std::uint64_t i = draw(4) + (content.rows.empty() ? 1 : 0); i > 0; --i) {
      batch.in.push_back(row());
    }
    const std::size_t keep = 40;
    for (const auto& [place, row] : content.rows) {
      const std::uint64_t luck = draw(content.rows.size() > keep ? 8 : 40);
      if (luck == 0 && row.of_stream && !row.number) {
        batch.numbered.push_back({place, {draw(UINT64_MAX), static_cast<std::uint32_t>(place.id)}});
      } else if (luck == 1) {
        batch.out.push_back(place);
      } else if (luck == 2) {
        batch.out.push_back(place);
        batch.dead.push_back({place.id, row.topic, row.payload, 62, "not authorised"});
      }
    }
    if (draw(20) == 0) batch.shorten = Batch::Shorten{content.last_id, 1'000};
    batch.clock = content.clock + 1 + static_cast<std::int64_t>(draw(1'000));
    if (draw(3) == 0) batch.wall = 1'800'000'000 + draw(1'000);
    batch.notes_time = draw(2) == 0;
    return batch;
  }

 private:
  Row row() {
    Row row;
    const MessageId id = ++last_id_;
    const auto rank = static_cast<std::int64_t>(id);
    row.place = {static_cast<Priority>(draw(3)), draw(4) == 0 ? -rank : rank, id};
    row.topic = "truck/" + std::to_string(draw(5));
    row.payload.assign(draw(3) == 0 ? draw(12'000) : draw(400), static_cast<std::byte>(draw(256)));
    row.retain = draw(5) == 0 ? Retain::yes : Retain::no;
    if (draw(5) == 0) row.key = "key";
    row.of_stream = draw(2) == 0;
    if (draw(3) == 0) row.expires = static_cast<std::int64_t>(draw(1'000'000));
    return row;
  }

  std::mt19937_64 random_;
  MessageId last_id_ = 0;
};

// --- The cuts ------------------------------------------------------------------------------------

struct Run {
  std::uint64_t seed;
  int commits;
  std::uint64_t draws;  // outcomes of each cut, beside the worst one

  friend void PrintTo(const Run& run, std::ostream* out) {
    *out << "HOLDFAST_TEST_SEED=" << run.seed;
  }
};

// A seed that is told replaces the first.
std::vector<Run> runs(std::uint64_t count, int commits, std::uint64_t draws) {
  const char* told = std::getenv("HOLDFAST_TEST_SEED");
  const std::uint64_t first = told != nullptr ? std::strtoull(told, nullptr, 10) : 1;
  std::vector<Run> runs;
  for (std::uint64_t i = 0; i < count; ++i) runs.push_back({first + i, commits, draws});
  return runs;
}

class PowerCutTest : public testing::TestWithParam<Run> {
 protected:
  PowerCutTest() : life_(GetParam().seed) {}

  // Null if that fails; a file that is damaged makes it fail, for it cannot be renamed here.
  std::unique_ptr<Store> open(const PowerCutVfs& vfs) {
    std::string remark;
    failure_ = {};
    auto store = Store::open(options_on(vfs), remark, failure_);
    EXPECT_EQ(remark, "");
    return store;
  }

  Failure commit(Store& store, const PowerCutVfs& vfs) {
    doubtful_.push_back(life_.batch(content_));
    Failure failure = store.commit(doubtful_.back());
    if (failure) return failure;
    content_.take(doubtful_.back(), options_on(vfs));
    doubtful_.clear();
    return {};
  }

  // A file as a cut has left it has all that was committed, and of the batches after that one in
  // whole, or none. @param found what it has
  std::string judge(Store& store, const PowerCutVfs& vfs, Content& found) {
    found = content_;
    std::string verdict = difference(store, found);
    for (auto batch = doubtful_.rbegin(); batch != doubtful_.rend() && !verdict.empty(); ++batch) {
      found = content_;
      found.take(*batch, options_on(vfs));
      const std::string with_it = difference(store, found);
      verdict = with_it.empty() ? "" : verdict + "; or with a batch more: " + with_it;
    }
    return verdict;
  }

  // The next start goes on with what it has found.
  void take_up(Store& store, const PowerCutVfs& vfs, int commits) {
    Content found;
    EXPECT_EQ(judge(store, vfs, found), "") << "after " << commits << " commits";
    content_ = std::move(found);
    doubtful_.clear();
  }

  // What is wrong with that which the next start would find if the power went now; empty: nothing.
  std::string look(const PowerCutVfs& vfs) {
    for (std::uint64_t outcome = 0; outcome <= GetParam().draws; ++outcome) {
      const std::uint64_t seed = (GetParam().seed << 32) + vfs.operations() * 16 + outcome;
      Luck luck = outcome == 0 ? Luck::none() : Luck::drawn(seed);
      const PowerCutVfs later(vfs.disk().after_cut(luck));
      auto store = open(later);
      Content found;
      std::string verdict = store ? judge(*store, later, found) : failure_.detail;
      store.reset();
      if (verdict.empty()) verdict = contradictions(options_on(later));
      if (verdict.empty()) continue;
      return verdict + " (operation " + std::to_string(vfs.operations()) + ", outcome " +
             std::to_string(outcome) + ")";
    }
    return {};
  }

  Life life_;
  Content content_;
  std::vector<Batch> doubtful_;  // after that; nobody was told that they are in the file
  Failure failure_;
};

TEST_P(PowerCutTest, LosesNothingThatWasCommittedWheneverItComes) {
  PowerCutVfs vfs;
  vfs.watch([&] {
    if (HasFailure()) return;  // one will do
    EXPECT_EQ(look(vfs), "");
  });
  auto store = open(vfs);
  ASSERT_TRUE(store) << failure_.detail;
  int checkpoints = 0;
  for (int i = 0; i < GetParam().commits && !HasFailure(); ++i) {
    const std::size_t before = file_bytes(vfs);
    const Failure failure = commit(*store, vfs);
    ASSERT_FALSE(failure) << failure.detail;
    if (file_bytes(vfs) != before) ++checkpoints;
    EXPECT_EQ(look(vfs), "");
    if (life_.draw(60) == 0) {  // a stop in order, and the next start
      store.reset();
      store = open(vfs);
      ASSERT_TRUE(store) << failure_.detail;
    }
  }
  EXPECT_GE(checkpoints, 1) << "of a log that was full, and so was begun anew";
  store.reset();
  vfs.watch({});
  RecordProperty("operations", std::to_string(vfs.operations()));
}

// The twin: where the disk lies about its syncs, this test finds it.
TEST_P(PowerCutTest, IsSeenToLoseOnADiskThatDoesNotSync) {
  PowerCutVfs vfs;
  vfs.ignore_syncs();
  auto store = open(vfs);
  ASSERT_TRUE(store) << failure_.detail;
  ASSERT_FALSE(commit(*store, vfs));
  EXPECT_NE(look(vfs), "");
}

// Many lives in a row, so that what one cut leaves is there at the next; it may come while the file
// is being opened. What fails in the running process has to be told there.
TEST_P(PowerCutTest, ComesAgainAndAgain) {
  PowerCutDisk disk;
  int commits = 0;
  while (commits < 10 * GetParam().commits && !HasFailure()) {
    PowerCutVfs vfs(disk);
    vfs.cut_at(1 + life_.draw(life_.draw(3) == 0 ? 20 : 1'000));
    if (auto store = open(vfs)) {
      take_up(*store, vfs, commits);
      while (!commit(*store, vfs)) ++commits;
      EXPECT_TRUE(vfs.is_cut());
      EXPECT_TRUE(store->commit({.clock = 1})) << "without power";
    }
    ASSERT_TRUE(vfs.is_cut()) << failure_.detail;
    Luck luck = Luck::drawn(life_.draw(UINT64_MAX));
    disk = vfs.disk().after_cut(luck);
  }
}

// A disk that cannot write now and then: what fails is not there, what does not is.
TEST_P(PowerCutTest, ComesAfterADiskHasFailed) {
  PowerCutDisk disk;
  int commits = 0;
  while (commits < 10 * GetParam().commits && !HasFailure()) {
    PowerCutVfs vfs(disk);
    auto store = open(vfs);
    ASSERT_TRUE(store) << failure_.detail;
    take_up(*store, vfs, commits);
    for (std::uint64_t i = life_.draw(50); i > 0; --i) {
      if (life_.draw(3) == 0) vfs.fail_at(1 + life_.draw(30), Luck::drawn(life_.draw(UINT64_MAX)));
      const Failure failure = commit(*store, vfs);
      ASSERT_EQ(difference(*store, content_), "") << failure.detail;
      if (!failure) ++commits;
    }
    Luck luck = Luck::drawn(life_.draw(UINT64_MAX));
    disk = vfs.disk().after_cut(luck);
  }
}

INSTANTIATE_TEST_SUITE_P(Short, PowerCutTest, testing::ValuesIn(runs(1, 80, 1)));
INSTANTIATE_TEST_SUITE_P(Full, PowerCutTest, testing::ValuesIn(runs(5, 250, 3)));

}  // namespace
}  // namespace holdfast::outbox
