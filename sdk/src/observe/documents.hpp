// What the status socket answers, as JSON on one line (docs/formats/status-socket.md). Pure.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "observe/event_record.hpp"
#include "observe/snapshot.hpp"

namespace holdfast::observe {

/// Goes up when a member is taken away or means something else; more may be added.
inline constexpr int kDocumentVersion = 1;

std::string status_document(const Snapshot& snapshot);
std::string events_document(std::span<const EventRecord> records);
/// One of them, as it is in that document.
std::string event_document(const EventRecord& record);
/// What is wrong with a request.
std::string error_document(std::string_view what);

}  // namespace holdfast::observe
