// SPDX-License-Identifier: MIT
// Identify: the fields of the specification byte by byte, round trips, sizes, hostile bodies.
#include "transport/identify.hpp"

#include "base/crypto.hpp"
#include "base/envelope.hpp"
#include "base/wire.hpp"
#include "tests/transport/transport_fixture.hpp"

namespace weft::transport {
namespace {

using testing::address;
using testing::host;
using testing::peer;

byte_buffer key_of(std::uint8_t n) {
  ed25519_public_key key{};
  key.fill(n);
  return crypto::ed25519_public_key_protobuf(key);
}

identify sample() {
  identify i;
  i.public_key = key_of(5);
  i.listen_addresses = {host(1), host(2)};
  i.protocols = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"};
  i.observed_address = host(9);
  i.protocol_version = "weft/0.1.0";
  i.agent_version = "weft/0.1.0/test";
  i.signed_peer_record = {1, 2, 3};
  return i;
}

TEST(identify, round_trip) {
  const identify in = sample();
  const auto out = identify::decode(in.encode(), peer(5));
  ASSERT_TRUE(out) << to_string(out.error());
  EXPECT_EQ(out->public_key, in.public_key);
  EXPECT_EQ(out->listen_addresses, in.listen_addresses);
  EXPECT_EQ(out->protocols, in.protocols);
  EXPECT_EQ(out->observed_address, in.observed_address);
  EXPECT_EQ(out->protocol_version, in.protocol_version);
  EXPECT_EQ(out->agent_version, in.agent_version);
  EXPECT_EQ(out->signed_peer_record, in.signed_peer_record);
}

TEST(identify, field_numbers_are_those_of_the_specification) {
  identify i;
  i.public_key = {0xaa};
  i.listen_addresses = {host(1)};
  i.protocols = {"/p"};
  i.observed_address = host(1);
  i.protocol_version = "v";
  i.agent_version = "a";
  i.signed_peer_record = {0xbb};
  const auto a = to_buffer(host(1).bytes());
  byte_buffer expected{0x0a, 1, 0xaa, 0x12, static_cast<std::uint8_t>(a.size())};
  append(expected, a);
  append(expected, byte_buffer{0x1a, 2, '/', 'p', 0x22, static_cast<std::uint8_t>(a.size())});
  append(expected, a);
  append(expected, byte_buffer{0x2a, 1, 'v', 0x32, 1, 'a', 0x42, 1, 0xbb});
  EXPECT_EQ(i.encode(), expected);
  byte_buffer framed{static_cast<std::uint8_t>(expected.size())};
  append(framed, expected);
  EXPECT_EQ(i.encode_framed(), framed);
}

TEST(identify, an_empty_message_is_legal) {
  const auto out = identify::decode({}, peer(5));
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->protocols.empty());
  EXPECT_FALSE(out->observed_address);
}

TEST(identify, the_key_must_be_the_peers) {
  EXPECT_EQ(identify::decode(sample().encode(), peer(6)).error(), ec::wrong_peer);
  identify bad = sample();
  bad.public_key = {1, 2, 3};
  EXPECT_EQ(identify::decode(bad.encode(), peer(5)).error(), ec::wrong_peer);
}

TEST(identify, own_messages_stay_below_the_limit_of_others) {
  identify i = sample();
  for (unsigned n = 0; n < 1000; ++n) i.listen_addresses.push_back(host(n % 200));
  const auto many_addresses = i.encode();
  EXPECT_LE(many_addresses.size(), identify::outbound_bytes_max);
  EXPECT_GT(many_addresses.size(), identify::outbound_bytes_max - 30);
  const auto back = identify::decode(many_addresses, peer(5));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->protocols, i.protocols) << "protocols go before addresses";
  for (unsigned n = 0; n < 1000; ++n) i.protocols.push_back("/protocol/" + std::to_string(n));
  EXPECT_LE(i.encode().size(), identify::outbound_bytes_max);
  i.protocols.clear();
  i.listen_addresses.clear();
  i.signed_peer_record.assign(identify::outbound_bytes_max, 7);
  EXPECT_LT(i.encode().size(), 200u) << "a record that does not fit is left out whole";
}

TEST(identify, unknown_fields_and_broken_addresses_are_skipped) {
  byte_buffer body{0x3a, 2,    'z',  'z',         // field 7, unknown
                   0x50, 0x96, 0x01,              // field 10, varint
                   0x12, 3,    0xff, 0xff, 0xff,  // broken listen address
                   0x22, 1,    0x77,              // broken observed address
                   0x10, 5,                       // listen address of the wrong wire type
                   0x1a, 0};                      // empty protocol
  append(body, sample().encode());
  const auto out = identify::decode(body, peer(5));
  ASSERT_TRUE(out) << to_string(out.error());
  EXPECT_EQ(out->listen_addresses.size(), 2u);
  EXPECT_EQ(out->protocols.size(), 2u);
  EXPECT_EQ(out->observed_address, host(9));
}

TEST(identify, texts_are_made_printable_and_cut) {
  identify i;
  i.agent_version = "evil\x1b[2J\n\xc3\xa4";
  i.protocol_version = std::string(1000, 'v');
  i.protocols = {"/a\x07"};
  const auto out = identify::decode(i.encode(), peer(1));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->agent_version, "evil?[2J???");
  EXPECT_EQ(out->protocol_version.size(), identify::version_bytes_max);
  EXPECT_EQ(out->protocols.at(0), "/a?");
}

TEST(identify, counts_are_bounded) {
  byte_buffer body;
  for (int i = 0; i < 1000; ++i) append(body, byte_buffer{0x1a, 2, '/', 'x'});
  EXPECT_EQ(identify::decode(body, peer(1))->protocols.size(), identify::protocols_max);
  body.clear();
  const auto a = to_buffer(host(1).bytes());
  for (int i = 0; i < 500; ++i) {
    body.push_back(0x12);
    wire_writer(body).length_prefixed(a);
  }
  EXPECT_EQ(identify::decode(body, peer(1))->listen_addresses.size(), identify::addresses_max);
}

TEST(identify, every_truncation_is_refused_or_a_shorter_message) {
  const auto body = sample().encode();
  std::size_t refused = 0;
  for (std::size_t size = 0; size < body.size(); ++size) {
    const auto out = identify::decode(bytes_view(body).first(size), peer(5));
    if (out) continue;
    EXPECT_EQ(out.error(), ec::malformed);
    ++refused;
  }
  EXPECT_GT(refused, body.size() / 2);
}

TEST(identify, hostile_bodies_are_refused) {
  const byte_buffer cases[] = {
      {0x0a},                                                              // no length
      {0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f},                                // far beyond the end
      {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},  // 2^64 - 1
      {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},  // varint without end
      {0x00, 0x00},                                                        // field 0
      {0x0b, 0x0c},                                                        // group
      {0x0d, 1, 2},                                                        // fixed32 cut short
  };
  for (const auto& c : cases) EXPECT_EQ(identify::decode(c, peer(5)).error(), ec::malformed);
  EXPECT_EQ(identify::decode(byte_buffer(identify::inbound_bytes_max + 1), peer(5)).error(),
            ec::oversized);
}

TEST(identify, certified_addresses_come_from_the_own_record) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(3);
  const auto key = crypto::ed25519_private_key::from_seed(seed);
  identify i;
  EXPECT_EQ(i.certified_addresses(key.id()).error(), ec::not_found);
  i.signed_peer_record = seal_peer_record(key, 1, {host(1), host(2)});
  const auto addresses = i.certified_addresses(key.id());
  ASSERT_TRUE(addresses) << to_string(addresses.error());
  EXPECT_EQ(*addresses, (std::vector{host(1), host(2)}));
  EXPECT_EQ(i.certified_addresses(peer(1)).error(), ec::wrong_peer);
  i.signed_peer_record.back() ^= 1;
  EXPECT_FALSE(i.certified_addresses(key.id()));
}

TEST(identify_reader, takes_one_message_at_every_split) {
  const auto framed = sample().encode_framed();
  for (std::size_t split = 0; split <= framed.size(); ++split) {
    identify_reader r;
    ASSERT_EQ(r.on_bytes(bytes_view(framed).first(split)), ec::none);
    if (split < framed.size()) {
      EXPECT_EQ(r.on_end(peer(5)).error(), split == 0 ? ec::closed : ec::truncated);
    }
    ASSERT_EQ(r.on_bytes(bytes_view(framed).subspan(split)), ec::none);
    const auto out = r.on_end(peer(5));
    ASSERT_TRUE(out) << split;
    EXPECT_EQ(out->protocols, sample().protocols);
  }
}

TEST(identify_reader, merges_chunked_messages) {
  identify first = sample();
  first.signed_peer_record.clear();
  identify second;
  second.signed_peer_record = {9, 9};
  identify_reader r;
  EXPECT_EQ(r.on_bytes(first.encode_framed()), ec::none);
  EXPECT_EQ(r.on_bytes(second.encode_framed()), ec::none);
  const auto out = r.on_end(peer(5));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->agent_version, first.agent_version);
  EXPECT_EQ(out->signed_peer_record, second.signed_peer_record);
}

TEST(identify_reader, is_bounded) {
  identify_reader announced;
  EXPECT_EQ(announced.on_bytes(byte_buffer{0x81, 0x40}), ec::oversized);
  identify_reader together;
  byte_buffer part{0x80, 0x20};  // 4096 bytes, three of them
  part.resize(2 + 4096, 0);
  EXPECT_EQ(together.on_bytes(part), ec::none);
  EXPECT_EQ(together.on_bytes(part), ec::none);
  EXPECT_EQ(together.on_bytes(part), ec::oversized);
  EXPECT_EQ(together.on_end(peer(5)).error(), ec::oversized);
  identify_reader many;
  EXPECT_EQ(many.on_bytes(byte_buffer(identify_reader::messages_max + 1, 0)), ec::limit);
  identify_reader bad;
  EXPECT_EQ(bad.on_bytes(byte_buffer{0x80, 0x00}), ec::bad_varint);
}

}  // namespace
}  // namespace weft::transport
