// What `holdfast status` prints for a person.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json_output.hpp"
#include "ledger/book.hpp"

namespace holdfast::cli {

/// A member of a document that may be of another release: what is missing, or is something else, is
/// `otherwise`.
std::string text_in(const Json& object, std::string_view name, std::string_view otherwise = "");
std::uint64_t number_in(const Json& object, std::string_view name);
const Json& object_in(const Json& object, std::string_view name);

/// "connected to 192.0.2.1:8883 for 3 h 12 min".
std::string state_in_words(const Json& status);

std::string status_in_words(const Json& status);
/// What is kept of a device that does not run.
std::string ledger_in_words(const ledger::BookState& book);
/// The events of an answer to "events". @param width of the terminal; 0: none
std::string events_in_words(const Json& events, std::size_t width);
/// One event as a line, without its time.
std::string event_in_words(const Json& event);

}  // namespace holdfast::cli
