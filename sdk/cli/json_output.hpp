// What is printed with --json.

#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace holdfast::cli {

using Json = nlohmann::ordered_json;

/// As member `name`, or `name`_base64 where the bytes are not UTF-8.
void put_bytes(Json& object, const std::string& name, std::string_view bytes);

/// An object on one line whose last members are arrays that may be too long for memory: they are
/// printed element by element. It is ASCII, so that no text in it can steer a terminal.
///
/// Members return false once the reader has gone.
class LongObject {
 public:
  /// @param head what comes before the arrays; not empty
  bool begin(const Json& head);
  bool begin_array(const std::string& name);
  bool add(const Json& element);
  bool end_array();
  bool end();

 private:
  bool write(std::string_view text);

  bool first_ = true;
  std::string buffer_;
};

}  // namespace holdfast::cli
