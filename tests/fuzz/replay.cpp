// Runs a fuzz target over the files of a folder, without a fuzzer: replay FOLDER…

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz.hpp"

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : fs::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> text((std::istreambuf_iterator<char>(file)),
                                   std::istreambuf_iterator<char>());
      const std::vector<std::uint8_t> input(text.begin(), text.end());
      std::printf("%s (%zu bytes)\n", entry.path().c_str(), input.size());
      std::fflush(stdout);  // the last line names the input that ends the run
      LLVMFuzzerTestOneInput(input.data(), input.size());
      ++files;
    }
  }
  return files > 0 ? 0 : 1;
}
