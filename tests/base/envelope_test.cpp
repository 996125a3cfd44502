// SPDX-License-Identifier: MIT
// Goal: signed envelopes and peer records follow libp2p RFC 0002 and 0003, byte for byte beside an
// independent encoder, and no change to one passes.
#include "base/envelope.hpp"

#include "base/rng.hpp"
#include "base/wire.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft {
namespace {

using test::hex;
using test::hex_array;

// Made by an independent encoder from the Ed25519 key of the libp2p peer-ids specification.
constexpr const char* record_envelope
    = "0a24080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e120203011a47"
      "0a260024080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e1087ad4b"
      "1a0d0a0b040102030491020fa1cd031a0a0a08047f0000010610e12a40d307d56d8d91695e3958d86369d607"
      "773ad558c233860339d01d04d966c01d03488129ccf9cc4ee32bede2ec48c9ed997046974a002bf76ad735f1"
      "ddfa538c05";

crypto::ed25519_private_key key() {
  return crypto::ed25519_private_key::from_seed(
      hex_array<32>("7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d"));
}

std::vector<multiaddr> addresses() {
  return {multiaddr::parse("/ip4/1.2.3.4/udp/4001/quic-v1").value(),
          multiaddr::parse("/ip4/127.0.0.1/tcp/4321").value()};
}

TEST(peer_record, matches_an_independent_encoder) {
  EXPECT_EQ(to_hex(seal_peer_record(key(), 1234567, addresses())), record_envelope);
  const auto record = open_peer_record(hex(record_envelope));
  ASSERT_TRUE(record) << to_string(record.error());
  EXPECT_EQ(record->id, key().id());
  EXPECT_EQ(record->sequence, 1234567U);
  EXPECT_EQ(record->addresses, addresses());
  EXPECT_EQ(record->addresses_skipped, 0U);
}

TEST(peer_record, no_changed_or_cut_envelope_passes) {
  const auto whole = hex(record_envelope);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    auto changed = whole;
    changed[i] = static_cast<std::uint8_t>(changed[i] ^ 0x01);
    EXPECT_FALSE(open_peer_record(changed)) << "byte " << i;
    EXPECT_FALSE(open_peer_record(bytes_view{whole}.first(i))) << "cut at " << i;
  }
}

TEST(peer_record, is_about_its_signer) {
  const auto other = crypto::ed25519_private_key::generate();
  const auto envelope = seal_envelope(other, peer_record_domain, peer_record_type,
                                      encode_peer_record({key().id(), 1, {}, 0}));
  EXPECT_EQ(open_peer_record(envelope).error(), ec::wrong_peer);
}

TEST(peer_record, skips_addresses_it_does_not_know) {
  byte_buffer payload;
  const auto id = key().id();
  wire_writer{payload}.u8(0x0a).length_prefixed(id.bytes());
  const auto known = addresses()[0];
  byte_buffer info;
  wire_writer{info}.u8(0x0a).length_prefixed(known.bytes());
  wire_writer{payload}.u8(0x1a).length_prefixed(hex("0a02cf0f"));  // unknown protocol code
  wire_writer{payload}.u8(0x1a).length_prefixed(hex("0a00"));      // no address
  wire_writer{payload}.u8(0x1a).length_prefixed(info);
  wire_writer{payload}.u8(0x1a).length_prefixed(hex("1001"));  // another field alone
  const auto record = decode_peer_record(payload);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->addresses, std::vector{known});
  EXPECT_EQ(record->addresses_skipped, 2U);
}

TEST(peer_record, bounds_its_addresses) {
  peer_record record{key().id(), 9, {}, 0};
  for (std::size_t i = 0; i < peer_record_addresses_max; ++i)
    record.addresses.push_back(addresses()[0]);
  EXPECT_EQ(decode_peer_record(encode_peer_record(record))->addresses.size(),
            peer_record_addresses_max);
  record.addresses.push_back(addresses()[1]);
  EXPECT_EQ(decode_peer_record(encode_peer_record(record)).error(), ec::oversized);
  // Many addresses inside one AddressInfo, and broken ones, count as well.
  byte_buffer payload, info;
  wire_writer{payload}.u8(0x0a).length_prefixed(record.id.bytes());
  for (std::size_t i = 0; i <= peer_record_addresses_max; ++i)
    wire_writer{info}.u8(0x0a).length_prefixed({});
  wire_writer{payload}.u8(0x1a).length_prefixed(info);
  EXPECT_EQ(decode_peer_record(payload).error(), ec::oversized);
}

TEST(peer_record, refuses_broken_payloads) {
  EXPECT_EQ(decode_peer_record({}).error(), ec::malformed) << "no peer id";
  EXPECT_EQ(decode_peer_record(hex("1001")).error(), ec::malformed);
  EXPECT_EQ(decode_peer_record(hex("0a05")).error(), ec::malformed);
  EXPECT_EQ(decode_peer_record(hex("0a021101")).error(), ec::truncated);
  EXPECT_EQ(decode_peer_record(hex("10ffffffffffffffffffff")).error(), ec::malformed);
  EXPECT_EQ(decode_peer_record(hex("0b")).error(), ec::malformed) << "a group";
}

TEST(envelope, binds_domain_and_payload_type) {
  const auto payload = as_bytes("payload");
  const auto type = hex("0302");
  const auto envelope = seal_envelope(key(), "weft-test", type, payload);
  const auto opened = open_envelope(envelope, "weft-test", type);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->signer, key().id());
  EXPECT_EQ(as_text(opened->payload), "payload");
  EXPECT_EQ(to_hex(opened->payload_type), "0302");
  EXPECT_EQ(open_envelope(envelope, "weft-tess", type).error(), ec::bad_signature);
  EXPECT_EQ(open_envelope(envelope, "", type).error(), ec::bad_signature);
  EXPECT_EQ(open_envelope(envelope, "weft-test", hex("0301")).error(), ec::unsupported);
  EXPECT_EQ(open_peer_record(envelope).error(), ec::unsupported);
}

TEST(envelope, refuses_missing_fields_and_oversize) {
  EXPECT_EQ(open_envelope({}, "d", {}).error(), ec::malformed);
  EXPECT_EQ(open_envelope(hex("0a0108"), "d", {}).error(), ec::malformed);
  EXPECT_EQ(open_envelope(hex("0aff"), "d", {}).error(), ec::malformed);
  EXPECT_EQ(open_envelope(byte_buffer(envelope_bytes_max + 1), "d", {}).error(), ec::oversized);
  // A key type nobody knows.
  EXPECT_EQ(open_envelope(hex("0a050804120100"
                              "2a0100"),
                          "d", {})
                .error(),
            ec::unsupported);
}

TEST(envelope, ignores_unknown_fields) {
  auto envelope = hex(record_envelope);
  append(envelope, hex("3001"));      // field 6, varint
  append(envelope, hex("3a02abcd"));  // field 7, bytes
  EXPECT_TRUE(open_peer_record(envelope));
}

TEST(envelope, survives_random_bytes) {
  rng random{21};
  for (int i = 0; i < 5000; ++i) {
    byte_buffer bytes(random.below(120));
    for (auto& byte : bytes)
      byte = static_cast<std::uint8_t>(random.below(3) == 0 ? 0x0a : random.next());
    EXPECT_FALSE(open_peer_record(bytes));
  }
}

}  // namespace
}  // namespace weft
