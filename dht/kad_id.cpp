// SPDX-License-Identifier: MIT
#include "dht/kad_id.hpp"

#include "base/crypto.hpp"

namespace weft::dht {

kad_id kad_id::of(bytes_view key) {
  const crypto::sha256_digest digest = crypto::sha256(key);
  kad_id out;
  for (std::size_t i = 0; i < digest.size(); ++i)
    out.word[i / 8] = out.word[i / 8] << 8 | digest[i];
  return out;
}

}  // namespace weft::dht
