#include "channel/ca_path.hpp"

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include <algorithm>
#include <utility>

#include <holdfast/error.hpp>

#include "channel/pem.hpp"

namespace holdfast::channel {
namespace {

using Bytes = Certificate::Bytes;

bool same(Bytes one, Bytes other) {
  return std::ranges::equal(one, other);
}

std::string describe(const Certificate& certificate) {
  return "the certificate " + certificate.subject_text();
}

// Whether `issuer` has signed `child`: asked of a manager that knows this one authority and nothing
// else, so that no other can be taken for it.
bool is_signed_by(const Certificate& child, const Certificate& issuer) {
  const std::unique_ptr<WOLFSSL_CERT_MANAGER, void (*)(WOLFSSL_CERT_MANAGER*)> manager(
      wolfSSL_CertManagerNew(), wolfSSL_CertManagerFree);
  return manager != nullptr &&
         wolfSSL_CertManagerLoadCABuffer(manager.get(), issuer.der.data(),
                                         static_cast<long>(issuer.der.size()),
                                         WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
         wolfSSL_CertManagerVerifyBuffer(manager.get(), child.der.data(),
                                         static_cast<long>(child.der.size()),
                                         WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

std::string why_not_at(const Certificate& certificate, std::int64_t now) {
  const std::string clock = "this device's clock says " + text_of_time(now);
  if (now < certificate.not_before) {
    return describe(certificate) + " is valid from " + text_of_time(certificate.not_before) +
           " on (notBefore), and " + clock + "; set the clock, or wait";
  }
  if (now > certificate.not_after) {
    return describe(certificate) + " was valid until " + text_of_time(certificate.not_after) +
           " (notAfter), and " + clock +
           "; have the broker's certificate renewed, or set the clock";
  }
  return {};
}

class Walk {
 public:
  Walk(std::vector<Certificate> sent, const Authorities& authorities, std::int64_t now)
      : sent_(std::move(sent)), authorities_(authorities), now_(now) {}

  CaPath from_leaf() {
    const Certificate leaf = sent_.front();
    path_.push_back(leaf);
    CaPath result;
    if (std::string why = why_not_at(leaf, now_); !why.empty()) {
      result.refusal = std::move(why);
    } else if (climb()) {
      result.certificates = std::move(path_);
    } else {
      result.refusal = explain();
    }
    return result;
  }

 private:
  // Goes on from the last certificate of the path. The authorities of the app come first: with them
  // the walk is over.
  bool climb() {
    const Certificate child = path_.back();
    for (const Certificate& authority : authorities_.certificates()) {
      if (vouches(authority, child)) {
        if (!same(authority.der, child.der)) path_.push_back(authority);
        return true;
      }
    }
    if (path_.size() + 1 >= kMaxPathLength) return false;
    for (std::size_t i = 1; i < sent_.size(); ++i) {
      const Certificate& candidate = sent_[i];
      const bool used = std::ranges::any_of(
          path_, [&](const Certificate& other) { return same(other.der, candidate.der); });
      if (used || !vouches(candidate, child)) continue;
      path_.push_back(candidate);
      if (climb()) return true;
      path_.pop_back();
    }
    return false;
  }

  bool vouches(const Certificate& issuer, const Certificate& child) {
    if (!same(issuer.subject, child.issuer)) return false;
    if (!issuer.is_authority || !issuer.may_certify) {
      note(describe(issuer) + " is not one of an authority (basicConstraints, keyUsage)");
      return false;
    }
    // How many authorities stand between the leaf and this one.
    const std::size_t between = path_.size() - 1;
    if (issuer.path_length && between > *issuer.path_length) {
      note(describe(issuer) + " allows only " + std::to_string(*issuer.path_length) +
           " authorities below it (pathLenConstraint)");
      return false;
    }
    // wolfSSL applies the constraints of an authority to what it has signed itself, and to nothing
    // further down: a leaf below an intermediate would not be held to them.
    if (issuer.constrains_names && between > 0) {
      note(describe(issuer) +
           " constrains names (nameConstraints), which is checked only for "
           "leaves that it has signed itself; use an authority without");
      return false;
    }
    if (std::string why = why_not_at(issuer, now_); !why.empty()) {
      note(std::move(why));
      return false;
    }
    if (++checks_ > kMaxSignatureChecks) {
      note("the broker sent more authorities of one name than are looked at");
      return false;
    }
    if (is_signed_by(child, issuer)) return true;
    note(describe(child) + " was not signed by the key of " + issuer.subject_text() +
         ", which it names as its issuer");
    return false;
  }

  // The first thing that was in the way says most: it is nearest to the leaf.
  void note(std::string what) {
    if (obstacle_.empty()) obstacle_ = std::move(what);
  }

  std::string explain() const {
    if (!obstacle_.empty()) return obstacle_;
    // Up by the names, as far as they lead: there is the gap.
    Certificate top = sent_.front();
    for (std::size_t steps = 0; steps < kMaxPathLength && !same(top.issuer, top.subject); ++steps) {
      const auto next = std::ranges::find_if(
          sent_, [&](const Certificate& other) { return same(other.subject, top.issuer); });
      if (next == sent_.end()) break;
      top = *next;
    }
    return "the authority that issued " + describe(top) + " is neither in ca_file " +
           authorities_.name() +
           " nor was it sent; add it to ca_file, or let the broker send its intermediates";
  }

  std::vector<Certificate> sent_;
  const Authorities& authorities_;
  std::int64_t now_;
  std::vector<Certificate> path_;
  std::string obstacle_;
  int checks_ = 0;
};

}  // namespace

std::shared_ptr<const Authorities> Authorities::load(const std::filesystem::path& file) {
  const auto text = read_text_file(file);
  if (!text) {
    throw ConfigError("ca_file", file.string(), "the file cannot be read; check its path and mode");
  }
  auto authorities = std::make_shared<Authorities>();
  authorities->name_ = file.string();
  authorities->bytes_ = read_pem_certificates(*text);
  std::size_t left_out = 0;
  for (const auto& bytes : authorities->bytes_) {
    const auto certificate = parse_certificate(bytes);
    if (certificate && certificate->is_authority && certificate->may_certify) {
      authorities->certificates_.push_back(*certificate);
    } else {
      ++left_out;
    }
  }
  if (authorities->bytes_.empty()) {
    throw ConfigError("ca_file", file.string(),
                      "there is no certificate in it; it must be PEM, with the authority that "
                      "issues the broker's certificate");
  }
  if (authorities->certificates_.empty()) {
    throw ConfigError("ca_file", file.string(),
                      "no certificate in it is one of an authority (basicConstraints CA:TRUE); a "
                      "broker's own certificate is pinned, and needs no ca_file");
  }
  if (left_out > 0) {
    authorities->warning_ = "ca_file " + authorities->name_ + ": " + std::to_string(left_out) +
                            " of its certificates are not ones of an authority, or cannot be "
                            "read, and do not count; remove them";
  }
  return authorities;
}

CaPath find_ca_path(std::span<const Bytes> sent, const Authorities& authorities, std::int64_t now) {
  std::vector<Certificate> certificates;
  for (const Bytes bytes : sent) {
    const auto certificate = parse_certificate(bytes);
    // What cannot be read above the leaf leads nowhere; wolfSSL will have said no to it already.
    if (certificate) certificates.push_back(*certificate);
    if (certificates.empty()) return {{}, "the broker's certificate cannot be read"};
  }
  if (certificates.empty()) return {{}, "the broker showed no certificate"};
  return Walk(std::move(certificates), authorities, now).from_leaf();
}

}  // namespace holdfast::channel
