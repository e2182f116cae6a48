#include "secret_file.hpp"

#include <sys/stat.h>

#include <algorithm>

#include <holdfast/limits.hpp>

#include "command.hpp"
#include "files.hpp"

namespace holdfast::cli {

std::string read_secret(const std::string& command, const std::string& option,
                        const std::string& file, const std::string& what) {
  if (file.empty()) return {};
  struct stat facts {};
  if (::stat(file.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
      (facts.st_mode & (S_IRGRP | S_IROTH)) != 0) {
    note(command, "others can read the password in " + file + "; chmod 600 " + file);
  }
  const auto bytes = read_file(file, limits::kMaxCredentialBytes + 2);
  std::string secret(text_of(bytes));
  secret.resize(std::min(secret.find('\n'), secret.size()));
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) refuse(option + " is empty", file, "its first line is " + what);
  return secret;
}

}  // namespace holdfast::cli
