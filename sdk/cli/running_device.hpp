// A device that runs on this host, asked through its status socket, and what its files tell when
// nobody answers.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "json_output.hpp"
#include "ledger/book.hpp"

namespace holdfast::cli {

/// What became of a question.
struct Reply {
  std::optional<std::string> text;  ///< empty: nobody answers
  std::string why;                  ///< then: for a person
};

/// Asks the device that runs on `state_dir`; at most a few seconds. @param request without its end
/// @throws CommandError if there is no such directory, or this user may not ask
Reply ask_device(const std::filesystem::path& state_dir, const std::string& request);

/// The JSON that a device answered. @throws CommandError if it is none, or says that the request
/// was wrong
Json parse_answer(const std::string& text);

/// The process that uses `state_dir`, if there is one and the kernel tells. The lock itself is not
/// touched, because a device that is started meanwhile would find it taken.
std::optional<pid_t> process_using(const std::filesystem::path& state_dir);

/// What the files of a device tell.
struct KeptByDevice {
  Json events = Json::array();  ///< as the socket answers them
  std::optional<ledger::BookState> ledger;
  std::vector<std::string> remarks;  ///< what could not be read, and why
};
KeptByDevice read_kept(const std::filesystem::path& state_dir, std::size_t events);

}  // namespace holdfast::cli
