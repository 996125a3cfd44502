// SPDX-License-Identifier: MIT
#include "base/multihash.hpp"

#include "base/wire.hpp"

namespace weft {

result<multihash_view> read_multihash(wire_reader& in) {
  multihash_view hash;
  WEFT_TRY(hash.code, in.uvarint());
  WEFT_TRY(hash.digest, in.length_prefixed(multihash_digest_max));
  if (hash.code == multicodec::sha2_256 && hash.digest.size() != 32)
    return fail(ec::malformed, "a sha2-256 digest has 32 bytes");
  return hash;
}

void write_multihash(byte_buffer& out, std::uint64_t code, bytes_view digest) {
  wire_writer{out}.uvarint(code).length_prefixed(digest);
}

}  // namespace weft
