// SPDX-License-Identifier: MIT
#include "base/cid.hpp"

#include "base/encoding.hpp"
#include "base/multihash.hpp"
#include "base/wire.hpp"

namespace weft {

namespace {

result<byte_buffer> from_multibase(std::string_view text) {
  const std::string_view body = text.substr(1);
  switch (text.front()) {
    case 'b':
      return from_base32(body);
    case 'z':
      return from_base58(body);
    case 'f':
      return from_hex(body);
    default:
      return fail(ec::malformed, "a CID starts with Qm or a multibase prefix b, z or f");
  }
}

}  // namespace

result<cid> cid::parse(std::string_view text) {
  if (text.empty()) return fail(ec::malformed, "a CID is not empty");
  if (text.size() > text_max) return fail(ec::oversized, "a CID has at most 160 characters");
  cid out;
  if (text.starts_with("Qm")) {
    out.codec = multicodec::dag_pb;
    WEFT_TRY(out.multihash, from_base58(text));
  } else {
    WEFT_TRY(const auto bytes, from_multibase(text));
    wire_reader in{bytes};
    WEFT_TRY(const auto version, in.uvarint());
    if (version != multicodec::cid_v1) return fail(ec::malformed, "not a CID of version 1");
    WEFT_TRY(out.codec, in.uvarint());
    out.multihash = to_buffer(in.rest());
  }
  wire_reader in{out.multihash};
  WEFT_TRY_VOID(read_multihash(in));
  if (!in.at_end()) return fail(ec::malformed, "bytes after the hash");
  return out;
}

}  // namespace weft
