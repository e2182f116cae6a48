// A proxy's address as somebody wrote it: taken, or refused without a word of the password.

#include <holdfast/error.hpp>

#include "channel/proxy_url.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const std::string_view text = fuzz::text_of(data, size);
  try {
    const channel::ProxyUrl url = channel::parse_proxy_url(text);
    fuzz::require(!url.server.host.empty() && url.server.port != 0, "there is a host and a port");
    fuzz::require(url.authorization.find_first_of("\r\n") == std::string::npos,
                  "no line of the request can be forged");
  } catch (const ConfigError& error) {
    fuzz::require(error.field() == "proxy" && !error.mend().empty(), "a refusal tells the mend");
    const auto at = text.rfind('@');
    if (at != std::string_view::npos) {
      fuzz::require(error.value().size() <= text.size() - at + 3,
                    "what is before the @ is not shown");
    }
  }
  return 0;
}
