// SPDX-License-Identifier: MIT
// Goal: multiaddrs turn from text to bytes and back as the specification and go-multiaddr's vectors
// say; hostile ones are refused with the right code; the QUIC helpers pick out exactly the
// addresses the transport can use.
#include "base/multiaddr.hpp"

#include "base/ip_address.hpp"
#include "base/multiaddr_protocols.hpp"
#include "base/rng.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace weft {
namespace {

using test::hex;

constexpr const char* peer_text = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

struct vector {
  const char* text;
  const char* bytes;
};
constexpr vector vectors[] = {
    {"/ip4/127.0.0.1/udp/1234", "047f000001910204d2"},
    {"/ip4/127.0.0.1/tcp/4321", "047f0000010610e1"},
    {"/ip4/127.0.0.1/udp/1234/ip4/127.0.0.1/tcp/4321", "047f000001910204d2047f0000010610e1"},
    {"/ip4/1.2.3.4/udp/4001/quic-v1",
     "04010203049102"
     "0fa1"
     "cd03"},
    {"/ip6/::1/udp/0/quic-v1",
     "2900000000000000000000000000000001"
     "91020000"
     "cd03"},
    {"/ip6zone/x/ip6/fe80::1", "2a017829fe800000000000000000000000000001"},
    {"/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
     "a503221220d52ebb89d85b02a284948203a62ff28389c57c9f42beec4ec20db76a68911c0b"},
    {"/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234",
     "bd03adadec040be047f9658668b11a504f3155001f231a37f54c4476c07fb4cc139ed7e30304d2"},
    {"/dnsaddr/example.com", "380b6578616d706c652e636f6d"},
    {"/ip4/1.2.3.4/tcp/80/ws",
     "04010203040600"
     "50"
     "dd03"},
    {"/dns4/a.b/tcp/443/tls/sni/a.b/ws",
     "3603612e62"
     "0601bb"
     "c003"
     "c10303612e62"
     "dd03"},
    {"/ip4/127.0.0.1/udp/1/quic-v1/webtransport/certhash/"
     "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g",
     "047f00000191020001cd03d103d203221220c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714ca"
     "ef0c4f2"},
    {"/p2p-circuit", "a202"},
};

TEST(multiaddr, matches_the_vectors) {
  for (const auto& v : vectors) {
    const auto address = multiaddr::parse(v.text);
    ASSERT_TRUE(address) << v.text << ": " << to_string(address.error());
    EXPECT_EQ(to_hex(address->bytes()), v.bytes) << v.text;
    EXPECT_EQ(address->to_string(), v.text);
    EXPECT_EQ(multiaddr::from_bytes(hex(v.bytes)).value(), *address);
  }
}

TEST(multiaddr, reads_ipfs_as_p2p) {
  EXPECT_EQ(multiaddr::parse(std::string{"/ipfs/"} + peer_text)->to_string(),
            std::string{"/p2p/"} + peer_text);
}

TEST(multiaddr, names_the_part_of_a_text_that_is_wrong) {
  const std::pair<const char*, const char*> broken[] = {
      {"", "slash"},
      {"ip4/1.2.3.4", "slash"},
      {"/", "slash"},
      {"/ip4/1.2.3.4/", "slash"},
      {"//ip4/1.2.3.4", "''"},
      {"/ip4", "/ip4"},
      {"/ip4/1.2.3", "1.2.3"},
      {"/ip4/1.2.3.256/udp/1", "1.2.3.256"},
      {"/ip4/1.2.3.04/udp/1", "1.2.3.04"},
      {"/ip4/1.2.3.4/udp/65536", "65536"},
      {"/ip4/1.2.3.4/udp/-1", "-1"},
      {"/ip4/1.2.3.4/udp/01", "01"},
      {"/ip4/1.2.3.4/udp/", "slash"},
      {"/ip4/1.2.3.4/sctpx/1", "sctpx"},
      {"/ip6/:::1/udp/1", ":::1"},
      {"/p2p/nobody", "nobody"},
      {"/dns/", "slash"},
      {"/dns//tcp/1", "/dns"},
      {"/onion3/abc:1", "abc:1"},
      {"/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:0", "port above 0"},
      {"/certhash/zabc", "zabc"},
  };
  for (const auto& [text, part] : broken) {
    const auto address = multiaddr::parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error(), ec::malformed) << text;
    EXPECT_NE(address.error().detail.find(part), std::string::npos) << address.error().detail;
  }
}

TEST(multiaddr, refuses_broken_bytes) {
  const std::pair<const char*, ec> broken[] = {
      {"", ec::truncated},
      {"04", ec::truncated},
      {"047f0000", ec::truncated},
      {"91", ec::truncated},
      {"84007f000001", ec::bad_varint},
      {"cf0f", ec::unsupported},  // a code nobody registered
      {"cc03", ec::none},         // quic, draft 29: known so that it can be shown
      {"a50300", ec::malformed},  // an empty peer id
      {"a503221220aa", ec::truncated},
      {"3800", ec::malformed},        // an empty name
      {"3803612f62", ec::malformed},  // a slash in a name
      {"3803610a62", ec::malformed},  // a line feed in a name
      {"38ffffff7f", ec::oversized},
      {"bd03adadec040be047f9658668b11a504f3155001f231a37f54c4476c07fb4cc139ed7e3030000",
       ec::malformed},
  };
  for (const auto& [text, code] : broken) {
    const auto address = multiaddr::from_bytes(hex(text));
    EXPECT_EQ(address ? ec::none : address.error().code, code) << text;
  }
}

TEST(multiaddr, keeps_its_size_limit_in_both_directions) {
  byte_buffer bytes;
  for (std::size_t i = 0; i < multiaddr::bytes_max / 2; ++i) append(bytes, hex("c003"));
  const auto longest = multiaddr::from_bytes(bytes);
  ASSERT_TRUE(longest);
  EXPECT_EQ(multiaddr::parse(longest->to_string()).value(), *longest);
  EXPECT_EQ(multiaddr::parse(longest->to_string() + "/tls").error(), ec::oversized);
  append(bytes, hex("c003"));
  EXPECT_EQ(multiaddr::from_bytes(bytes).error(), ec::oversized);
  EXPECT_EQ(multiaddr::parse("/dns/" + std::string(10000, 'a')).error(), ec::oversized);
  EXPECT_EQ(multiaddr::parse("/dns/" + std::string(600, 'a')).error(), ec::oversized);
}

TEST(multiaddr, finds_the_quic_endpoint) {
  const auto endpoint = multiaddr::parse("/ip4/10.1.2.3/udp/4001/quic-v1")->quic_v1_endpoint();
  ASSERT_TRUE(endpoint);
  EXPECT_FALSE(endpoint->v6);
  EXPECT_EQ(endpoint->to_string(), "10.1.2.3:4001");
  EXPECT_EQ(multiaddr::quic_v1(*endpoint).to_string(), "/ip4/10.1.2.3/udp/4001/quic-v1");

  const auto six = multiaddr::parse(std::string{"/ip6/2001:db8::5/udp/9/quic-v1/p2p/"} + peer_text)
                       ->quic_v1_endpoint();
  ASSERT_TRUE(six);
  EXPECT_TRUE(six->v6);
  EXPECT_EQ(six->to_string(), "[2001:db8::5]:9");
  EXPECT_EQ(multiaddr::quic_v1(*six).to_string(), "/ip6/2001:db8::5/udp/9/quic-v1");

  for (const char* other :
       {"/ip4/10.1.2.3/udp/4001", "/ip4/10.1.2.3/udp/4001/quic", "/ip4/10.1.2.3/tcp/4001/quic-v1",
        "/dns4/a.b/udp/4001/quic-v1", "/ip4/1.2.3.4/udp/1/quic-v1/webtransport",
        "/ip4/1.2.3.4/udp/1/quic-v1/p2p/"
        "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit"})
    EXPECT_FALSE(multiaddr::parse(other).value().quic_v1_endpoint()) << other;
  EXPECT_FALSE(multiaddr{}.quic_v1_endpoint());
}

TEST(multiaddr, adds_replaces_and_drops_its_peer) {
  const auto plain = multiaddr::parse("/ip4/10.1.2.3/udp/4001/quic-v1").value();
  const auto id = peer_id::parse(peer_text).value();
  const auto other = peer_id::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N").value();
  EXPECT_FALSE(plain.peer());
  EXPECT_EQ(plain.without_peer(), plain);
  const auto with = plain.with_peer(id);
  EXPECT_EQ(with.to_string(), plain.to_string() + "/p2p/" + peer_text);
  EXPECT_EQ(with.peer(), id);
  EXPECT_EQ(with.with_peer(other).peer(), other);
  EXPECT_EQ(with.with_peer(other).without_peer(), plain);
  EXPECT_EQ(multiaddr::from_bytes(with.bytes()).value(), with);
}

TEST(ip_endpoint, knows_loopback_and_unspecified) {
  const auto at = [](const char* text) {
    return multiaddr::parse(std::string{text} + "/udp/1/quic-v1")->quic_v1_endpoint().value();
  };
  EXPECT_TRUE(at("/ip4/127.9.9.9").loopback());
  EXPECT_TRUE(at("/ip6/::1").loopback());
  EXPECT_FALSE(at("/ip4/128.0.0.1").loopback());
  EXPECT_FALSE(at("/ip6/::2").loopback());
  EXPECT_FALSE(at("/ip6/1::1").loopback());
  EXPECT_TRUE(at("/ip4/0.0.0.0").unspecified());
  EXPECT_TRUE(at("/ip6/::").unspecified());
  EXPECT_FALSE(at("/ip6/::1").unspecified());
}

// RFC 5952 section 4 and 5, RFC 4291 section 2.2
TEST(ip_address, writes_canonical_ip6) {
  const std::pair<const char*, const char*> texts[] = {
      {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:DB8::", "2001:db8::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"0:0:1::", "0:0:1::"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
  };
  for (const auto& [text, canonical] : texts) {
    const auto address = parse_ip6(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(format_ip6(*address), canonical);
    EXPECT_EQ(parse_ip6(canonical).value(), *address);
  }
  for (const char* text : {"", ":", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::", "12345::",
                           "g::", "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "1:", ":1",
                           "::1:", "1:2:3:4:5:6:7:1.2.3.4", "::%eth0", "+1::", "1::-2"})
    EXPECT_FALSE(parse_ip6(text)) << text;
}

TEST(ip_address, reads_only_canonical_ip4_and_ports) {
  EXPECT_EQ(format_ip4(parse_ip4("255.0.10.1").value()), "255.0.10.1");
  for (const char* text : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1.2.3.4 ",
                           "01.2.3.4", "+1.2.3.4", "1..2.3", "999.1.1.1", "4294967297.1.1.1"})
    EXPECT_FALSE(parse_ip4(text)) << text;
  EXPECT_EQ(parse_port("0").value(), 0);
  EXPECT_EQ(parse_port("65535").value(), 65535);
  for (const char* text : {"", "65536", "00", "1 ", "0x1", "99999999999999999999"})
    EXPECT_FALSE(parse_port(text)) << text;
}

TEST(ip_address, round_trips_random_addresses) {
  rng random{3};
  for (int i = 0; i < 2000; ++i) {
    std::array<std::uint8_t, 16> address{};
    // Few distinct values, so that runs of zeros are common.
    for (auto& byte : address)
      byte = static_cast<std::uint8_t>(random.below(4) == 0 ? random.next() : 0);
    EXPECT_EQ(parse_ip6(format_ip6(address)).value(), address) << format_ip6(address);
  }
}

}  // namespace
}  // namespace weft
