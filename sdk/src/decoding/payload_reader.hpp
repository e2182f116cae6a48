// Reads a FlatBuffer by its binary schema, whatever is in it: each access is checked as it is made,
// by the rules of FlatBuffers' own verifier.

#pragma once

#include <cstddef>
#include <span>

#include "base/failure.hpp"
#include "decoding/binary_schema.hpp"
#include "decoding/value_sink.hpp"

namespace holdfast::decoding {

/// Hands the values of a finished FlatBuffer to `sink`, the root table first. Left out are absent
/// fields without a default, deprecated ones, and fields that the schema does not know.
///
/// What `verify` of payload.hpp takes, this takes; the bytes need no alignment in memory. Pure.
/// @return `foreign_payload` for another file identifier, `malformed_payload` for what is damaged,
/// `payload_too_large` where `sink` was full first; the sink may then have got a part.
Failure read_payload(const BinarySchema& schema, std::span<const std::byte> payload,
                     ValueSink& sink);

}  // namespace holdfast::decoding
