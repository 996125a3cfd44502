// SPDX-License-Identifier: MIT
// Access rules: which of several decides, how they end, and their bounds.
#include "transport/access_rules.hpp"

#include "base/crypto.hpp"

#include <gtest/gtest.h>

namespace weft::transport {
namespace {

using namespace std::chrono_literals;

constexpr wall_time start{1'000'000s};

peer_id peer(std::uint8_t n) {
  ed25519_public_key key{};
  key[0] = n;
  return peer_id::from_ed25519(key);
}
ip_endpoint host(const std::string& text) {
  const char* kind = text.find(':') == std::string::npos ? "/ip4/" : "/ip6/";
  return *multiaddr::parse(kind + text + "/udp/9/quic-v1")->quic_v1_endpoint();
}

struct book : access_rules {
  void put(access_verdict verdict, const std::string& subject, duration span = {}) {
    access_rule rule{*parse_access_subject(subject)};
    rule.verdict = verdict;
    if (span != duration::zero()) rule.until = start + span;
    ASSERT_TRUE(set(std::move(rule)));
  }
  void ban(const std::string& subject, duration span = {}) {
    put(access_verdict::ban, subject, span);
  }
  void allow(const std::string& subject, duration span = {}) {
    put(access_verdict::allow, subject, span);
  }
};

TEST(access_rules, everybody_without_rules) {
  const book b;
  EXPECT_TRUE(b.admits(host("192.0.2.1"), start));
  EXPECT_TRUE(b.admits(peer(1), host("192.0.2.1"), start));
  EXPECT_FALSE(b.next_expiry(start));
}

TEST(access_rules, longest_prefix_decides) {
  book b;
  b.ban("0.0.0.0/0");
  b.allow("10.0.0.0/8");
  b.ban("10.1.0.0/16");
  b.allow("10.1.2.3");
  b.ban("2001:db8::/32");
  EXPECT_FALSE(b.admits(host("192.0.2.1"), start));
  EXPECT_TRUE(b.admits(host("10.2.0.1"), start));
  EXPECT_FALSE(b.admits(host("10.1.2.4"), start));
  EXPECT_TRUE(b.admits(host("10.1.2.3"), start));
  EXPECT_FALSE(b.admits(host("2001:db8::1"), start));
  EXPECT_TRUE(b.admits(host("2001:db9::1"), start));
  EXPECT_TRUE(b.forget(*parse_access_subject("10.1.0.0/16")));
  EXPECT_TRUE(b.admits(host("10.1.2.4"), start));
}

TEST(access_rules, a_ban_of_either_keeps_out) {
  book b;
  b.ban(peer(1).to_string());
  b.allow("192.0.2.0/24");
  EXPECT_TRUE(b.bans(peer(1), start));
  EXPECT_FALSE(b.admits(peer(1), host("192.0.2.1"), start));
  EXPECT_TRUE(b.admits(peer(2), host("192.0.2.1"), start));
  b.allow(peer(2).to_string());
  b.ban("198.51.100.7");
  EXPECT_FALSE(b.admits(peer(2), host("198.51.100.7"), start));
}

TEST(access_rules, strangers_refused) {
  book b;
  b.refuse_strangers = true;
  EXPECT_TRUE(b.admits(host("192.0.2.1"), start)) << "its peer is not known yet";
  EXPECT_FALSE(b.admits(peer(1), host("192.0.2.1"), start));
  b.allow(peer(1).to_string());
  EXPECT_TRUE(b.admits(peer(1), host("192.0.2.1"), start));
  EXPECT_FALSE(b.admits(peer(2), host("192.0.2.1"), start));
  b.allow("192.0.2.0/24");
  EXPECT_TRUE(b.admits(peer(2), host("192.0.2.1"), start));
  b.ban(peer(2).to_string());
  EXPECT_FALSE(b.admits(peer(2), host("192.0.2.1"), start));
}

TEST(access_rules, end_with_their_time) {
  book b;
  b.ban("192.0.2.0/24", 10s);
  b.allow("192.0.2.9", 5s);
  b.ban(peer(1).to_string(), 20s);
  EXPECT_EQ(b.next_expiry(start), start + 5s);
  EXPECT_TRUE(b.admits(host("192.0.2.9"), start + 4s));
  EXPECT_FALSE(b.admits(host("192.0.2.9"), start + 5s)) << "the wider ban is left";
  EXPECT_EQ(b.next_expiry(start + 5s), start + 10s);
  EXPECT_TRUE(b.admits(host("192.0.2.9"), start + 10s));
  EXPECT_TRUE(b.bans(peer(1), start + 19s));
  EXPECT_EQ(b.drop_expired(start + 10s), 2u);
  EXPECT_EQ(b.size(), 1u);
  EXPECT_FALSE(b.bans(peer(1), start + 20s));
}

TEST(access_rules, one_rule_per_subject) {
  book b;
  b.ban("192.0.2.0/24");
  b.allow("192.0.2.0/24");
  EXPECT_EQ(b.size(), 1u);
  EXPECT_EQ(b.count(access_verdict::allow), 1u);
  EXPECT_TRUE(b.admits(host("192.0.2.1"), start));
  EXPECT_TRUE(b.forget(*parse_access_subject("192.0.2.0/24")));
  EXPECT_FALSE(b.forget(*parse_access_subject("192.0.2.0/24")));
  EXPECT_TRUE(b.empty());
}

TEST(access_rules, bounds) {
  access_rules b;
  for (std::size_t i = 0; i < access_rules::rules_max; ++i) {
    ip_endpoint e;
    e.address[1] = static_cast<std::uint8_t>(i >> 8);
    e.address[2] = static_cast<std::uint8_t>(i);
    ASSERT_TRUE(b.set({ip_prefix(e, 32)}));
  }
  EXPECT_EQ(b.set({peer(1)}).error().code, ec::limit);
  ip_endpoint first;
  EXPECT_TRUE(b.set({ip_prefix(first, 32)})) << "replaces";
  access_rule wordy{peer(1)};
  wordy.reason.assign(access_rules::reason_bytes_max + 1, 'x');
  access_rules fresh;
  EXPECT_EQ(fresh.set(std::move(wordy)).error().code, ec::oversized);
  EXPECT_TRUE(fresh.empty());
}

TEST(access_rules, subjects_from_text) {
  EXPECT_EQ(to_string(*parse_access_subject("192.0.2.7")), "192.0.2.7/32");
  EXPECT_EQ(to_string(*parse_access_subject("2001:db8::/32")), "2001:db8::/32");
  EXPECT_EQ(to_string(*parse_access_subject(peer(3).to_string())), peer(3).to_string());
  for (const char* text : {"", "nobody", "192.0.2.7/24", "1.2.3", "::g", "/ip4/192.0.2.7"}) {
    const auto subject = parse_access_subject(text);
    ASSERT_FALSE(subject) << text;
    EXPECT_EQ(subject.error().code, ec::bad_argument);
    EXPECT_NE(subject.error().detail.find("192.0.2"), std::string::npos) << "shows how";
  }
}

}  // namespace
}  // namespace weft::transport
