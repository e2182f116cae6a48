#include "channel/pkcs11_token.hpp"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#ifdef HAVE_PKCS11
#include <wolfssl/wolfcrypt/wc_pkcs11.h>
#endif

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/error.hpp>

#include "channel/pem.hpp"

namespace holdfast::channel {

#ifdef HAVE_PKCS11

namespace {

constexpr const char* kField = "client_certificate.pkcs11";
// wolfCrypt keeps eight callbacks, and an app may have its own.
constexpr std::size_t kMaxTokens = 4;
constexpr int kFirstDeviceId = 0x486F6C64;  // "Hold", out of the way of an app's own numbers

// The PIN without the line's end that an editor leaves.
std::string read_pin_text(const Pkcs11& options) {
  if (options.pin_file.empty()) return options.pin;
  auto text = read_text_file(options.pin_file);
  if (!text) {
    throw ConfigError(std::string(kField) + ".pin_file", options.pin_file.string(),
                      "the file cannot be read; check its path and mode");
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  return std::move(*text);
}

// wolfCrypt's own search (5.5) takes the number of a slot in the list for its identifier, and any
// label that begins alike for the right one.
std::optional<int> find_slot(const CK_FUNCTION_LIST& functions, const std::string& label) {
  CK_ULONG count = 0;
  if (functions.C_GetSlotList(CK_TRUE, nullptr, &count) != CKR_OK) return std::nullopt;
  std::vector<CK_SLOT_ID> slots(count);
  if (functions.C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) return std::nullopt;
  slots.resize(std::min<std::size_t>(slots.size(), count));
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO about{};
    if (functions.C_GetTokenInfo(slot, &about) != CKR_OK) continue;
    // 32 characters, filled up with spaces.
    std::string found(reinterpret_cast<const char*>(about.label), sizeof about.label);
    found.erase(found.find_last_not_of(' ') + 1);
    if (found == label && slot <= static_cast<CK_SLOT_ID>(std::numeric_limits<int>::max())) {
      return static_cast<int>(slot);
    }
  }
  return std::nullopt;
}

class Token {
 public:
  Token(Pkcs11Dev& module, const Pkcs11& options, int device_id)
      : pin_(read_pin_text(options)), device_id_(device_id) {
    const std::string& name = options.token;
    const auto slot = find_slot(*module.func, name);
    if (!slot || wc_Pkcs11Token_Init(&token_, &module, *slot, nullptr,
                                     reinterpret_cast<const unsigned char*>(pin_.data()),
                                     static_cast<int>(pin_.size())) != 0) {
      throw ConfigError(std::string(kField) + ".token", name,
                        "the module has no token with this label; list them with pkcs11-tool -L");
    }
    if (wc_Pkcs11Token_Open(&token_, 0) != 0) {
      wc_Pkcs11Token_Final(&token_);
      throw ConfigError(std::string(kField) + ".token", name,
                        "the token does not open; check its PIN and that it is not locked");
    }
    if (wc_CryptoCb_RegisterDevice(device_id_, answer, this) != 0) {
      throw ConfigError(std::string(kField) + ".token", name,
                        "wolfCrypt takes no further callback; use fewer tokens in one process");
    }
  }

  int device_id() const { return device_id_; }

 private:
  static int answer(int device_id, wc_CryptoInfo* info, void* self_pointer) {
    const bool is_signature =
        info->algo_type == WC_ALGO_TYPE_PK &&
        (info->pk.type == WC_PK_TYPE_ECDSA_SIGN || info->pk.type == WC_PK_TYPE_EC_CHECK_PRIV_KEY ||
         info->pk.type == WC_PK_TYPE_RSA_CHECK_PRIV_KEY ||
         (info->pk.type == WC_PK_TYPE_RSA && info->pk.rsa.type == RSA_PRIVATE_ENCRYPT));
    if (!is_signature) return CRYPTOCB_UNAVAILABLE;
    auto& self = *static_cast<Token*>(self_pointer);
    const std::lock_guard lock(self.mutex_);
    int result = wc_Pkcs11_CryptoDevCb(device_id, info, &self.token_);
    if (result == WC_HW_E) {  // it may have been pulled out and put back: that ends its sessions
      wc_Pkcs11Token_Close(&self.token_);
      if (wc_Pkcs11Token_Open(&self.token_, 0) == 0) {
        result = wc_Pkcs11_CryptoDevCb(device_id, info, &self.token_);
      }
    }
    return result;
  }

  std::mutex mutex_;
  std::string pin_;  // wolfCrypt keeps a pointer to it, for the next login
  int device_id_;
  Pkcs11Token token_{};
};

class Tokens {
 public:
  static Tokens& instance() {
    // Never destroyed: a module that is finalised at exit would pull it away from under others.
    static Tokens& tokens = *new Tokens;
    return tokens;
  }

  int open(const Pkcs11& options) {
    const std::lock_guard lock(mutex_);
    const auto key = std::pair(options.module.string(), options.token);
    if (const auto known = tokens_.find(key); known != tokens_.end()) {
      return known->second->device_id();
    }
    if (tokens_.size() == kMaxTokens) {
      throw ConfigError(std::string(kField) + ".token", options.token,
                        "one process uses at most " + std::to_string(kMaxTokens) + " tokens");
    }
    const int device_id = kFirstDeviceId + static_cast<int>(tokens_.size());
    auto token = std::make_unique<Token>(module(options.module.string()), options, device_id);
    tokens_.emplace(key, std::move(token));
    return device_id;
  }

 private:
  Pkcs11Dev& module(const std::string& path) {
    auto [entry, is_new] = modules_.try_emplace(path);
    if (is_new && wc_Pkcs11_Initialize(&entry->second, path.c_str(), nullptr) != 0) {
      modules_.erase(entry);
      throw ConfigError(std::string(kField) + ".module", path,
                        "no PKCS#11 module can be loaded from it, or it is in use by the app "
                        "already; give the whole path of the module's .so");
    }
    return entry->second;
  }

  std::mutex mutex_;
  std::map<std::string, Pkcs11Dev> modules_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Token>> tokens_;
};

}  // namespace

int open_pkcs11_token(const Pkcs11& options) {
  return Tokens::instance().open(options);
}

bool has_pkcs11() {
  return true;
}

#else

int open_pkcs11_token(const Pkcs11& options) {
  throw ConfigError("client_certificate.pkcs11.module", options.module.string(),
                    "the wolfSSL that this was built with has no PKCS#11; build it with "
                    "--enable-pkcs11, or use key_file");
}

bool has_pkcs11() {
  return false;
}

#endif

}  // namespace holdfast::channel
