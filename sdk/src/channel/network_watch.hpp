// Tells when the network of this host changes: rtnetlink, in the network namespace of the process.
//
// Threads: the executor's thread only.

#pragma once

#include <functional>
#include <memory>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "base/failure.hpp"
#include "channel/network_changes.hpp"

namespace holdfast::channel {

class NetworkWatch {
 public:
  using Handler = std::function<void(NetworkChanges::Seen)>;

  NetworkWatch(const asio::any_io_executor& executor, Handler handler);

  /// Listens until it is destroyed. @return why the kernel does not let it
  Failure start();

 private:
  void wait();
  bool read(NetworkChanges::Seen& seen);

  asio::posix::stream_descriptor socket_;
  Handler handler_;
  NetworkChanges changes_;
  // A wait that has ended may still be on its way when we are gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace holdfast::channel
