// holdfast pinset merge: joins the signatures of copies of one set that were signed apart.

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "pin_set_file.hpp"
#include "pinset.hpp"

namespace holdfast::cli {
namespace {

struct MergeOptions {
  std::vector<std::string> sets;
  std::string out;
};

// The first thing in which two lists of pins differ, for a message.
std::string difference(const pinning::PinList& left, const pinning::PinList& right) {
  const auto numbers = [](const char* what, auto one, auto other) {
    return std::string(what) + " " + std::to_string(one) + " and " + std::to_string(other);
  };
  if (left.version != right.version) return numbers("version", left.version, right.version);
  if (left.roots_version != right.roots_version) {
    return numbers("version of the root keys", left.roots_version, right.roots_version);
  }
  if (left.pins != right.pins) return "their pins";
  if (left.revoked != right.revoked) return "the keys they revoke";
  if (left.candidates != right.candidates) return "their candidates";
  if (left.expires != right.expires) return numbers("expiry", left.expires, right.expires);
  if (left.spread != right.spread) {
    return numbers("spread", left.spread.count(), right.spread.count());
  }
  if (left.issued != right.issued) return numbers("time of issue", left.issued, right.issued);
  return "the bytes of their pins";
}

std::string difference(const pinning::Document& left, const pinning::Document& right) {
  if (left.content != right.content) return difference(left.list, right.list);
  if (left.roots.size() != right.roots.size()) {
    return std::to_string(left.roots.size()) + " and " + std::to_string(right.roots.size()) +
           " versions of the root keys";
  }
  for (std::size_t i = 0; i < left.roots.size(); ++i) {
    if (left.roots[i].content != right.roots[i].content) {
      return "version " + std::to_string(left.roots[i].roots.version) + " of the root keys";
    }
  }
  return {};
}

int run(const MergeOptions& options) {
  pinning::Document merged = read_pin_set(options.sets.front());
  std::vector<pinning::Document> copies{merged};
  for (std::size_t i = 1; i < options.sets.size(); ++i) {
    copies.push_back(read_pin_set(options.sets[i]));
    if (const auto what = difference(merged, copies.back()); !what.empty()) {
      refuse(options.sets.front() + " and " + options.sets[i] + " are not the same set", what,
             "merge copies of one set that were signed apart");
    }
  }
  for (const SignedPart& part : parts_of(merged)) {
    // Collected anew, so that a signature that nobody can verify does not travel on.
    std::vector<pinning::RootSignature> good;
    for (const pinning::Document& copy : copies) {
      for (const auto& signature : signatures_of(copy, part)) {
        if (may_sign(signature.key, part) && has_signed(signature.key, part, {signature}) &&
            !has_signed(signature.key, part, good)) {
          good.push_back(signature);
        }
      }
    }
    signatures_of(merged, part) = std::move(good);
  }
  for (const std::string& missing : missing_signatures(merged)) {
    note("pinset merge", "still missing: " + missing);
  }
  write_pin_set(options.out, merged);
  return kDone;
}

}  // namespace

void add_pinset_merge(CLI::App& pinset, Action& action) {
  auto* command =
      pinset.add_subcommand("merge", "join the signatures of copies that were signed apart");
  const auto options = std::make_shared<MergeOptions>();
  command->add_option("SETS", options->sets, "the copies; all must say the same")->required();
  command->add_option("-o,--out", options->out, "the file to write, or - for stdout")
      ->required()
      ->type_name("FILE");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
