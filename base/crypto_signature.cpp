// SPDX-License-Identifier: MIT
#include "base/crypto.hpp"
#include "base/libp2p_key.hpp"

#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/exceptn.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <botan/x509_key.h>

#include <algorithm>
#include <memory>
#include <string>

namespace weft::crypto {

namespace {

constexpr std::size_t rsa_bits_min = 2048;
constexpr std::size_t rsa_bits_max = 8192;
/// Verification costs as many multiplications as the exponent has bits, and a peer chooses it.
constexpr std::size_t rsa_exponent_bits_max = 32;

result<void> check_signature(const Botan::Public_Key& key, const char* padding,
                             Botan::Signature_Format format, bytes_view message,
                             bytes_view signature) {
  try {
    Botan::PK_Verifier verifier{key, padding, format};
    if (verifier.verify_message(message, signature)) return {};
  } catch (const Botan::Exception& e) {
    return fail(ec::bad_signature, e.what());
  }
  return fail(ec::bad_signature);
}

result<std::unique_ptr<Botan::Public_Key>> load_subject_public_key_info(bytes_view der) {
  try {
    return Botan::X509::load_key(der);
  } catch (const std::exception& e) {
    return fail(ec::bad_key, e.what());
  }
}

result<void> verify_rsa(bytes_view der, bytes_view message, bytes_view signature) {
  WEFT_TRY(const auto key, load_subject_public_key_info(der));
  const auto* rsa = dynamic_cast<const Botan::RSA_PublicKey*>(key.get());
  if (!rsa) return fail(ec::bad_key, "not an RSA key");
  if (key->key_length() < rsa_bits_min || key->key_length() > rsa_bits_max)
    return fail(ec::bad_key, "an RSA key has 2048 to 8192 bits");
  if (rsa->get_e().bits() > rsa_exponent_bits_max)
    return fail(ec::bad_key, "an RSA exponent has at most 32 bits");
  return check_signature(*key, "PKCS1v15(SHA-256)", Botan::Signature_Format::Standard, message,
                         signature);
}

result<void> verify_ecdsa(bytes_view der, bytes_view message, bytes_view signature) {
  WEFT_TRY(const auto key, load_subject_public_key_info(der));
  const auto* ecdsa = dynamic_cast<const Botan::ECDSA_PublicKey*>(key.get());
  if (!ecdsa) return fail(ec::bad_key, "not an ECDSA key");
  const Botan::EC_Group& group = ecdsa->domain();
  static const auto p256 = Botan::EC_Group::from_name("secp256r1");
  static const auto p384 = Botan::EC_Group::from_name("secp384r1");
  if (group.used_explicit_encoding() || !(group == p256 || group == p384))
    return fail(ec::unsupported, "ECDSA keys are on P-256 or P-384");
  return check_signature(*key, "SHA-256", Botan::Signature_Format::DerSequence, message, signature);
}

result<void> verify_secp256k1(bytes_view point, bytes_view message, bytes_view signature) {
  if (point.size() != 33) return fail(ec::bad_key, "a secp256k1 key is a compressed point");
  try {
    static const auto group = Botan::EC_Group::from_name("secp256k1");
    const auto affine = Botan::EC_AffinePoint::deserialize(group, point);
    if (!affine || affine->is_identity()) return fail(ec::bad_key, "not a point of secp256k1");
    const Botan::ECDSA_PublicKey key{group, *affine};
    return check_signature(key, "SHA-256", Botan::Signature_Format::DerSequence, message,
                           signature);
  } catch (const Botan::Exception& e) {
    return fail(ec::bad_key, e.what());
  }
}

}  // namespace

result<void> verify_with_libp2p_key(bytes_view public_key_protobuf, bytes_view message,
                                    bytes_view signature) {
  WEFT_TRY(const auto key, read_libp2p_public_key(public_key_protobuf));
  switch (key.type) {
    case libp2p_key_type::rsa:
      return verify_rsa(key.data, message, signature);
    case libp2p_key_type::ecdsa:
      return verify_ecdsa(key.data, message, signature);
    case libp2p_key_type::secp256k1:
      return verify_secp256k1(key.data, message, signature);
    case libp2p_key_type::ed25519:
      break;
  }
  ed25519_public_key raw;
  if (key.data.size() != raw.size()) return fail(ec::bad_key, "an Ed25519 key has 32 bytes");
  std::copy(key.data.begin(), key.data.end(), raw.begin());
  return ed25519_verify(raw, message, signature);
}

}  // namespace weft::crypto
