#include "decoding/table_text.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::decoding {
namespace {

// Of a hostile schema many objects may be looked at without a column in any of them.
constexpr std::size_t kMaxLooks = 4 * limits::kMaxColumns;

class ColumnFinder {
 public:
  explicit ColumnFinder(const BinarySchema& schema) : schema_(schema) {}

  std::vector<std::string> find() {
    look_at(schema_.root_index(), "");
    if (looks_ > kMaxLooks || columns_.size() > limits::kMaxColumns) columns_.clear();
    return std::move(columns_);
  }

 private:
  void look_at(std::size_t index, const std::string& prefix) {
    open_.push_back(index);
    for (const Field& field : schema_.object(index).fields) {
      if (++looks_ > kMaxLooks) break;
      if (field.deprecated) continue;
      const bool within_itself =
          std::find(open_.begin(), open_.end(), field.type.index) != open_.end();
      if (field.type.kind == Kind::object && !within_itself &&
          open_.size() < limits::kMaxFlatbufferDepth) {
        look_at(field.type.index, prefix + field.name + ".");
      } else {
        columns_.push_back(prefix + field.name);
      }
    }
    open_.pop_back();
  }

  const BinarySchema& schema_;
  std::vector<std::size_t> open_;
  std::vector<std::string> columns_;
  std::size_t looks_ = 0;
};

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Without what may steer a terminal or is no text: controls of ASCII and of Latin 1 (U+0080 to 9F).
std::string cleaned(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool is_control =
        (length == 1 && (first < 0x20 || first == 0x7F) && first != '\t' && first != '\n' &&
         first != '\r') ||
        (length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0);
    if (length == 0 || is_control) {
      out += kReplacement;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace

std::vector<std::string> columns_of(const BinarySchema& schema) {
  return ColumnFinder(schema).find();
}

std::string csv_cell(std::string_view text) {
  std::string clean = cleaned(text);
  const bool is_plain = !clean.empty() && clean.front() != ' ' && clean.back() != ' ' &&
                        clean.find_first_of(",\"\r\n") == std::string::npos;
  if (is_plain) return clean;
  std::string cell = "\"";
  for (const char character : clean) {
    if (character == '"') cell += '"';
    cell += character;
  }
  return cell += '"';
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) line += ',';
    line += cell;
  }
  return line += '\n';
}

CsvRow::CsvRow(const std::vector<std::string>& columns, std::size_t most)
    : most_(most), cells_(columns.size()), json_(most) {
  for (std::size_t n = 0; n < columns.size(); ++n) places_.emplace(columns[n], n);
}

std::vector<std::string> CsvRow::take() {
  size_ = 0;
  path_.clear();
  prefixes_.clear();
  json_.take();
  json_depth_ = 0;
  return std::exchange(cells_, std::vector<std::string>(cells_.size()));
}

bool CsvRow::full() const {
  return size_ > most_ || json_.full();
}

bool CsvRow::opens_column() const {
  return places_.find(path_) != places_.end();
}

void CsvRow::put(std::string cell) {
  size_ += cell.size();
  const auto place = places_.find(path_);
  if (place != places_.end()) cells_[place->second] = std::move(cell);
  leave();
}

// The value is complete: back to the object that it is a member of.
void CsvRow::leave() {
  path_.resize(prefixes_.empty() ? 0 : prefixes_.back());
}

void CsvRow::open_json() {
  ++json_depth_;
}

void CsvRow::close_json() {
  if (--json_depth_ == 0) put(csv_cell(json_.take()));
}

void CsvRow::begin_object() {
  if (inside_json() || opens_column()) {
    open_json();
    return json_.begin_object();
  }
  if (!path_.empty()) path_ += '.';
  prefixes_.push_back(path_.size());
}

void CsvRow::key(std::string_view name) {
  if (inside_json()) return json_.key(name);
  path_ += name;
}

void CsvRow::end_object() {
  if (inside_json()) {
    json_.end_object();
    return close_json();
  }
  if (!prefixes_.empty()) prefixes_.pop_back();
  leave();
}

void CsvRow::begin_array() {
  open_json();
  json_.begin_array();
}

void CsvRow::end_array() {
  json_.end_array();
  close_json();
}

void CsvRow::boolean(bool value) {
  if (inside_json()) return json_.boolean(value);
  put(value ? "true" : "false");
}

void CsvRow::integer(std::int64_t value) {
  if (inside_json()) return json_.integer(value);
  put(std::to_string(value));
}

void CsvRow::natural(std::uint64_t value) {
  if (inside_json()) return json_.natural(value);
  put(std::to_string(value));
}

void CsvRow::real(float value) {
  if (inside_json()) return json_.real(value);
  put(digits_of(value));
}

void CsvRow::real(double value) {
  if (inside_json()) return json_.real(value);
  put(digits_of(value));
}

void CsvRow::symbol(std::string_view name) {
  if (inside_json()) return json_.symbol(name);
  put(std::string(name));
}

void CsvRow::text(std::string_view value) {
  if (inside_json()) return json_.text(value);
  put(csv_cell(value));
}

void CsvRow::bytes(std::span<const std::byte> value) {
  if (inside_json()) return json_.bytes(value);
  put(value.empty() ? "\"\"" : base64_of(value));
}

}  // namespace holdfast::decoding
