// SPDX-License-Identifier: MIT
// Sessions opened for a passing purpose: they stay while somebody needs them or peers are few.
#include "tests/transport/session_fixture.hpp"

namespace weft::transport {
namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::host;
using testing::peer;

struct passing_test : testing::session_fixture {
  void SetUp() override { start({.peers_target = 2, .idle_close = 20s}); }
  /// A session that the DHT, say, asked for.
  void open(std::uint8_t n) {
    core->connect(n, peer(n), {host(n)}, std::nullopt, now, out, false);
    const auto dials = take_dials();
    ASSERT_EQ(dials.size(), 1u);
    up(peer(n), dials[0].id);
    take_answers();
  }
  void need(std::uint8_t n, bool needed, session_user user = session_user::dht) {
    core->need(peer(n), user, needed, now, out);
  }
  /// Who is asked to go, in order.
  std::string ended() {
    std::string text;
    std::erase_if(out.commands, [&](const control_command& c) {
      const auto* d = std::get_if<disconnect_command>(&c);
      if (d) text += (text.empty() ? "" : " ") + std::to_string(d->peer.bytes().back());
      return d != nullptr;
    });
    return text;
  }
};

TEST_F(passing_test, the_idlest_go_down_to_the_target) {
  for (std::uint8_t n = 1; n <= 5; ++n) {
    open(n);
    now += 1s;
  }
  EXPECT_EQ(core->passing(), 5u);
  EXPECT_EQ(ended(), "");
  ASSERT_TRUE(core->next_deadline());
  advance_to(at(30s));
  EXPECT_EQ(ended(), "1 2 3");
  EXPECT_EQ(metrics.idle_closed.value(), 3u);
  // Two stay for good, as there are no more.
  for (std::uint8_t n = 1; n <= 3; ++n) down(peer(n), close_reason::local);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  advance_to(at(1h));
  EXPECT_EQ(ended(), "");
}

TEST_F(passing_test, whoever_is_needed_stays) {
  for (std::uint8_t n = 1; n <= 4; ++n) open(n);
  need(1, true);
  need(1, true, session_user::gossip);
  need(2, true);
  advance_to(at(25s));
  EXPECT_EQ(ended(), "3 4");
  for (std::uint8_t n = 3; n <= 4; ++n) down(peer(n), close_reason::local);
  need(1, false);
  need(2, false);
  now += 1s;
  open(5);
  advance_to(at(60s));
  // 1 is in a mesh still; of 2 and 5, idle for a second less, one is above the target.
  EXPECT_EQ(ended(), "2");
}

TEST_F(passing_test, a_need_may_be_told_before_the_session) {
  need(1, true);
  for (std::uint8_t n = 1; n <= 3; ++n) open(n);
  advance_to(at(25s));
  EXPECT_EQ(ended(), "2");
}

TEST_F(passing_test, wanted_and_inbound_sessions_are_left_alone) {
  for (std::uint8_t n = 1; n <= 3; ++n) up(peer(n), 0, direction::inbound);
  connect(9, peer(4), {host(4)});
  up(peer(4), take_dials().at(0).id);
  open(5);
  open(6);
  // From now on it is wanted.
  connect(10, peer(6), {});
  EXPECT_EQ(core->passing(), 1u);
  advance_to(at(25s));
  EXPECT_EQ(ended(), "5");
}

TEST_F(passing_test, sessions_on_their_way_out_are_not_waited_for_in_circles) {
  for (std::uint8_t n = 1; n <= 4; ++n) open(n);
  advance_to(at(20s));
  EXPECT_EQ(ended(), "1 2");
  // Both are still there, and the others are due as well but not too many.
  const auto next = core->next_deadline();
  ASSERT_TRUE(next);
  EXPECT_GT(*next, now);
  advance_to(*next);
  EXPECT_EQ(ended(), "");
}

}  // namespace
}  // namespace weft::transport
