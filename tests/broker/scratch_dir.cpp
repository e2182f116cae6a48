#include "scratch_dir.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace holdfast::broker_test {

ScratchDir::ScratchDir() {
  std::string name =
      (std::filesystem::temp_directory_path() / "holdfast-broker-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no directory can be made in " +
                             std::filesystem::temp_directory_path().string() + "; set TMPDIR");
  }
  path_ = name;
}

ScratchDir::~ScratchDir() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace holdfast::broker_test
