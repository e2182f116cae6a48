// fleet_csv: what fleet_backend has kept, as files of CSV for each device and day. The back end may
// be running.
//
//   fleet_csv --db fleet.db --out DIRECTORY
//
// Exit codes: 0, 2 usage or a file that cannot be read or written.

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "common/connection.hpp"
#include "csv.hpp"

namespace {

int run(int argc, char** argv) {
  std::string database;
  std::string out;
  CLI::App app("Writes what fleet_backend has kept as files of CSV.", "fleet_csv");
  app.add_option("--db", database, "the SQLite file")->required();
  app.add_option("--out", out, "a directory, made if it is missing")->required();
  int exit = sample::kDone;
  if (!sample::parse_command_line(app, argc, argv, exit)) return exit;
  if (!std::filesystem::exists(database)) throw std::runtime_error(database + " does not exist");
  fleet::Store store(database);
  const std::size_t files = fleet::export_csv(store, out);
  std::printf("%zu files in %s\n", files, out.c_str());
  return sample::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("fleet_csv", [&] { return run(argc, argv); });
}
