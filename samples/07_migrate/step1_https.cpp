// Step 1, one of the two apps that a fleet may have today: each reading is an HTTPS POST of JSON,
// by libcurl.
//
//   step1_https --url https://api.example.com/v1/readings [--ca FILE]
//
// Exit codes: 0 every reading was taken, 1 some were not, 2 usage.

#include <curl/curl.h>

#include <cstdio>
#include <memory>
#include <string>

#include "common/connection.hpp"
#include "job.hpp"

namespace {

struct CommandLine {
  std::string url;
  std::string ca;
  migrate::Job job;
};

// @return whether the server has taken it
bool post(const CommandLine& line, const std::string& json) {
  using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
  const Handle curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) return false;
  using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
  const Headers headers(curl_slist_append(nullptr, "Content-Type: application/json"),
                        &curl_slist_free_all);
  curl_easy_setopt(curl.get(), CURLOPT_URL, line.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, json.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 20L);  // seconds
  if (!line.ca.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, line.ca.c_str());
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) std::fprintf(stderr, "step1_https: %s\n", curl_easy_strerror(code));
  return code == CURLE_OK;
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  CommandLine line;
  CLI::App app("Posts the readings of a vehicle as JSON, a connection each.", "step1_https");
  app.add_option("--url", line.url, "where to")->required();
  app.add_option("--ca", line.ca, "authorities, PEM; the system's unless told");
  migrate::add_job_options(app, line.job);
  int exit = sample::kDone;
  if (!sample::parse_command_line(app, argc, argv, exit)) return exit;

  curl_global_init(CURL_GLOBAL_DEFAULT);
  unsigned taken = 0;
  migrate::for_each_reading(line.job, signals, [&](const migrate::Fix& fix) {
    if (post(line, migrate::as_json(fix))) ++taken;
  });
  curl_global_cleanup();
  return taken == line.job.readings ? sample::kDone : sample::kIncomplete;
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("step1_https", [&] { return run(argc, argv); });
}
