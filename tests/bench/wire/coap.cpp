// libcoap over DTLS 1.2 with a pre-shared key: one session for all readings, no token, the path of
// the MQTT topic.

#include <arpa/inet.h>
#include <coap3/coap.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <span>
#include <string_view>

#include "bench/harness.hpp"
#include "bench/wire/line.hpp"
#include "bench/wire/readings.hpp"
#include "bench/wire/ways.hpp"

namespace holdfast::bench::wire {
namespace {

// `kTopic`, and `kShortTopic` behind it.
constexpr std::array<std::string_view, 4> kPath{"fleet", "truck", "00017", "t"};
// RFC 7967: neither 2.xx nor 4.xx nor 5.xx.
constexpr std::uint16_t kNoResponseOption = 258;
constexpr std::uint8_t kNoResponse = 26;

const std::uint8_t* as_bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

class Coap final : public Way {
 public:
  Coap(const Stage& stage, const CoapSettings& settings)
      : settings_(settings), port_(stage.coap_port) {
    coap_startup();
    coap_set_log_level(LOG_CRIT);
    coap_dtls_set_log_level(LOG_CRIT);
  }
  ~Coap() override { disconnect(); }

  void connect() override {
    context_ = coap_new_context(nullptr);
    coap_context_set_block_mode(context_, COAP_BLOCK_USE_LIBCOAP);
    coap_set_app_data(context_, this);
    coap_register_event_handler(context_, &Coap::on_event);
    coap_register_response_handler(context_, &Coap::on_response);
    coap_register_nack_handler(context_, &Coap::on_nack);
    coap_address_t to;
    coap_address_init(&to);
    to.addr.sin.sin_family = AF_INET;
    to.addr.sin.sin_port = htons(port_);
    ::inet_pton(AF_INET, kFarAddress, &to.addr.sin.sin_addr);
    to.size = sizeof(sockaddr_in);
    std::string host = kHost;
    coap_dtls_cpsk_t key{};
    key.version = COAP_DTLS_CPSK_SETUP_VERSION;
    key.client_sni = host.data();
    key.psk_info.identity = {std::strlen(CoapServer::kIdentity), as_bytes(CoapServer::kIdentity)};
    key.psk_info.key = {std::strlen(CoapServer::kKey), as_bytes(CoapServer::kKey)};
    established_ = false;
    session_ = coap_new_client_session_psk2(context_, nullptr, &to, COAP_PROTO_DTLS, &key);
    if (session_ == nullptr) give_up("libcoap makes no session");
    run_until(established_, "libcoap makes no DTLS session");
  }

  void send() override {
    const Fix fix = drive_.next();
    const std::string body = as_opaque(fix);
    const bool confirmable = settings_.exchange == Exchange::confirmable;
    coap_pdu_t* pdu = coap_new_pdu(confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON,
                                   COAP_REQUEST_CODE_PUT, session_);
    const std::span<const std::string_view> path(kPath);
    for (const std::string_view part : settings_.short_path ? path.last(1) : path.first(3)) {
      coap_add_option(pdu, COAP_OPTION_URI_PATH, part.size(), as_bytes(part));
    }
    if (settings_.exchange == Exchange::silent) {
      coap_add_option(pdu, kNoResponseOption, 1, &kNoResponse);
    }
    coap_add_data(pdu, body.size(), as_bytes(body));
    answered_ = false;
    if (coap_send(session_, pdu) == COAP_INVALID_MID) give_up("libcoap does not send");
    if (confirmable) {
      run_until(answered_, "nobody acknowledges what libcoap sends");
    } else if (settings_.exchange == Exchange::answered) {
      run_for(std::chrono::seconds(2), answered_);  // it may be lost: then nobody cares
    } else {
      (void)coap_io_process(context_, COAP_IO_NO_WAIT);
    }
  }

  void disconnect() override {
    if (context_ == nullptr) return;
    coap_session_release(session_);
    coap_free_context(context_);
    context_ = nullptr;
  }

 private:
  static Coap& self_of(const coap_session_t* session) {
    return *static_cast<Coap*>(coap_get_app_data(coap_session_get_context(session)));
  }
  static int on_event(coap_session_t* session, coap_event_t event) {
    if (event == COAP_EVENT_DTLS_CONNECTED) self_of(session).established_ = true;
    return 0;
  }
  static coap_response_t on_response(coap_session_t* session, const coap_pdu_t*,
                                     const coap_pdu_t* received, coap_mid_t) {
    const auto code = coap_pdu_get_code(received);
    if (COAP_RESPONSE_CLASS(code) != 2) give_up("the CoAP server refuses a reading");
    self_of(session).answered_ = true;
    return COAP_RESPONSE_OK;
  }
  static void on_nack(coap_session_t*, const coap_pdu_t*, coap_nack_reason_t, coap_mid_t) {
    give_up("libcoap gives a reading up");
  }

  void run_for(std::chrono::milliseconds bound, const bool& condition) {
    const auto end = std::chrono::steady_clock::now() + bound;
    while (!condition && std::chrono::steady_clock::now() < end) {
      if (coap_io_process(context_, 20) < 0) give_up("libcoap fails");
    }
  }
  void run_until(const bool& condition, const char* otherwise) {
    run_for(kExchangeBound, condition);
    if (!condition) give_up(otherwise);
  }

  CoapSettings settings_;
  std::uint16_t port_;
  Drive drive_;
  coap_context_t* context_ = nullptr;
  coap_session_t* session_ = nullptr;
  bool established_ = false;
  bool answered_ = false;
};

}  // namespace

bool has_libcoap() {
  return true;
}

std::unique_ptr<Way> coap_way(const Stage& stage, const CoapSettings& settings) {
  return std::make_unique<Coap>(stage, settings);
}

}  // namespace holdfast::bench::wire
