#include "view_app.hpp"

#include <signal.h>

#include <cstdio>
#include <utility>

namespace view {
namespace {

using namespace std::chrono_literals;

// Above its delay budget, the board gives its last readings 5 s and its session another 5 s.
constexpr auto kStopBound = 15s;
constexpr auto kSettleBound = 5s;

}  // namespace

ViewApp::ViewApp(holdfast::Options options, Settings settings)
    : settings_(std::move(settings)), watcher_(std::move(options), settings_.topic) {}

int ViewApp::run(sample::EndSignals& signals) {
  const Watcher::Outcome outcome = watcher_.subscribe(signals);
  if (outcome.exit != sample::kDone) {
    std::fprintf(stderr, "demo: %s\n", outcome.cause.c_str());
    return outcome.exit;
  }
  {
    Child board(settings_.board);
    if (settings_.length > 0s) end_.after(settings_.length);
    while (phase_ != Phase::done) turn(board, signals);
  }
  watcher_.stop();
  return finish();
}

void ViewApp::turn(Child& board, sample::EndSignals& signals) {
  sample::wait_readable({signals.get(), watcher_.get(), board.out().get(), board.err().get(),
                         end_.get(), bound_.get()});
  const int signal_number = signals.take();
  if (interrupted_ == 0) interrupted_ = signal_number;
  const bool asked_to_end = signal_number != 0 || end_.fired() || !screen_.is_open();
  show(board);
  advance(board, asked_to_end);
}

void ViewApp::show(Child& board) {
  for (const std::string& line : board.out().take()) {
    if (const auto status = board::parse_status(line)) status_ = *status;
  }
  for (const std::string& line : board.err().take()) screen_.print("board: " + line);
  std::vector<std::string> notes;
  const auto readings = watcher_.take(notes);
  for (const std::string& note : notes) screen_.print(note);
  if (!readings.empty() && watcher_.delivered() == readings.size()) screen_.print(Rows::header());
  for (const board::BoardReadingT& reading : readings) screen_.print(rows_.row(reading));
  screen_.set_status(to_status_line(status_.state, summary()));
}

void ViewApp::advance(Child& board, bool asked_to_end) {
  const bool late = bound_.fired();
  if (phase_ == Phase::running && asked_to_end) {
    board.signal(SIGTERM);
    bound_.after(settings_.max_delay + kStopBound);
    phase_ = Phase::stopping;
  } else if (phase_ == Phase::stopping && late) {
    screen_.print("board: did not end in time, and was killed");
    board.signal(SIGKILL);
  }
  if (phase_ != Phase::settling && board.at_end()) {
    board_exit_ = board.wait();
    bound_.after(kSettleBound);
    phase_ = Phase::settling;
  } else if (phase_ == Phase::settling && late) {
    phase_ = Phase::done;
  }
  if (phase_ == Phase::settling && watcher_.delivered() >= status_.pushed) phase_ = Phase::done;
}

Summary ViewApp::summary() const {
  const std::uint64_t delivered = watcher_.delivered();
  return {
      .delivered = delivered,
      .lost = status_.pushed > delivered ? status_.pushed - delivered : 0,
      .handshakes = status_.handshakes,
      .ip_bytes = status_.ip_bytes,
  };
}

int ViewApp::finish() {
  screen_.clear_status();
  const Summary result = summary();
  if (interrupted_ != 0 && status_.pushed == 0) {  // before there was anything that could fail
    screen_.print(to_line(result));
    return 128 + interrupted_;
  }
  if (board_exit_ != sample::kDone) {
    std::fprintf(stderr, "demo: the board ended with exit code %d\n", board_exit_);
  } else if (!status_.is_final) {
    std::fprintf(stderr, "demo: the board ended without its last figures\n");
  }
  screen_.print(to_line(result));
  const bool is_told = board_exit_ >= sample::kUsage && board_exit_ <= sample::kRefused;
  if (is_told) return board_exit_;
  const bool complete =
      board_exit_ == sample::kDone && status_.is_final && result.lost == 0 && result.delivered > 0;
  return complete ? sample::kDone : sample::kIncomplete;
}

}  // namespace view
