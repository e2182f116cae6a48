// A broker's address as somebody wrote it: taken and consistent, or refused with a mend.

#include <holdfast/error.hpp>

#include "channel/broker_url.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const std::string_view text = fuzz::text_of(data, size);
  try {
    const channel::BrokerUrl url = channel::parse_broker_url(text);
    fuzz::require(!url.host.empty() && url.port != 0, "there is a host and a port");
    fuzz::require(url.host.find_first_of(std::string_view("\0/@ []", 6)) == std::string::npos,
                  "the host is nothing but a host");
    const channel::BrokerUrl again = channel::parse_broker_url("mqtts://" + url.text());
    fuzz::require(again.host == url.host && again.port == url.port &&
                      again.is_ip_literal == url.is_ip_literal,
                  "what is shown to a person means the same");
  } catch (const ConfigError& error) {
    fuzz::require(error.field() == "broker" && !error.mend().empty(), "a refusal tells the mend");
    const auto at = text.find('@');
    const auto colon = text.substr(0, at).rfind(':');
    if (at != std::string_view::npos && colon != std::string_view::npos && at - colon > 12) {
      const std::string password(text.substr(colon + 1, at - colon - 1));
      fuzz::require(error.value().find(password) == std::string::npos,
                    "a password is never repeated");
    }
  }
  return 0;
}
