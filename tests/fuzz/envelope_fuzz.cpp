// SPDX-License-Identifier: MIT
// Invariants: an accepted peer record writes and reads back equal; an envelope is only accepted
// with a signer; a payload signed here is always opened.
#include "base/assert.hpp"
#include "base/envelope.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

const weft::crypto::ed25519_private_key& key() {
  static const auto made
      = weft::crypto::ed25519_private_key::from_seed(std::array<std::uint8_t, 32>{1, 2, 3});
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  const bytes_view input{data, size};
  if (const auto record = decode_peer_record(input)) {
    WEFT_ASSERT(record->addresses.size() + record->addresses_skipped <= peer_record_addresses_max,
                "the limit holds");
    const auto encoded = encode_peer_record(*record);
    const auto again = decode_peer_record(encoded);
    WEFT_ASSERT(again && again->id == record->id && again->sequence == record->sequence
                    && again->addresses == record->addresses && again->addresses_skipped == 0,
                "a record reads back");
    WEFT_ASSERT(encode_peer_record(*again) == encoded, "and writes the same bytes");
  }
  if (const auto record = open_peer_record(input))
    WEFT_ASSERT(!record->id.empty(), "a verified record has a signer");
  if (size < envelope_bytes_max / 2 && size % 16 == 0) {
    const auto sealed = seal_envelope(key(), peer_record_domain, peer_record_type, input);
    const auto opened = open_envelope(sealed, peer_record_domain, peer_record_type);
    WEFT_ASSERT(
        opened && opened->signer == key().id() && as_text(opened->payload) == as_text(input),
        "what was sealed opens");
  }
  return 0;
}
