// SPDX-License-Identifier: MIT
#include "base/password.hpp"

#include <botan/pwdhash.h>

#include <exception>

namespace weft::crypto {

result<void> argon2id(std::string_view passphrase, bytes_view salt, const argon2id_cost& cost,
                      bytes_span out) {
  if (cost.memory_kib > argon2id_cost::memory_kib_max || cost.passes > argon2id_cost::passes_max
      || cost.lanes > argon2id_cost::lanes_max)
    return fail(ec::oversized, "the Argon2id cost is above its limit");
  if (cost.lanes == 0 || cost.passes == 0 || cost.memory_kib < 8 * cost.lanes || salt.size() < 8)
    return fail(ec::malformed, "the Argon2id cost or salt is below the least");
  try {
    const auto family = Botan::PasswordHashFamily::create_or_throw("Argon2id");
    const auto hash = family->from_params(cost.memory_kib, cost.passes, cost.lanes);
    hash->derive_key(out.data(), out.size(), passphrase.data(), passphrase.size(), salt.data(),
                     salt.size());
  } catch (const std::exception& e) {
    return fail(ec::crypto, std::string("Argon2id: ") + e.what());
  }
  return {};
}

}  // namespace weft::crypto
