// SPDX-License-Identifier: MIT
// Access rules at the reactor, between real sockets: packets of banned addresses are not answered,
// banned peers are not dialled and lose their sessions, and rules end by themselves.
#include "tests/transport_io/test_node.hpp"
#include "transport/io/clock.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace weft::transport::io::test {
namespace {

using namespace std::chrono_literals;

struct rules {
  access_rules set;
  rules& put(access_verdict verdict, access_subject subject, duration span = {}) {
    access_rule rule{std::move(subject)};
    rule.verdict = verdict;
    if (span != duration::zero()) rule.until = wall_now() + span;
    EXPECT_TRUE(set.set(std::move(rule)));
    return *this;
  }
  rules& ban(access_subject s, duration span = {}) {
    return put(access_verdict::ban, std::move(s), span);
  }
  rules& allow(access_subject s, duration span = {}) {
    return put(access_verdict::allow, std::move(s), span);
  }
  rules& refuse_strangers() {
    set.refuse_strangers = true;
    return *this;
  }
  operator std::shared_ptr<const access_rules>() const {
    return std::make_shared<const access_rules>(set);
  }
};

access_subject block(const char* text) { return *ip_prefix::parse(text); }
std::uint64_t turned_away(test_node& n) {
  return n.metrics.limit_rejections[limit_kind::access].value();
}
bool lost(test_node& n, const peer_id& peer, close_reason reason) {
  return n.events
      .wait<session_down_event>([&](const auto& e) { return e.peer == peer && e.reason == reason; })
      .has_value();
}

TEST(reactor_access, a_banned_peer_loses_its_session_and_gets_no_other) {
  test_node a;
  test_node b;
  test_node c;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  ASSERT_TRUE(c.dial(b)) << to_string(c.dial_error);
  b.post(access_command{rules().ban(a.id())});
  EXPECT_TRUE(lost(b, a.id(), close_reason::banned));
  EXPECT_TRUE(lost(a, b.id(), close_reason::remote));
  EXPECT_EQ(turned_away(b), 1u);
  // Its next handshake succeeds, and the session is closed at once.
  a.dial(b);
  EXPECT_TRUE(eventually([&] { return turned_away(b) == 2u; }));
  EXPECT_EQ(b.inspect().sessions.size(), 1u);
  EXPECT_TRUE(c.ping(b.id())) << "others are left alone";
  EXPECT_FALSE(b.dial(a));
  EXPECT_EQ(b.dial_error.code, ec::denied);
  b.post(access_command{rules()});
  EXPECT_TRUE(b.dial(a)) << to_string(b.dial_error);
}

TEST(reactor_access, a_banned_address_is_not_answered) {
  test_node a({.change = [](reactor_options& o) { o.bounds.handshake_timeout = 300ms; }});
  test_node b({.change = [](reactor_options& o) { o.access = rules().ban(block("127.0.0.0/8")); }});
  EXPECT_FALSE(a.dial(b));
  EXPECT_EQ(a.dial_error.code, ec::timeout);
  EXPECT_GT(b.metrics.packets_dropped[packet_drop::banned].value(), 0u);
  EXPECT_EQ(b.metrics.packets.out.value(), 0u);
  EXPECT_FALSE(b.dial(a));
  EXPECT_EQ(b.dial_error.code, ec::denied);
  EXPECT_NE(b.dial_error.detail.find("127.0.0.1"), std::string::npos);
  b.post(access_command{rules().ban(block("127.0.0.0/8")).allow(block("127.0.0.1/32"))});
  EXPECT_TRUE(b.dial(a)) << to_string(b.dial_error);
}

TEST(reactor_access, strangers_are_refused_where_only_the_listed_may_come) {
  test_node a;
  test_node stranger;
  test_node b(
      {.change = [&](reactor_options& o) { o.access = rules().refuse_strangers().allow(a.id()); }});
  EXPECT_TRUE(a.dial(b)) << to_string(a.dial_error);
  stranger.dial(b);
  EXPECT_TRUE(eventually([&] { return turned_away(b) == 1u; }));
  EXPECT_TRUE(a.ping(b.id()));
  EXPECT_EQ(b.inspect().sessions.size(), 1u);
  EXPECT_EQ(b.inspect().sessions.front().peer, a.id());
}

TEST(reactor_access, an_allowance_that_ends_takes_its_session_with_it) {
  test_node a;
  test_node b;
  b.post(access_command{rules().refuse_strangers().allow(a.id(), 2s)});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  EXPECT_TRUE(lost(b, a.id(), close_reason::banned));
}

TEST(reactor_access, a_ban_that_ends_lets_in_again) {
  test_node a;
  test_node b;
  b.post(access_command{rules().ban(a.id(), 1s)});
  EXPECT_TRUE(eventually([&] { return a.dial(b) && a.ping(b.id()); }));
}

}  // namespace
}  // namespace weft::transport::io::test
