// A token (a smart card, a TPM, a secure element) that signs for the device through PKCS#11. The
// private key never leaves it.
//
// Only signatures are asked of it. wolfCrypt's callback would hand it the checks of the broker's
// signatures, too, and whoever writes the module would then decide whom the device trusts.
//
// PKCS#11 knows one login per process and token, so the open tokens are shared by all devices of a
// process, and stay open until it ends.
//
// Threads: any.

#pragma once

#include <holdfast/options.hpp>

namespace holdfast::channel {

/// Opens the token, or finds it open. @return wolfCrypt's number of it (a devId).
/// @throws ConfigError naming what failed; the PIN is in no text.
int open_pkcs11_token(const Pkcs11& options);

/// Whether the linked wolfSSL can do this at all.
bool has_pkcs11();

}  // namespace holdfast::channel
