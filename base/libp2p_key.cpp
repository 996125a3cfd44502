// SPDX-License-Identifier: MIT
#include "base/libp2p_key.hpp"

#include "base/wire.hpp"

namespace weft {

namespace {

/// Field 1, varint; field 2, length-delimited.
constexpr std::uint8_t type_tag = 0x08;
constexpr std::uint8_t data_tag = 0x12;

}  // namespace

result<libp2p_public_key> read_libp2p_public_key(bytes_view protobuf) {
  if (protobuf.size() > libp2p_key_bytes_max) return fail(ec::oversized, "public key protobuf");
  wire_reader in{protobuf};
  WEFT_TRY(const auto first, in.u8());
  WEFT_TRY(const auto type, in.uvarint());
  WEFT_TRY(const auto second, in.u8());
  if (first != type_tag || second != data_tag)
    return fail(ec::malformed, "a public key protobuf has its type, then its data");
  libp2p_public_key key;
  WEFT_TRY(key.data, in.length_prefixed(libp2p_key_bytes_max));
  if (!in.at_end()) return fail(ec::malformed, "bytes after the public key");
  if (type > static_cast<std::uint64_t>(libp2p_key_type::ecdsa))
    return fail(ec::unsupported, "key type " + std::to_string(type));
  key.type = static_cast<libp2p_key_type>(type);
  return key;
}

byte_buffer write_libp2p_public_key(libp2p_key_type type, bytes_view data) {
  byte_buffer out;
  wire_writer{out}
      .u8(type_tag)
      .uvarint(static_cast<std::uint64_t>(type))
      .u8(data_tag)
      .length_prefixed(data);
  return out;
}

}  // namespace weft
