#include "observe/trace_source.hpp"

#include <utility>

namespace holdfast::observe {

std::unique_ptr<TraceSource> TraceSource::begin(Traces& traces, const TraceSettings& settings,
                                                Ended ended) {
  auto ready = std::make_shared<std::function<void()>>();
  auto trace = traces.begin(settings, [ready] {
    if (*ready) (*ready)();
  });
  if (!trace) return nullptr;
  return std::unique_ptr<TraceSource>(
      new TraceSource(traces, std::move(trace), std::move(ready), std::move(ended)));
}

TraceSource::~TraceSource() {
  finish();
  *ready_ = nullptr;
}

std::string TraceSource::take() {
  const Bytes bytes = trace_->take();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// One trace runs at a time, and it is this one until it has ended.
void TraceSource::finish() {
  if (trace_->finished()) return;
  *ready_ = nullptr;  // whoever ends it takes the rest by himself
  traces_.end();
  ended_(trace_->sums());
}

}  // namespace holdfast::observe
