#include "csv.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string>

#include "printable.hpp"

namespace fleet {
namespace {

// The shortest text that is the same number when it is read again.
std::string text_of(double number) {
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::string(text.data(), end) : "";
}

}  // namespace

std::size_t export_csv(Store& store, const std::filesystem::path& directory) {
  std::size_t files = 0;
  std::filesystem::path file;
  std::ofstream out;
  const auto close = [&] {
    if (!out.is_open()) return;
    out.close();
    if (!out) throw std::runtime_error(file.string() + ": cannot be written");
  };
  // Rows come by device and time, so that one file is open at a time.
  store.each_value([&](const Exported& row) {
    const auto wanted = directory / file_name(row.device) / (day_of(row.time_ms) + ".csv");
    if (wanted != file) {
      close();
      file = wanted;
      std::filesystem::create_directories(file.parent_path());
      out.open(file, std::ios::trunc);
      out << "time_ms,topic,channel,value\r\n";
      ++files;
    }
    out << row.time_ms << ',' << csv_field(row.topic) << ',' << csv_field(row.channel) << ','
        << text_of(row.number) << "\r\n";
  });
  close();
  return files;
}

}  // namespace fleet
