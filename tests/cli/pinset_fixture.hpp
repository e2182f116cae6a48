// Root keys and pin sets made by the command itself.

#pragma once

#include "cli/cli_fixture.hpp"

namespace holdfast::test {

class PinsetTest : public CliTest {
 protected:
  /// Makes NAME/root.key; returns its public half as `--root` takes it.
  std::string make_root(const std::string& name) {
    const auto made = cli({"keygen", "--root", "--out", name});
    EXPECT_EQ(made.status, 0) << made.err;
    return made.out.substr(0, made.out.find('\n'));
  }

  /// `pinset WORDS…`, which must succeed.
  CliResult pinset(Words words, std::string_view input = {}) {
    words.insert(words.begin(), "pinset");
    auto result = cli(words, input);
    EXPECT_EQ(result.status, 0) << result.err;
    return result;
  }
  /// `pinset WORDS…`, which must end with `status`.
  CliResult pinset_fails(Words words, int status = 2) {
    words.insert(words.begin(), "pinset");
    auto result = cli(words);
    EXPECT_EQ(result.status, status) << result.out << result.err;
    EXPECT_FALSE(result.err.empty());
    return result;
  }

  void sign(const std::string& root, const std::string& set) {
    pinset({"sign", "--key", root + "/root.key", set});
  }

  const std::string pin_a_ = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string pin_b_ = "sha256/BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
  const std::string pin_c_ = "sha256/CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA=";
};

}  // namespace holdfast::test
