// Topic names and filters.

#include <algorithm>
#include <string>

#include "selftest/bends/messages_ways.hpp"
#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

void replace(std::string& text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), with);
}

void to_lower(std::string& text) {
  for (char& one : text) {
    if (one >= 'A' && one <= 'Z') one = static_cast<char>(one - 'A' + 'a');
  }
}

// "a/+/x" asks for all of a/.
void plus_to_hash(Subscription& subscription, const Passage&) {
  const auto at = subscription.filter.find("/+/");
  if (at != std::string::npos) subscription.filter.replace(at, std::string::npos, "/#");
}

void hash_without_parent(Subscription& subscription, const Passage&) {
  if (subscription.filter.ends_with("/#"))
    subscription.filter.insert(subscription.filter.size() - 1, "+/");
}

bool has_empty_level(const Publish& publish) {
  return publish.topic.ends_with('/') || publish.topic.find("//") != std::string::npos;
}

bool is_ascii(char one) {
  return static_cast<unsigned char>(one) < 0x80;
}

}  // namespace

std::vector<BrokenRule> of_topics() {
  return {
      {.name = "IgnoresCase",
       .fails = {"delivery.topic_exact"},
       .bend = {.to_broker = republished([](Publish& publish) { to_lower(publish.topic); })},
       .passes = {"delivery.topic_not_normalized", "delivery.topic_plus"}},
      {.name = "PlusMatchesSeveralLevels",
       .fails = {"delivery.topic_plus"},
       .bend = {.to_broker = resubscribed(plus_to_hash)},
       .passes = {"delivery.topic_exact", "delivery.topic_hash"}},
      {.name = "KnowsNoEmptyLevels",
       .fails = {"delivery.topic_hash", "delivery.topic_plus"},
       .bend = {.to_client = without_those(has_empty_level)},
       .passes = {"delivery.topic_exact"}},
      {.name = "HashMatchesNoParent",
       .fails = {"delivery.topic_hash"},
       .bend = {.to_broker = resubscribed(hash_without_parent)},
       .passes = {"delivery.topic_exact", "delivery.topic_plus"}},
      {.name = "WildcardsMatchDollar",
       .fails = {"delivery.topic_dollar"},
       .bend = {.to_broker = republished([](Publish& publish) {
                  if (publish.topic.starts_with('$')) publish.topic.erase(0, 1);
                })},
       .passes = {"delivery.topic_plus"}},
      {.name = "NormalizesTopics",
       .fails = {"delivery.topic_not_normalized"},
       .bend = {.to_broker = republished(
                    [](Publish& publish) { replace(publish.topic, "e\xCC\x81", "\xC3\xA9"); })},
       .passes = {"delivery.topic_utf8"}},
      {.name = "KnowsAsciiOnly",
       .fails = {"delivery.topic_utf8"},
       .bend = {.to_client = republished([](Publish& publish) {
                  std::replace_if(
                      publish.topic.begin(), publish.topic.end(),
                      [](char one) { return !is_ascii(one); }, '?');
                })},
       .passes = {"delivery.topic_exact", "delivery.topic_not_normalized"}},
  };
}

}  // namespace holdfast::broker_test
