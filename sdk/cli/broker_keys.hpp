// A broker's key with its self-signed certificate, as files.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

/// Makes a P-256 key and writes DIRECTORY/NAME.key, which its owner alone can read, and
/// DIRECTORY/NAME.crt. Nothing is overwritten.
/// @param hosts names and addresses that the certificate is for @param days how long it is valid
/// @return the pin @throws CommandError
std::string write_broker_key(const std::string& directory, std::string_view name,
                             const std::vector<std::string>& hosts, int days);

/// Where the two files are. @param ending "key" or "crt"
std::string broker_key_file(const std::string& directory, std::string_view name,
                            std::string_view ending);

}  // namespace holdfast::cli
