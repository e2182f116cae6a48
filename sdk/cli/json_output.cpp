#include "json_output.hpp"

#include <cstdint>

#include "crypto/pem.hpp"
#include "files.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} * 1024;

std::string ascii(const Json& json) {
  return json.dump(-1, ' ', true);
}

}  // namespace

void put_bytes(Json& object, const std::string& name, std::string_view bytes) {
  if (is_utf8(bytes)) {
    object[name] = bytes;
    return;
  }
  object[name + "_base64"] =
      crypto::to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

bool LongObject::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() < kBufferBytes) return true;
  const bool read_on = print(buffer_);
  buffer_.clear();
  return read_on;
}

bool LongObject::begin(const Json& head) {
  std::string text = ascii(head);
  text.pop_back();  // its brace
  return write(text);
}

bool LongObject::begin_array(const std::string& name) {
  first_ = true;
  return write("," + ascii(name) + ":[");
}

bool LongObject::add(const Json& element) {
  const std::string separator = first_ ? "" : ",";
  first_ = false;
  return write(separator + ascii(element));
}

bool LongObject::end_array() {
  return write("]");
}

bool LongObject::end() {
  return print(buffer_ + "}\n");
}

}  // namespace holdfast::cli
