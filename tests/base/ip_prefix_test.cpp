// SPDX-License-Identifier: MIT
// Blocks of addresses: what is read, what is refused and why, and which addresses lie inside.
#include "base/ip_prefix.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

ip_endpoint at(const char* multi) { return *multiaddr::parse(multi)->quic_v1_endpoint(); }
ip_endpoint v4(const std::string& host) { return at(("/ip4/" + host + "/udp/1/quic-v1").c_str()); }
ip_endpoint v6(const std::string& host) { return at(("/ip6/" + host + "/udp/1/quic-v1").c_str()); }

TEST(ip_prefix, reads_and_writes_itself) {
  for (const char* text : {"192.0.2.0/24", "0.0.0.0/0", "10.1.2.3/32", "10.128.0.0/9",
                           "2001:db8::/32", "::/0", "2001:db8::1/128", "fe80::/10"}) {
    const auto p = ip_prefix::parse(text);
    ASSERT_TRUE(p) << text << ": " << to_string(p.error());
    EXPECT_EQ(p->to_string(), text);
  }
  EXPECT_EQ(ip_prefix::parse("192.0.2.7")->to_string(), "192.0.2.7/32");
  EXPECT_EQ(ip_prefix::parse("2001:db8::7")->to_string(), "2001:db8::7/128");
}

TEST(ip_prefix, refuses_what_is_no_block) {
  for (const char* text : {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/2 4",
                           "192.0.2.0/024x", "192.0.2.0/256", "192.0.2/24", "192.0.2.0/24/8",
                           "2001:db8::/129", "::1/", "localhost", "192.0.2.1/24", "2001:db8::1/64"})
    EXPECT_EQ(ip_prefix::parse(text).error().code, ec::malformed) << text;
  EXPECT_NE(ip_prefix::parse("192.0.2.1/24").error().detail.find("192.0.2.0/24"),
            std::string::npos);
}

TEST(ip_prefix, contains_what_begins_alike) {
  const auto half = *ip_prefix::parse("10.128.0.0/9");
  EXPECT_TRUE(half.contains(v4("10.128.0.0")));
  EXPECT_TRUE(half.contains(v4("10.255.255.255")));
  EXPECT_FALSE(half.contains(v4("10.127.255.255")));
  EXPECT_FALSE(half.contains(v6("::")));
  EXPECT_FALSE(half.contains(v6("a80::")));  // the same first bytes
  const auto six = *ip_prefix::parse("2001:db8:0:fe00::/55");
  EXPECT_TRUE(six.contains(v6("2001:db8:0:ffff::1")));
  EXPECT_FALSE(six.contains(v6("2001:db8:0:fdff::1")));
  EXPECT_TRUE(ip_prefix::parse("0.0.0.0/0")->contains(v4("255.1.2.3")));
  EXPECT_FALSE(ip_prefix::parse("0.0.0.0/0")->contains(v6("::1")));
  EXPECT_TRUE(ip_prefix::parse("10.1.2.3")->contains(v4("10.1.2.3")));
  EXPECT_FALSE(ip_prefix::parse("10.1.2.3")->contains(v4("10.1.2.2")));
}

}  // namespace
}  // namespace weft
