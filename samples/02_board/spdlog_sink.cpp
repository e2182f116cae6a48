#include "spdlog_sink.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>

#include <memory>
#include <string_view>

namespace board {
namespace {

using sample::Level;

spdlog::level::level_enum in_spdlog(Level level) {
  switch (level) {
    case Level::error:
      return spdlog::level::err;
    case Level::warning:
      return spdlog::level::warn;
    case Level::notice:
    case Level::info:
      return spdlog::level::info;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> make_logger(std::FILE* out, bool is_journal) {
  // A logger of an app that has one already goes here.
  auto sink = std::make_shared<spdlog::sinks::ansicolor_sink<spdlog::details::console_mutex>>(
      out, spdlog::color_mode::automatic);
  auto logger = std::make_shared<spdlog::logger>("board", std::move(sink));
  logger->set_pattern(is_journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  logger->flush_on(spdlog::level::info);  // a log that is piped should not lag behind
  return logger;
}

}  // namespace

sample::EventLog::Sink spdlog_sink(std::FILE* out) {
  const bool is_journal = sample::is_journal(out);
  return [logger = make_logger(out, is_journal), is_journal](Level level, std::string_view line) {
    if (is_journal) {
      logger->log(in_spdlog(level), "<{}>{}", static_cast<int>(level), line);
    } else {
      logger->log(in_spdlog(level), "{}", line);
    }
  };
}

}  // namespace board
