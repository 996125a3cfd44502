// SPDX-License-Identifier: MIT
#include "base/crypto.hpp"

#include "base/assert.hpp"

#include <botan/exceptn.h>
#include <botan/hash.h>
#include <botan/mac.h>
#include <botan/mem_ops.h>
#include <botan/pwdhash.h>
#include <botan/system_rng.h>

#include <algorithm>

namespace weft::crypto {

namespace {

// Looking an algorithm up by name costs more than hashing a short input: one object per thread.
Botan::HashFunction& sha256_object() {
  thread_local const auto object = Botan::HashFunction::create_or_throw("SHA-256");
  return *object;
}

Botan::HashFunction& sha512_object() {
  thread_local const auto object = Botan::HashFunction::create_or_throw("SHA-512");
  return *object;
}

Botan::MessageAuthenticationCode& hmac_object() {
  thread_local const auto object
      = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  return *object;
}

}  // namespace

sha256_digest sha256(bytes_view data) {
  sha256_digest digest;
  auto& hash = sha256_object();
  hash.update(data);
  hash.final(digest);
  return digest;
}

std::array<std::uint8_t, 64> sha512(bytes_view data) {
  std::array<std::uint8_t, 64> digest{};
  auto& hash = sha512_object();
  hash.update(data);
  hash.final(digest);
  return digest;
}

sha256_digest hmac_sha256(bytes_view key, bytes_view data) {
  sha256_digest digest;
  auto& mac = hmac_object();
  // RFC 2104 section 2; Botan limits the length of keys it takes.
  constexpr std::size_t block_bytes = 64;
  if (key.size() > block_bytes) {
    mac.set_key(sha256(key));
  } else {
    mac.set_key(key);
  }
  mac.update(data);
  mac.final(digest);
  mac.clear();
  return digest;
}

sha256_digest hkdf_extract(bytes_view salt, bytes_view input_key) {
  // An absent salt is a string of zeros, which HMAC pads an empty key to anyway (RFC 5869
  // section 2.2).
  return hmac_sha256(salt, input_key);
}

void hkdf_expand(bytes_view pseudo_random_key, bytes_view info, bytes_span out) {
  WEFT_ASSERT(out.size() <= 255 * sizeof(sha256_digest), "HKDF gives at most 255 blocks");
  auto& mac = hmac_object();
  mac.set_key(pseudo_random_key);
  sha256_digest block{};
  std::uint8_t counter = 0;
  for (std::size_t written = 0; written < out.size();) {
    if (counter > 0) mac.update(block);
    mac.update(info);
    mac.update(++counter);
    mac.final(block);
    const std::size_t count = std::min(block.size(), out.size() - written);
    std::copy_n(block.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(written));
    written += count;
  }
  mac.clear();
  wipe(block);
}

void random_bytes(bytes_span out) { Botan::system_rng().randomize(out); }

bool equal_constant_time(bytes_view a, bytes_view b) noexcept {
  return Botan::constant_time_compare(a, b);
}

void wipe(bytes_span secret) noexcept {
  if (!secret.empty()) Botan::secure_scrub_memory(secret.data(), secret.size());
}

result<void> argon2id(std::string_view password, bytes_view salt, std::uint32_t memory_kib,
                      std::uint32_t passes, bytes_span out) {
  if (memory_kib < argon2_memory_kib_min || memory_kib > argon2_memory_kib_max)
    return fail(ec::bad_argument, "Argon2id takes 8 KiB to 2 GiB of memory");
  if (passes == 0 || passes > argon2_passes_max)
    return fail(ec::bad_argument, "Argon2id takes 1 to 64 passes");
  if (salt.size() < argon2_salt_min || out.size() < 4)
    return fail(ec::bad_argument, "Argon2id needs 8 bytes of salt and gives at least 4");
  try {
    const auto family = Botan::PasswordHashFamily::create_or_throw("Argon2id");
    const auto hash = family->from_params(memory_kib, passes, 1);
    hash->derive_key(out.data(), out.size(), password.data(), password.size(), salt.data(),
                     salt.size());
  } catch (const std::bad_alloc&) {
    return fail(ec::limit, "not enough memory for the key derivation");
  } catch (const Botan::Exception& e) {
    return fail(ec::crypto, e.what());
  }
  return {};
}

}  // namespace weft::crypto
