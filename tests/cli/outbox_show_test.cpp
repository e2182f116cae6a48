// Does `holdfast outbox show` tell what waits in a stopped device's outbox, in sums and row by row,
// without changing a byte of it and without a byte that steers a terminal?

#include <gmock/gmock.h>

#include <sstream>

#include "cli/outbox_fixture.hpp"

namespace holdfast::test {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using OutboxShowTest = OutboxCliTest;

std::vector<MessageId> ids_of(const nlohmann::json& rows) {
  std::vector<MessageId> ids;
  for (const auto& row : rows) ids.push_back(row.at("id"));
  return ids;
}

// Nothing but printable ASCII, whole characters of UTF-8 above the controls, and line ends.
bool steers_nothing(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\n') || byte == 0x7F) return false;
    if (byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0) return false;
  }
  return true;
}

TEST_F(OutboxShowTest, TellsSumsAndRowsInTheOrderOfSending) {
  auto newest_first = row(4, Priority::normal, "truck/pos");
  newest_first.place.rank = -4;
  keep({row(1, Priority::low, "truck/log"), row(2, Priority::normal, "truck/pos"),
        row(3, Priority::urgent, "truck/alarm", "fire"), newest_first},
       {letter(9), letter(10)});
  const std::string text = told({"show"});
  EXPECT_THAT(text, HasSubstr("file      state/outbox-1.db: "));
  EXPECT_THAT(text, HasSubstr("\nwaiting   4 messages, 57 B\n"));
  EXPECT_THAT(text, HasSubstr("\ndead      2 letters; holdfast outbox dead lists them\n"));
  EXPECT_THAT(text, HasSubstr("\npriority  messages  bytes  ids, oldest to newest\n"
                              "urgent           1   15 B  3\n"
                              "normal           2   28 B  2 to 4\n"
                              "low              1   14 B  1\n"));
  EXPECT_THAT(text, HasSubstr("\nmessages  bytes  topic\n"
                              "       2   28 B  truck/pos\n"
                              "       1   15 B  truck/alarm\n"
                              "       1   14 B  truck/log\n"));
  EXPECT_THAT(text, HasSubstr("\nall 4, in the order of sending:\n"
                              "id  priority  topic        bytes  payload\n"
                              " 3  urgent    truck/alarm     15  fire\n"
                              " 4  normal    truck/pos       14  hello\n"
                              " 2  normal    truck/pos       14  hello\n"
                              " 1  low       truck/log       14  hello\n"));
}

TEST_F(OutboxShowTest, ShowsColumnsOnlyForWhatRowsHave) {
  keep({row(1)});
  EXPECT_THAT(told({"show"}), Not(ContainsRegex("ttl|retain|key|epoch")));
  auto full = row(2);
  full.retain = Retain::yes;
  full.key = "door";
  full.number = {0x00ab'cdef'0123'4567, 12};
  full.expires = kClock + 3 * 3'600'000 + 12 * 60'000;
  keep({full});
  const std::string text = told({"show"});
  EXPECT_THAT(text, ContainsRegex("id +priority +topic +bytes +ttl +retain +key +epoch/sequence +"
                                  "payload\n"));
  EXPECT_THAT(text, ContainsRegex(" 1  normal +t +6 +hello\n"));
  EXPECT_THAT(text, ContainsRegex(" 2  normal +t +10  3 h 12 min  retain  door  "
                                  "00abcdef01234567/12  hello\n"));
}

TEST_F(OutboxShowTest, JsonHasTheSumsAndEverythingOfARow) {
  auto full = row(2, Priority::urgent, "truck", std::string_view("\x00\xFF", 2));
  full.retain = Retain::yes;
  full.key = "door";
  full.of_stream = true;
  full.number = {0xFFFF'FFFF'FFFF'FFFE, 12};
  full.expires = kClock + 60'000;
  keep({row(1), full}, {letter(3)});
  const auto json = object({"show", "--json"});
  EXPECT_EQ(json.at("file"), "state/outbox-1.db");
  EXPECT_EQ(json.at("file_bytes"), std::filesystem::file_size(file()));
  EXPECT_EQ(json.at("log_bytes"), 0);
  EXPECT_EQ(json.at("messages"), 2);
  EXPECT_EQ(json.at("bytes"), 6 + 11);
  EXPECT_EQ(json.at("with_ttl"), 1);
  EXPECT_EQ(json.at("next_ttl_ms"), 60'000);
  EXPECT_EQ(json.at("dead"), 1);
  EXPECT_GE(json.at("last_id"), 3);
  EXPECT_EQ(json.at("priorities").size(), 2U);
  EXPECT_EQ(json.at("priorities")[0].at("priority"), "urgent");
  EXPECT_EQ(json.at("priorities")[0].at("oldest_id"), 2);
  EXPECT_EQ(json.at("topics")[0].at("topic"), "truck");
  EXPECT_EQ(json.at("topics")[0].at("bytes"), 11);
  ASSERT_THAT(ids_of(json.at("rows")), ElementsAre(2, 1));
  EXPECT_EQ(json.at("rows")[0].dump(),
            R"({"bytes":11,"epoch":"fffffffffffffffe","id":2,"key":"door","payload_base64":"AP8=",)"
            R"("priority":"urgent","retain":true,"sequence":12,"stream":true,"topic":"truck",)"
            R"("ttl_ms":60000})");
  EXPECT_EQ(json.at("rows")[1].dump(),
            R"({"bytes":6,"epoch":null,"id":1,"key":null,"payload":"hello","priority":"normal",)"
            R"("retain":false,"sequence":null,"stream":false,"topic":"t","ttl_ms":null})");
}

TEST_F(OutboxShowTest, LimitBoundsTheRowsAndLeavesTheSums) {
  std::vector<outbox::Row> rows;
  for (MessageId id = 1; id <= 25; ++id) rows.push_back(row(id));
  keep(rows);
  EXPECT_EQ(object({"show", "--json"}).at("rows").size(), 20U);
  EXPECT_EQ(object({"show", "--json", "--limit", "3"}).at("rows").size(), 3U);
  EXPECT_EQ(object({"show", "--json", "--limit", "99"}).at("rows").size(), 25U);
  const auto none = object({"show", "--json", "--limit", "0"});
  EXPECT_EQ(none.at("rows").size(), 0U);
  EXPECT_EQ(none.at("messages"), 25);
  EXPECT_THAT(told({"show"}), HasSubstr("the first 20, in the order of sending:\n"));
  EXPECT_THAT(told({"show", "--limit", "1"}), HasSubstr("the first 1:\n"));
  EXPECT_THAT(told({"show", "--limit", "0"}), Not(HasSubstr("hello")));
  EXPECT_THAT(refused({"show", "--limit", "-1"}), HasSubstr("--limit"));
}

TEST_F(OutboxShowTest, TopicNarrowsSumsAndRowsAndIsNamedWhole) {
  keep(
      {row(1, Priority::normal, "a"), row(2, Priority::urgent, "a/b"), row(3, Priority::low, "a")});
  const auto json = object({"show", "--topic", "a", "--json"});
  EXPECT_EQ(json.at("topic"), "a");
  EXPECT_EQ(json.at("messages"), 2);
  EXPECT_EQ(json.at("topics").size(), 1U);
  EXPECT_THAT(ids_of(json.at("rows")), ElementsAre(1, 3));
  EXPECT_THAT(told({"show", "--topic", "a"}), HasSubstr("topic     a\nwaiting   2 messages, 12 B"));
  EXPECT_THAT(told({"show", "--topic", "a/#"}), HasSubstr("waiting   nothing\n"));
}

TEST_F(OutboxShowTest, TimesToLiveCountFromWhatTheOutboxsClockShowed) {
  auto over = row(1);
  over.expires = kClock - 1;
  auto soon = row(2);
  soon.expires = kClock + 45'000;
  keep({soon, row(3)});
  EXPECT_THAT(told({"show"}), HasSubstr("ttl       1 message has a time to live; the next one ends "
                                        "after 45 s of powered-on time\n"));
  keep({over});
  const std::string text = told({"show"});
  EXPECT_THAT(text, HasSubstr("ttl       2 messages have a time to live; the next one is over\n"));
  EXPECT_THAT(text, ContainsRegex(" 1  normal +t +6  over +hello\n"));
  EXPECT_EQ(object({"show", "--json"}).at("next_ttl_ms"), -1);
}

TEST_F(OutboxShowTest, NothingOfAMessageSteersTheTerminal) {
  // A title for the window, C1's CSI, a text that runs backwards, one that is no UTF-8.
  const std::string hostile =
      "a\x1b]0;owned\x07\xC2\x9B"
      "2J\xE2\x80\xAE.\n\\\x7F";
  auto keyed = row(1, Priority::normal, hostile, hostile + " and plain text behind all of it");
  keyed.key = hostile;
  keep({keyed, row(2, Priority::normal, "u", "T\xC3\xBCr\t\xE2\x82\xAC"),
        row(3, Priority::normal, "v", "\xFF\xFE")},
       {letter(4, hostile, hostile)});
  for (const Words& words : {Words{"show"}, Words{"show", "--topic", hostile}, Words{"dead"},
                             Words{"show", "--json"}, Words{"dead", "--json"}}) {
    EXPECT_TRUE(steers_nothing(told(words))) << told(words);
  }
  const std::string text = told({"show"});
  const std::string escaped = R"(a\x1b]0;owned\x07\u009b2J\u202e.\n\\\x7f)";
  EXPECT_THAT(text, HasSubstr("  " + escaped + "\n")) << "in the table of topics";
  EXPECT_THAT(text, HasSubstr("  " + escaped + " and plain")) << "as payload";
  EXPECT_THAT(text, HasSubstr("T\xC3\xBCr\\t\xE2\x82\xAC\n"));
  EXPECT_THAT(text, HasSubstr("hex fffe\n"));
  EXPECT_EQ(object({"show", "--json"}).at("topics")[0].at("topic"), hostile);
  EXPECT_EQ(object({"show", "--topic", hostile, "--json"}).at("messages"), 1);
}

TEST_F(OutboxShowTest, APayloadIsPreviewedAndLongTextsAreCut) {
  keep({row(1, Priority::normal, std::string(50, 'a') + "/b", std::string(500, 'x')),
        row(2, Priority::normal, "t", std::string(100, '\x01')),
        row(3, Priority::normal, "t", std::string("\x18\x00\x00\x00\x01\x00", 6)),
        row(4, Priority::normal, "t", ""), row(5, Priority::normal, "t", std::string(60, 'y'))});
  const std::string text = told({"show"});
  EXPECT_THAT(text, HasSubstr("  " + std::string(57, 'x') + "...\n"));
  EXPECT_THAT(text, HasSubstr("  hex 01010101 01010101 "));
  EXPECT_THAT(text, HasSubstr("  hex 18000000 0100\n"));
  EXPECT_THAT(text, HasSubstr("  (empty)\n"));
  EXPECT_THAT(text, HasSubstr("  " + std::string(60, 'y') + "\n"));
  EXPECT_THAT(text, HasSubstr("a...a")) << "of a topic the end is kept";
  EXPECT_THAT(text, HasSubstr("a/b  "));
}

TEST_F(OutboxShowTest, LinesFitTheTerminal) {
  keep({row(1, Priority::normal, "truck/17/a", std::string(500, 'x'))});
  const std::string text =
      shell(R"(script -qec "stty cols 70; $H outbox --state-dir state show" /dev/null)");
  EXPECT_THAT(text, HasSubstr("xxx..."));
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\r', at), text.size());
    longest = std::max(longest, end - at);
    at = end + 2;
  }
  EXPECT_EQ(longest, 70U) << text;
}

TEST_F(OutboxShowTest, ManyTopicsAreSummedUpAndJsonListsThem) {
  std::vector<outbox::Row> rows;
  for (MessageId id = 1; id <= 35; ++id) {
    rows.push_back(
        row(id, Priority::normal, "topic/" + std::to_string(id), std::string(100 - id, 'p')));
  }
  keep(rows);
  const std::string text = told({"show", "--limit", "0"});
  EXPECT_THAT(text, HasSubstr("  topic/30\n"));
  EXPECT_THAT(text, Not(HasSubstr("topic/31")));
  EXPECT_THAT(text, HasSubstr("       5  375 B  (5 other topics; --json lists all)\n"));
  EXPECT_EQ(object({"show", "--limit", "0", "--json"}).at("topics").size(), 35U);
}

TEST_F(OutboxShowTest, AnEmptyOutboxIsNoError) {
  keep({});
  const std::string text = told({"show"});
  EXPECT_THAT(text, HasSubstr("\nwaiting   nothing\ndead      nothing\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  const auto json = object({"show", "--json"});
  EXPECT_EQ(json.at("messages"), 0);
  EXPECT_EQ(json.at("next_ttl_ms"), nullptr);
  EXPECT_TRUE(json.at("topics").empty() && json.at("rows").empty());
  EXPECT_EQ(told({"dead"}), "no dead letters\n");
}

TEST_F(OutboxShowTest, LeavesEveryByteAsItIs) {
  keep({row(1)}, {letter(2)});
  const auto before = files();
  for (const Words& words : {Words{"show"}, Words{"dead"}, Words{"dead", "--payload", "2"}}) {
    told(words);
    EXPECT_EQ(files(), before) << words[0];
  }
}

TEST_F(OutboxShowTest, ReadsTheLogOfACrashAndLeavesItALog) {
  keep_in_log({row(1), row(2)});
  const auto before = files();
  ASSERT_EQ(before.count("outbox-1.db-wal"), 1U);
  const auto json = object({"show", "--json"});
  EXPECT_THAT(ids_of(json.at("rows")), ElementsAre(1, 2));
  EXPECT_EQ(json.at("log_bytes"), before.at("outbox-1.db-wal").size());
  EXPECT_THAT(told({"show"}), ContainsRegex("outbox-1.db: .* KiB, and .* KiB of log\n"));
  EXPECT_EQ(files(), before);
  EXPECT_THAT(ids_left(), ElementsAre(1, 2)) << "and the device finds them";
}

TEST_F(OutboxShowTest, ReadsAHundredThousandRowsByThePage) {
  std::vector<outbox::Row> rows;
  for (MessageId id = 1; id <= 100'000; ++id) {
    rows.push_back(
        row(id, Priority::normal, "truck/" + std::to_string(id % 1'000), std::string(100, 'p')));
  }
  keep(rows);
  const auto begin = std::chrono::steady_clock::now();
  const std::string sums = told({"show", "--limit", "0", "--json"});
  const std::string text = told({"show", "--limit", "100000"});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s) << "a second or two, undisturbed";
  const auto json = nlohmann::json::parse(sums);
  EXPECT_EQ(json.at("messages"), 100'000);
  EXPECT_EQ(json.at("topics").size(), 1'000U);
  MessageId next = 1;
  std::istringstream lines(text.substr(text.find("id  priority")));
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" normal ") == std::string::npos) continue;  // titles, where columns grow
    ASSERT_EQ(std::stoull(line), next) << line;
    ++next;
  }
  EXPECT_EQ(next, 100'001U);
}

TEST_F(OutboxShowTest, AReaderThatHasGoneEndsIt) {
  std::vector<outbox::Row> rows;
  for (MessageId id = 1; id <= 5'000; ++id) rows.push_back(row(id));
  keep(rows);
  for (const std::string form : {"", " --json"}) {
    shell("($H outbox --state-dir state show --limit 5000" + form +
          "; echo $? >status) | head -c 1 >first");
    EXPECT_EQ(content("status"), "0\n");
  }
}

}  // namespace
}  // namespace holdfast::test
