// SPDX-License-Identifier: MIT
#include "base/sodium.hpp"

#include "base/assert.hpp"

#include <sodium.h>

namespace weft::crypto {

void prepare_sodium() {
  static const int prepared = sodium_init();
  WEFT_ASSERT(prepared >= 0, "libsodium has no source of randomness");
}

}  // namespace weft::crypto
