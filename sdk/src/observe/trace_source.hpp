// A trace on its way to the client of the status socket that has asked for it, and with whom it
// ends.
//
// Threads: the device's I/O thread only.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "observe/status_socket.hpp"
#include "observe/trace.hpp"
#include "observe/traces.hpp"

namespace holdfast::observe {

class TraceSource final : public Source {
 public:
  using Ended = std::function<void(const TraceSums&)>;

  /// @param traces must outlive it  @param ended is called once, when the trace has ended
  /// @return null: one runs already
  static std::unique_ptr<TraceSource> begin(Traces& traces, const TraceSettings& settings,
                                            Ended ended);
  ~TraceSource() override;
  TraceSource(const TraceSource&) = delete;
  TraceSource& operator=(const TraceSource&) = delete;

  // Source.
  void on_ready(std::function<void()> ready) override { *ready_ = std::move(ready); }
  std::string take() override;
  void finish() override;
  bool finished() const override { return trace_->finished(); }

 private:
  using Ready = std::shared_ptr<std::function<void()>>;

  TraceSource(Traces& traces, std::shared_ptr<Trace> trace, Ready ready, Ended ended)
      : traces_(traces),
        trace_(std::move(trace)),
        ready_(std::move(ready)),
        ended_(std::move(ended)) {}

  Traces& traces_;
  const std::shared_ptr<Trace> trace_;
  const Ready ready_;
  const Ended ended_;
};

}  // namespace holdfast::observe
