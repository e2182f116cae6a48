// One libcurl handle for all readings: TLS sessions, or the connection, are used again.

#include <curl/curl.h>

#include "bench/harness.hpp"
#include "bench/wire/http_target.hpp"

namespace holdfast::bench::wire {
namespace {

class Libcurl final : public Way {
 public:
  Libcurl(HttpTarget target, const HttpSettings& settings)
      : target_(std::move(target)), settings_(settings) {}
  ~Libcurl() override { disconnect(); }

  void connect() override {
    curl_ = curl_easy_init();
    headers_ = curl_slist_append(nullptr, ("Content-Type: " + target_.content_type).c_str());
    curl_easy_setopt(curl_, CURLOPT_URL, target_.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    // As the command does, so that the rows can be compared.
    curl_easy_setopt(curl_, CURLOPT_USERAGENT,
                     (std::string("curl/") + curl_version_info(CURLVERSION_NOW)->version).c_str());
    curl_easy_setopt(curl_, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3));
    if (!target_.trust.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, target_.trust.c_str());
    const bool http2 = settings_.reuse == Reuse::http2;
    const long version = http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
    curl_easy_setopt(curl_, CURLOPT_HTTP_VERSION, version);
    curl_easy_setopt(curl_, CURLOPT_FORBID_REUSE, settings_.reuse == Reuse::tls_session ? 1L : 0L);
    // There is no connection without a request: the first reading goes with it.
    send();
  }

  void send() override {
    const Fix fix = drive_.next();
    const std::string body = settings_.json ? as_json(fix) : as_opaque(fix);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    const CURLcode code = curl_easy_perform(curl_);
    if (code != CURLE_OK)
      give_up(std::string("libcurl does not post: ") + curl_easy_strerror(code));
  }

  void disconnect() override {
    if (curl_ == nullptr) return;
    curl_easy_cleanup(curl_);
    curl_slist_free_all(headers_);
    curl_ = nullptr;
  }

 private:
  HttpTarget target_;
  HttpSettings settings_;
  Drive drive_;
  CURL* curl_ = nullptr;
  curl_slist* headers_ = nullptr;
};

}  // namespace

bool has_libcurl() {
  return true;
}

std::unique_ptr<Way> libcurl_way(const HttpTarget& target, const HttpSettings& settings) {
  return std::make_unique<Libcurl>(target, settings);
}

}  // namespace holdfast::bench::wire
