// Do `holdfast outbox dead` and `drop` list and take out exactly what was named?

#include <gmock/gmock.h>

#include "cli/outbox_fixture.hpp"

namespace holdfast::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using OutboxDeadTest = OutboxCliTest;

TEST_F(OutboxDeadTest, ListsWhatWasRefusedAndWhy) {
  keep({},
       {letter(7, "hello", "not authorised (reason 0x87)"), letter(12, std::string(2'000, 'x'))});
  EXPECT_EQ(told({"dead"}),
            "2 dead letters:\n"
            "id  topic  payload  reason\n"
            " 7  t          5 B  not authorised (reason 0x87)\n"
            "12  t      2.0 KiB  the broker refused the message\n");
}

TEST_F(OutboxDeadTest, JsonHasThemWhole) {
  keep({}, {letter(7, "\xFF"), letter(12)});
  const auto json = object({"dead", "--json"});
  EXPECT_EQ(json.at("file"), "state/outbox-1.db");
  EXPECT_EQ(json.at("dead"), 2);
  ASSERT_EQ(json.at("letters").size(), 2U);
  EXPECT_EQ(json.at("letters")[0].dump(),
            R"({"code":62,"error":"not authorised","id":7,"payload_base64":"/w==",)"
            R"("reason":"the broker refused the message","topic":"t"})");
  EXPECT_EQ(json.at("letters")[1].at("payload"), "hello");
  EXPECT_EQ(object({"drop", "--dead", "--json"}).at("dropped"), 2);
  EXPECT_TRUE(object({"dead", "--json"}).at("letters").empty());
}

TEST_F(OutboxDeadTest, PayloadIsItsBytesAndNothingElse) {
  const std::string bytes("\x00\xFF\x1b[2J\r\n", 8);
  keep({row(1)}, {letter(7, bytes), letter(8, "")});
  EXPECT_EQ(told({"dead", "--payload", "7"}), bytes);
  EXPECT_EQ(told({"dead", "--payload", "8"}), "");
  EXPECT_THAT(refused({"dead", "--payload", "1"}), HasSubstr("no dead letter has this id (1); "));
  EXPECT_THAT(refused({"dead", "--payload", "7", "--json"}), HasSubstr("--json"));
}

TEST_F(OutboxDeadTest, BytesThatAreNoTextDoNotGoToATerminal) {
  keep({}, {letter(7, "\x1b[2J"), letter(8, "hello")});
  EXPECT_THAT(shell(R"(script -qec "$H outbox --state-dir state dead --payload 8" /dev/null)"),
              HasSubstr("hello"));
  const std::string text =
      shell(R"(script -qec "$H outbox --state-dir state dead --payload 7" /dev/null; true)");
  EXPECT_THAT(text,
              HasSubstr("the payload is not text, and would go to a terminal (7); write it to "
                        "a file or a pipe: > FILE"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

class OutboxDropTest : public OutboxCliTest {
 protected:
  OutboxDropTest() {
    keep({row(1, Priority::normal, "a"), row(2, Priority::urgent, "b"), row(3, Priority::low, "a"),
          row(4, Priority::normal, "c")},
         {letter(11), letter(12), letter(13)});
  }
  std::vector<MessageId> dead_left() const {
    std::vector<MessageId> ids;
    for (const auto& one : open()->dead(1'000)) ids.push_back(one.id);
    return ids;
  }
};

TEST_F(OutboxDropTest, TakesTheNamedIds) {
  EXPECT_EQ(told({"drop", "--id", "3", "--id", "2", "--id", "3"}),
            "2 messages dropped, 12 B; 2 are left, 12 B\n");
  EXPECT_THAT(ids_left(), ElementsAre(1, 4));
  EXPECT_EQ(told({"drop", "--id", "4"}), "1 message dropped, 6 B; 1 is left, 6 B\n");
  EXPECT_THAT(dead_left(), ElementsAre(11, 12, 13));
}

TEST_F(OutboxDropTest, TakesATopic) {
  EXPECT_EQ(told({"drop", "--topic", "a"}), "2 messages dropped, 12 B; 2 are left, 12 B\n");
  EXPECT_THAT(ids_left(), ElementsAre(2, 4));
}

TEST_F(OutboxDropTest, TakesAllMessagesAndNoDeadLetter) {
  EXPECT_EQ(told({"drop", "--all"}), "4 messages dropped, 24 B; none is left\n");
  EXPECT_THAT(ids_left(), IsEmpty());
  EXPECT_THAT(dead_left(), ElementsAre(11, 12, 13));
  EXPECT_EQ(told({"drop", "--all"}), "0 messages dropped, 0 B; none is left\n");
}

TEST_F(OutboxDropTest, TakesDeadLettersAndNoMessage) {
  EXPECT_EQ(told({"drop", "--dead", "--id", "12"}),
            "1 dead letter dropped, 6 B; 2 are left, 12 B\n");
  EXPECT_THAT(dead_left(), ElementsAre(11, 13));
  EXPECT_EQ(told({"drop", "--dead"}), "2 dead letters dropped, 12 B; none is left\n");
  EXPECT_THAT(ids_left(), ElementsAre(2, 1, 4, 3));
}

TEST_F(OutboxDropTest, JsonCountsThem) {
  EXPECT_EQ(object({"drop", "--topic", "a", "--json"}).dump(),
            R"({"bytes":12,"dropped":2,"file":"state/outbox-1.db","left":2,"what":"message"})");
  EXPECT_EQ(object({"drop", "--dead", "--json"}).at("what"), "dead letter");
}

TEST_F(OutboxDropTest, TakesATopicWithControlCharacters) {
  keep({row(5, Priority::normal, "x\x1b[2J\n")});
  EXPECT_THAT(refused({"drop", "--topic", "x\x1b[2J"}), HasSubstr(R"(topic (x\x1b[2J); )"));
  told({"drop", "--topic", "x\x1b[2J\n"});
  EXPECT_THAT(ids_left(), ElementsAre(2, 1, 4, 3));
}

TEST_F(OutboxDropTest, WhatIsNotThereIsAnErrorAndNothingGoes) {
  const auto before = files();
  EXPECT_THAT(refused({"drop", "--id", "1", "--id", "77", "--id", "99"}),
              HasSubstr("no message has this id (77, 99); nothing was dropped; "));
  EXPECT_THAT(refused({"drop", "--id", "11"}), HasSubstr("a dead letter has: add --dead"));
  EXPECT_THAT(refused({"drop", "--dead", "--id", "1"}),
              HasSubstr("no dead letter has this id (1); nothing was dropped; a message has"));
  EXPECT_THAT(refused({"drop", "--topic", "a/b"}), HasSubstr("no message has this topic (a/b); "));
  EXPECT_THAT(refused({"drop", "--topic", "#"}), HasSubstr("without + and #"));
  EXPECT_THAT(refused({"drop", "--id", "18446744073709551615"}),
              HasSubstr("(18446744073709551615)"));
  EXPECT_EQ(files(), before);
}

TEST_F(OutboxDropTest, ExactlyOneKindIsChosen) {
  const auto before = files();
  EXPECT_THAT(refused({"drop"}), HasSubstr("it is not said what to drop; write --id ID, "));
  for (const Words& words : std::vector<Words>{{"drop", "--all", "--dead"},
                                               {"drop", "--all", "--topic", "a"},
                                               {"drop", "--id", "1", "--topic", "a"},
                                               {"drop", "--id", "1", "--all"},
                                               {"drop", "--dead", "--topic", "a"}}) {
    EXPECT_THAT(refused(words), HasSubstr("this is said in two ways (--"));
  }
  refused({"drop", "--id", "-1"});
  refused({"drop", "--id", "one"});
  refused({"drop", "--id", "1", "2"});
  EXPECT_EQ(files(), before);
}

TEST_F(OutboxDropTest, TheFileGetsSmallerAndIdsAreNotGivenTwice) {
  std::vector<outbox::Row> rows;
  for (MessageId id = 101; id <= 1'100; ++id) {
    rows.push_back(row(id, Priority::normal, "big", std::string(3'000, 'x')));
  }
  keep(rows);
  const auto before = std::filesystem::file_size(file());
  ASSERT_GT(before, 3'000'000U);
  told({"drop", "--topic", "big"});
  EXPECT_LT(std::filesystem::file_size(file()), 100'000U);
  EXPECT_EQ(files().size(), 1U) << "no log is left";
  EXPECT_GE(open()->totals().last_id, 1'100U);
  EXPECT_EQ(open()->totals().clock, kClock);
}

TEST_F(OutboxDropTest, WorksOnTheLogOfACrash) {
  keep_in_log({row(5, Priority::normal, "in/log")});
  told({"drop", "--id", "1", "--id", "5"});
  EXPECT_THAT(ids_left(), ElementsAre(2, 4, 3));
}

}  // namespace
}  // namespace holdfast::test
