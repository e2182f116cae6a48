// The filters of a device and their handlers.
//
// Threads: any.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

namespace holdfast::device {

class Subscriptions {
 public:
  using Handler = std::function<void(Message)>;
  using SharedHandler = std::shared_ptr<const Handler>;

  /// Whether a session that goes on shall bring what is retained.
  enum class Fetch : std::uint8_t {
    if_new,  ///< the broker did not have this subscription
    once,    ///< in any case, the first time
  };
  struct Wanted {
    std::uint64_t id;
    std::string filter;
    Qos qos;
    Fetch fetch;
  };

  /// @throws ConfigError for a filter that MQTT forbids, or one too many.
  void set(std::string_view filter, Handler handler, const SubscribeOptions& options,
           Fetch fetch = Fetch::if_new);

  /// Every handler whose filter matches.
  std::vector<SharedHandler> match(std::string_view topic) const;

  /// Filters to ask the broker for: all of them, or those it has not been asked for yet.
  std::vector<Wanted> wanted(bool all);
  /// The broker has answered.
  void answered(std::uint64_t id);
  /// The connection ended: what was asked and not answered may never have arrived.
  void forget_unanswered();

  std::string filter_of(std::uint64_t id) const;
  bool empty() const;

 private:
  struct Entry {
    std::uint64_t id;
    std::string filter;
    Qos qos;
    SharedHandler handler;
    Fetch fetch;
    enum class Ask { due, asked, answered } ask = Ask::due;
  };

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t last_id_ = 0;
};

}  // namespace holdfast::device
