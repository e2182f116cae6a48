// What holdfast_bench_speed measures, each in a process of its own: the job that `--job` names, of
// the client that `--contender` names. The figures are printed for the parent, in this order.

#pragma once

#include <string>
#include <vector>

#include "bench/harness.hpp"

namespace holdfast::bench {

struct Job {
  void (*run)(const Arguments& arguments);
  std::vector<std::string> figures;
};

/// Publishes `messages` of `bytes` at `qos`, from the first until the last is acknowledged.
extern const Job kThroughput;
/// Times each publish call, at QoS 1, for `seconds`, at `pace` calls a second (0: as fast as goes).
extern const Job kLatency;
/// Readings of a drive: through a series of Holdfast (`durable` at-push or milliseconds, messages
/// of `batch-bytes`), or one message of `bytes` each.
extern const Job kReadings;
/// Connected, and then with `messages` of `bytes` that the broker, process `broker-pid`, which is
/// stopped, does not take.
extern const Job kMemory;
/// Connected for `idle-seconds`, with nothing to send; with `reachable` 1 there is a subscription.
extern const Job kIdle;

}  // namespace holdfast::bench
