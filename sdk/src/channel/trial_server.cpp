#include "channel/trial_server.hpp"

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>

#include "channel/key_reader.hpp"

namespace holdfast::channel {
namespace {

// Flights until both sides have finished: three, and some for a HelloRetryRequest.
constexpr int kMaxFlights = 8;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("the linked wolfSSL cannot ") + what);
}

struct Random {
  Random() { require(wc_InitRng(&rng) == 0, "make random numbers"); }
  ~Random() { wc_FreeRng(&rng); }
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  WC_RNG rng;
};

struct Key {
  explicit Key(Random& random) {
    require(wc_ecc_init(&key) == 0 && wc_ecc_make_key(&random.rng, 32, &key) == 0, "make a key");
  }
  ~Key() { wc_ecc_free(&key); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ecc_key key;
};

struct Material {
  std::vector<std::uint8_t> certificate;
  std::vector<std::uint8_t> key;
};

Material make_material() {
  Random random;
  Key key(random);
  Material made;
  made.key.resize(256);
  const int key_size =
      wc_EccKeyToDer(&key.key, made.key.data(), static_cast<word32>(made.key.size()));
  require(key_size > 0, "write a key");
  made.key.resize(static_cast<std::size_t>(key_size));

  Cert certificate;
  require(wc_InitCert(&certificate) == 0, "make a certificate");
  std::strncpy(certificate.subject.commonName, "trial", CTC_NAME_SIZE - 1);
  certificate.sigType = CTC_SHA256wECDSA;
  certificate.selfSigned = 1;
  made.certificate.resize(1024);
  const auto room = static_cast<word32>(made.certificate.size());
  require(wc_MakeCert_ex(&certificate, made.certificate.data(), room, ECC_TYPE, &key.key,
                         &random.rng) > 0,
          "make a certificate");
  const int size = wc_SignCert_ex(certificate.bodySz, certificate.sigType, made.certificate.data(),
                                  room, ECC_TYPE, &key.key, &random.rng);
  require(size > 0, "sign a certificate");
  made.certificate.resize(static_cast<std::size_t>(size));
  return made;
}

int accept_any_issuer(int, WOLFSSL_X509_STORE_CTX*) {
  return 1;  // only the proof of the key is of interest
}

}  // namespace

TrialServer::TrialServer(Demand demand)
    : context_(nullptr, wolfSSL_CTX_free), session_(nullptr, wolfSSL_free) {
  const Material material = make_material();
  const auto pin = read_pin(material.certificate);
  require(pin.has_value(), "read a certificate");
  pin_ = *pin;
  context_.reset(wolfSSL_CTX_new(wolfTLSv1_3_server_method()));
  require(context_ != nullptr, "be a TLS 1.3 server");
  require(wolfSSL_CTX_use_certificate_buffer(context_.get(), material.certificate.data(),
                                             static_cast<long>(material.certificate.size()),
                                             WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
              wolfSSL_CTX_use_PrivateKey_buffer(context_.get(), material.key.data(),
                                                static_cast<long>(material.key.size()),
                                                WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS,
          "take a certificate");
  if (demand != Demand::nothing) {
    const int must = demand == Demand::client_certificate ? WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    wolfSSL_CTX_set_verify(context_.get(), WOLFSSL_VERIFY_PEER | must, accept_any_issuer);
  }
  session_.reset(wolfSSL_new(context_.get()));
  require(session_ != nullptr, "make a session");
  wolfSSL_SSLSetIORecv(session_.get(), receive);
  wolfSSL_SSLSetIOSend(session_.get(), send);
  wolfSSL_SetIOReadCtx(session_.get(), this);
  wolfSSL_SetIOWriteCtx(session_.get(), this);
}

TrialServer::~TrialServer() = default;

int TrialServer::receive(WOLFSSL*, char* buffer, int size, void* self_pointer) {
  auto& self = *static_cast<TrialServer*>(self_pointer);
  const std::size_t count =
      std::min(self.input_.size() - self.input_read_, static_cast<std::size_t>(size));
  if (count == 0) return WOLFSSL_CBIO_ERR_WANT_READ;
  std::memcpy(buffer, self.input_.data() + self.input_read_, count);
  self.input_read_ += count;
  return static_cast<int>(count);
}

int TrialServer::send(WOLFSSL*, char* buffer, int size, void* self_pointer) {
  auto& self = *static_cast<TrialServer*>(self_pointer);
  try {
    self.output_.insert(self.output_.end(), buffer, buffer + size);
  } catch (...) {
    return WOLFSSL_CBIO_ERR_GENERAL;
  }
  return size;
}

TlsSession::Step TrialServer::talk_to(TlsSession& client, Failure& failure) {
  auto step = TlsSession::Step::need_input;
  for (int flight = 0; flight < kMaxFlights && !content_; ++flight) {
    if (step == TlsSession::Step::need_input) step = client.handshake(failure);
    const auto from_client = client.output();
    input_.insert(input_.end(), from_client.begin(), from_client.end());
    client.sent(from_client.size());
    if (step == TlsSession::Step::failed) break;
    const int result = wolfSSL_accept(session_.get());
    content_ = result == WOLFSSL_SUCCESS;
    if (!content_ && wolfSSL_get_error(session_.get(), result) != WOLFSSL_ERROR_WANT_READ) break;
    client.feed(output_);
    output_.clear();
  }
  free_thread_caches();
  return step;
}

}  // namespace holdfast::channel
