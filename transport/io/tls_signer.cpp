// SPDX-License-Identifier: MIT
#include "transport/io/tls_certificate.hpp"

#include <algorithm>
#include <string>
#include <utility>

/// GnuTLS's door to a signing key that is not its own: crypto::ed25519_private_key signs in half
/// the time.
namespace weft::transport::io {
namespace {

int sign_data(gnutls_privkey_t, gnutls_sign_algorithm_t algorithm, void* user, unsigned,
              const gnutls_datum_t* data, gnutls_datum_t* out) {
  if (algorithm != GNUTLS_SIGN_EDDSA_ED25519) return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
  const auto& key = *static_cast<const crypto::ed25519_private_key*>(user);
  const auto signature = key.sign(bytes_view(data->data, data->size));
  out->data = static_cast<unsigned char*>(gnutls_malloc(signature.size()));
  if (out->data == nullptr) return GNUTLS_E_MEMORY_ERROR;
  std::copy(signature.begin(), signature.end(), out->data);
  out->size = static_cast<unsigned>(signature.size());
  return 0;
}

int describe(gnutls_privkey_t, unsigned flags, void*) {
  if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0) return GNUTLS_PK_EDDSA_ED25519;
  if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0) return 256;
  if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0)
    return GNUTLS_FLAGS_TO_SIGN_ALGO(flags) == GNUTLS_SIGN_EDDSA_ED25519 ? 1 : 0;
  return -1;
}

void release(gnutls_privkey_t, void* user) {
  delete static_cast<const crypto::ed25519_private_key*>(user);
}

}  // namespace

result<tls_signer> make_tls_signer(crypto::ed25519_private_key key) {
  gnutls_privkey_t raw = nullptr;
  int rc = gnutls_privkey_init(&raw);
  if (rc < 0) return fail(ec::crypto, std::string("signer: ") + gnutls_strerror(rc));
  tls_signer signer(raw);
  auto owned = std::make_unique<crypto::ed25519_private_key>(std::move(key));
  rc = gnutls_privkey_import_ext4(raw, owned.get(), sign_data, nullptr, nullptr, release, describe,
                                  0);
  if (rc < 0) return fail(ec::crypto, std::string("signer: ") + gnutls_strerror(rc));
  // From here on `release` deletes it.
  [[maybe_unused]] const auto* held = owned.release();
  return signer;
}

}  // namespace weft::transport::io
