// SPDX-License-Identifier: MIT
#include "dht/message.hpp"

#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace weft;
using namespace weft::dht;
using weft::test::hex;

peer_id peer(std::uint8_t n) {
  ed25519_public_key key{};
  key.fill(n);
  return peer_id::from_ed25519(key);
}

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

const std::string id_one = "002408011220" + repeat("01", 32);

/// Decodes bytes that outlive the message: its views point into them.
result<void> read(std::string_view text, const dht_config& config, message& into) {
  static byte_buffer kept;
  kept = hex(text);
  return decode(kept, config, into);
}

multiaddr address(std::string_view text) { return *multiaddr::parse(text); }

// Goal: the bytes other implementations write are read, field by field. The vectors are written by
// hand from the protobuf of the specification.
TEST(dht_message, reads_hand_made_bytes) {
  const dht_config config;
  message m;
  // type FIND_NODE, key "abc", clusterLevelRaw 1 (obsolete)
  ASSERT_TRUE(
      read("0804"
           "1203616263"
           "5001",
           config, m));
  EXPECT_EQ(m.type, message_type::find_node);
  EXPECT_EQ(as_text(m.key), "abc");
  EXPECT_FALSE(m.record);

  // PUT_VALUE leaves its type out; Record{key "k", value "vv", time "t", publisher, ttl 300}
  ASSERT_TRUE(
      read("12016b"
           "1a12"
           "0a016b"
           "12027676"
           "2a0174"
           "d22901aa"
           "c830ac02",
           config, m));
  EXPECT_EQ(m.type, message_type::put_value);
  ASSERT_TRUE(m.record);
  EXPECT_EQ(as_text(m.record->key), "k");
  EXPECT_EQ(as_text(m.record->value), "vv");
  EXPECT_EQ(m.record->ttl_seconds, 300u);

  // closerPeers{id, addrs /ip4/1.2.3.4/udp/5/quic-v1, connection CONNECTED}
  const std::string at
      = "0401020304"
        "91020005"
        "cd03";
  ASSERT_TRUE(
      read("0804"
           "4235"
           "0a26"
               + id_one + "120b" + at,
           config, m))
      << "the connection is missing here";
  ASSERT_EQ(m.closer.size(), 1u);
  EXPECT_EQ(m.closer[0].id, peer(1));
  ASSERT_EQ(m.read_addresses(m.closer[0], 8).size(), 1u);
  EXPECT_EQ(m.read_addresses(m.closer[0], 8)[0].to_string(), "/ip4/1.2.3.4/udp/5/quic-v1");
  ASSERT_TRUE(
      read("0803"
           "4a2a"
           "0a26"
               + id_one + "1801",
           config, m));
  ASSERT_EQ(m.providers.size(), 1u);
  EXPECT_EQ(m.providers[0].connection, connection_kind::connected);
  EXPECT_TRUE(m.closer.empty()) << "nothing is left of the message before";
}

// Goal: what is written is the deterministic form, byte for byte.
TEST(dht_message, writes_the_specified_bytes) {
  const auto bytes = [](const message_writer& w) {
    const auto body = w.finish();
    return to_hex(body.bytes());
  };
  EXPECT_EQ(bytes(message_writer(message_type::find_node, as_bytes("abc"))),
            "0804"
            "1203616263");
  EXPECT_EQ(bytes(message_writer(message_type::put_value, as_bytes("k"))), "12016b");
  message_writer w(message_type::get_providers, as_bytes("k"));
  const std::vector<multiaddr> at{address("/ip4/1.2.3.4/udp/5/quic-v1")};
  EXPECT_TRUE(w.closer(peer(1), at, connection_kind::can_connect, 4096));
  EXPECT_TRUE(w.provider(peer(1), {}, connection_kind::none, 4096));
  EXPECT_EQ(bytes(w), "0803" "12016b" "4237" "0a26" + id_one + "120b" "0401020304" "91020005" "cd03"
                          + "1802" + "4a28" "0a26" + id_one);
}

// Goal: a record comes back as it was, with the time in the form go and js parse.
TEST(dht_message, carries_a_record) {
  const dht_config config;
  const wall_time when{std::chrono::seconds(1'764'088'416) + std::chrono::nanoseconds(120)};
  EXPECT_EQ(format_time(when), "2025-11-25T16:33:36.000000120Z");
  EXPECT_EQ(format_time({}), "1970-01-01T00:00:00.000000000Z");
  message_writer w(message_type::get_value, as_bytes("key"));
  w.record(as_bytes("key"), as_bytes("value"), when);
  const auto body = w.finish();
  message m;
  ASSERT_TRUE(decode(body, config, m));
  ASSERT_TRUE(m.record);
  EXPECT_EQ(as_text(m.record->key), "key");
  EXPECT_EQ(as_text(m.record->value), "value");
  EXPECT_NE(as_text(body.bytes()).find("2025-11-25T16:33:36.000000120Z"), std::string_view::npos);
}

// Goal: every limit of the format is kept, and what is left out is counted.
TEST(dht_message, keeps_its_limits) {
  dht_config config;
  config.k = config.beta = 2;
  config.providers_per_message_max = 1;
  config.addresses_per_peer_max = 3;
  config.key_bytes_max = 64;
  config.record_bytes_max = 1024;
  config.message_bytes_max = 4096;
  ASSERT_TRUE(config.validate());

  message_writer w(message_type::get_providers, as_bytes("k"));
  const std::vector<multiaddr> five(5, address("/ip4/1.2.3.4/udp/5/quic-v1"));
  for (std::uint8_t i = 1; i <= 5; ++i) w.closer(peer(i), five, connection_kind::none, 65536);
  for (std::uint8_t i = 1; i <= 3; ++i) w.provider(peer(i), {}, connection_kind::none, 65536);
  message m;
  const auto body = w.finish();
  ASSERT_TRUE(decode(body, config, m));
  EXPECT_EQ(m.closer.size(), 2u);
  EXPECT_EQ(m.surplus_peers, 3u);
  EXPECT_EQ(m.providers.size(), 1u);
  EXPECT_EQ(m.surplus_providers, 2u);
  EXPECT_EQ(m.closer[0].address_count, 3u);
  EXPECT_EQ(m.surplus_addresses, 4u);
  EXPECT_EQ(m.read_addresses(m.closer[1], 2).size(), 2u);

  const std::string long_key(65, 'k');
  EXPECT_EQ(decode(message_writer(message_type::find_node, as_bytes(long_key)).finish(), config, m)
                .error(),
            ec::oversized);
  message_writer large(message_type::put_value, as_bytes("k"));
  large.record(as_bytes("k"), byte_buffer(1025), {});
  EXPECT_EQ(decode(large.finish(), config, m).error(), ec::oversized);
  EXPECT_EQ(decode(byte_buffer(4097), config, m).error(), ec::oversized);
}

// Goal: the writer keeps to the length it is given: first addresses go, then peers.
TEST(dht_message, leaves_out_what_does_not_fit) {
  const std::vector<multiaddr> many(20, address("/ip4/1.2.3.4/udp/5/quic-v1"));
  message_writer w(message_type::find_node, as_bytes("k"));
  std::size_t fitted = 0;
  while (w.closer(peer(1), many, connection_kind::connected, 1000)) ++fitted;
  EXPECT_LE(w.size(), 1000u);
  EXPECT_GT(fitted, 2u);
  const dht_config config;
  message m;
  const auto body = w.finish();
  ASSERT_TRUE(decode(body, config, m));
  ASSERT_EQ(m.closer.size(), fitted);
  EXPECT_LT(m.closer[fitted - 1].address_count, m.closer[0].address_count);
}

// Goal: broken input is an error, never more.
TEST(dht_message, refuses_broken_bytes) {
  const dht_config config;
  message m;
  EXPECT_EQ(read("1205616263", config, m).error(), ec::malformed) << "cut";
  EXPECT_EQ(read("0806", config, m).error(), ec::unsupported) << "no such type";
  EXPECT_EQ(read("08ffffffffffffffffffff", config, m).error(), ec::malformed);
  EXPECT_EQ(read("1a020a05", config, m).error(), ec::malformed) << "cut inside the record";
  EXPECT_EQ(read("4203"
                 "0a0500",
                 config, m)
                .error(),
            ec::malformed)
      << "inside the peer";
  // An id that is no multihash costs the peer, not the message; so does one without an id.
  ASSERT_TRUE(
      read("0804"
           "4204"
           "0a021234"
           "4200",
           config, m));
  EXPECT_TRUE(m.closer.empty());
  EXPECT_EQ(m.bad_peers, 2u);
  // An address that is none costs the address.
  ASSERT_TRUE(
      read("0804"
           "422b"
           "0a26"
               + id_one + "1201ff",
           config, m));
  ASSERT_EQ(m.closer.size(), 1u);
  EXPECT_TRUE(m.read_addresses(m.closer[0], 8).empty());
  // An unknown connection is none at all.
  ASSERT_TRUE(
      read("0804"
           "422a"
           "0a26"
               + id_one + "1809",
           config, m));
  EXPECT_EQ(m.closer[0].connection, connection_kind::none);
  for (std::size_t cut = 0; cut < id_one.size() / 2; ++cut) {
    const auto whole = hex(
        "0804"
        "4228"
        "0a26"
        + id_one);
    (void)decode(bytes_view(whole).first(cut), config, m);
  }
}

}  // namespace
