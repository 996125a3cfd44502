// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>

namespace weft {

class wire_reader;

/// Codes of https://github.com/multiformats/multicodec that peer ids and records use.
namespace multicodec {
inline constexpr std::uint64_t identity = 0x00;
inline constexpr std::uint64_t cid_v1 = 0x01;
inline constexpr std::uint64_t sha2_256 = 0x12;
inline constexpr std::uint64_t dag_pb = 0x70;
inline constexpr std::uint64_t libp2p_key = 0x72;
}  // namespace multicodec

/// Longest digest accepted from text or wire.
inline constexpr std::size_t multihash_digest_max = 64;

/// `<code varint> <length varint> <digest>` (https://multiformats.io/multihash), a view into its
/// input.
struct multihash_view {
  std::uint64_t code = 0;
  bytes_view digest;
};

/// Reads one multihash. ec::truncated, ec::bad_varint, ec::oversized; ec::malformed for a SHA-256
/// digest that is not 32 bytes long.
result<multihash_view> read_multihash(wire_reader& in);
/// Appends the binary form.
void write_multihash(byte_buffer& out, std::uint64_t code, bytes_view digest);

}  // namespace weft
