#include "bench/contenders.hpp"

namespace holdfast::bench {

Target target_of(const Arguments& arguments) {
  return {static_cast<std::uint16_t>(arguments.number("port", 0)), arguments.text("pin"),
          arguments.text("cert")};
}

Options holdfast_options(const Target& target, const std::string& client_id) {
  Options options;
  options.broker = "mqtts://" + target.address + ":" + std::to_string(target.port);
  options.client_id = client_id;
  options.pins = {target.pin};
  options.pin_count = PinCount::one_is_enough;
  options.session_expiry = std::chrono::seconds(0);
  return options;
}

mqtt::connect_options paho_options(const Target& target) {
  mqtt::ssl_options ssl;
  ssl.set_trust_store(target.certificate);
  ssl.set_verify(true);
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_5);
  options.set_clean_start(true);
  options.set_ssl(ssl);
  return options;
}

std::string paho_address(const Target& target) {
  const bool here = target.address == "127.0.0.1";
  return "ssl://" + (here ? "localhost" : target.address) + ":" + std::to_string(target.port);
}

}  // namespace holdfast::bench
