// What a topic keeps.

#include "selftest/bends/messages_ways.hpp"
#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

Bending keeps_the_first_retained() {
  return republished_by([retained = Memory()](Publish& publish, const Passage&) mutable {
    if (publish.retain) publish.retain = retained.keep(publish.topic);
  });
}

}  // namespace

std::vector<BrokenRule> of_retained() {
  return {
      {.name = "DeliversWithoutRetain",
       .filter = "delivery.retained:delivery.retained_live",
       .fails = {"delivery.retained"},
       .bend = {.to_client = with_flags(kRetain, 0)}},
      {.name = "FlagsLiveMessagesAsRetained",
       .filter = "delivery.retained:delivery.retained_live",
       .fails = {"delivery.retained_live"},
       .bend = {.to_client = with_flags(0, kRetain)}},
      {.name = "RetainsNothing",
       .filter = "delivery.retained:delivery.qos1_down",
       .fails = {"delivery.retained"},
       .bend = {.to_broker = with_flags(kRetain, 0)}},
      {.name = "RetainsEverything",
       .fails = {"delivery.retain_as_published", "delivery.retained_kept"},
       .bend = {.to_broker = with_flags(0, kRetain)},
       .passes = {"delivery.retained", "delivery.retained_live", "delivery.retained_replaced"}},
      {.name = "KeepsTheFirstRetained",
       .fails = {"delivery.retained_deleted", "delivery.retained_replaced"},
       .bend = {.to_broker = keeps_the_first_retained()},
       .passes = {"delivery.retained", "delivery.retained_kept"}},
      {.name = "EmptiesRetainedMessages",
       .fails = {"delivery.retained", "delivery.retained_kept", "delivery.retained_replaced"},
       .bend = {.to_client = republished([](Publish& publish) {
                  if (publish.retain) publish.payload.clear();
                })},
       .passes = {"delivery.retained_deleted", "delivery.retained_live"}},
  };
}

}  // namespace holdfast::broker_test
