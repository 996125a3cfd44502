// SPDX-License-Identifier: MIT
// The session policy: its bounds, reloads, identify, and an arbitrary transport.
#include "tests/transport/session_fixture.hpp"

#include <algorithm>

namespace weft::transport {
namespace {

using namespace std::chrono_literals;
using testing::address;
using testing::host;
using testing::peer;

struct session_limits_test : testing::session_fixture {};

TEST_F(session_limits_test, surplus_inbound_peers_are_closed_again) {
  start({.bootstrap = {host(9).with_peer(peer(9))}, .peers_max = 2});
  const auto dial = take_dials().at(0);
  up(peer(1), 0, direction::inbound);
  up(peer(2), 0, direction::inbound);
  up(peer(3), 0, direction::inbound);
  EXPECT_EQ(changes(), "+1 +2");
  EXPECT_EQ(take_disconnects(), 1u);
  EXPECT_EQ(metrics.surplus_closed.value(), 1u);
  down(peer(3), close_reason::local);
  EXPECT_EQ(changes(), "");
  up(peer(9), dial.id);
  EXPECT_EQ(changes(), "+9") << "a bootstrap peer is always let in";
  connect(1, peer(4), {host(4)});
  EXPECT_EQ(answer_code(), ec::limit);
  EXPECT_EQ(metrics.connects_refused.value(), 1u);
}

TEST_F(session_limits_test, connects_are_bounded) {
  start({.connects_max = 3});
  for (std::uint8_t n = 1; n <= 3; ++n) connect(n, peer(n), {host(n)});
  EXPECT_TRUE(out.answers.empty());
  connect(4, peer(4), {host(4)});
  EXPECT_EQ(answer_code(), ec::limit);
}

TEST_F(session_limits_test, automatic_dials_wait_for_their_turn) {
  std::vector<multiaddr> many;
  for (std::uint8_t n = 1; n <= 10; ++n) many.push_back(host(n).with_peer(peer(n)));
  start({.bootstrap = many, .dials_max = 3});
  std::size_t reached = 0;
  for (int round = 0; round < 100 && reached < 10; ++round) {
    const auto dials = take_dials();
    ASSERT_LE(core->dials_in_flight(), 3u);
    for (const auto& d : dials) {
      up(*d.expected, d.id);
      ++reached;
    }
    if (const auto due = core->next_deadline()) advance_to(*due);
  }
  EXPECT_EQ(reached, 10u);
  EXPECT_EQ(core->bootstrap_up(), 10u);
}

TEST_F(session_limits_test, wanted_peers_are_bounded) {
  start({.wanted_max = 1});
  for (std::uint8_t n = 1; n <= 2; ++n) {
    connect(n, peer(n), {host(n)});
    up(peer(n), take_dials().at(0).id);
  }
  now += 1min;
  down(peer(2), close_reason::idle);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  down(peer(1), close_reason::idle);
  EXPECT_TRUE(core->next_deadline());
}

TEST_F(session_limits_test, a_reload_replaces_the_bootstrap_peers) {
  start({.bootstrap = {host(1).with_peer(peer(1)), host(2).with_peer(peer(2)), host(3)}});
  const auto dials = take_dials();
  for (std::uint8_t n = 1; n <= 3; ++n) up(peer(n), dials[n - 1u].id);
  const auto reloaded = core->set_bootstrap(
      {host(20).with_peer(peer(2)), host(3), host(4).with_peer(peer(4))}, now, out);
  ASSERT_TRUE(reloaded);
  const auto more = take_dials();
  ASSERT_EQ(more.size(), 1u);
  EXPECT_EQ(more[0].expected, peer(4));
  EXPECT_EQ(core->bootstrap_configured(), 3u);
  EXPECT_EQ(core->bootstrap_up(), 2u);
  EXPECT_TRUE(core->is_up(peer(1))) << "the session of a removed one stays";
  now += 1min;
  down(peer(1), close_reason::idle);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  down(peer(2), close_reason::idle);
  advance_to(*core->next_deadline());
  const auto again = take_dials();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].addresses.at(0), host(20));
}

TEST_F(session_limits_test, a_bad_reload_changes_nothing) {
  start({.bootstrap = {host(1)}, .bootstrap_max = 2});
  EXPECT_EQ(core->set_bootstrap({host(1), host(2), host(3)}, now, out).error(), ec::bad_config);
  EXPECT_EQ(core->set_bootstrap({address("/ip4/10.0.0.1/tcp/1")}, now, out).error(),
            ec::bad_config);
  EXPECT_EQ(core->bootstrap_configured(), 1u);
}

TEST_F(session_limits_test, retry_now_forgets_the_back_off) {
  start({.bootstrap = {host(1).with_peer(peer(1))}});
  for (int i = 0; i < 5; ++i) {
    fail_dial(take_dials().at(0), ec::timeout);
    if (i < 4) advance_to(*core->next_deadline());
  }
  EXPECT_TRUE(take_dials().empty());
  core->retry_now(now, out);
  EXPECT_EQ(take_dials().size(), 1u);
}

TEST_F(session_limits_test, identify_fills_the_book) {
  start({});
  up(peer(1), 0, direction::inbound);
  identify info;
  info.listen_addresses = {host(7)};
  core->on_event(identified_event{peer(1), info}, now, out);
  core->on_event(path_changed_event{peer(1), host(99)}, now, out);
  EXPECT_EQ(core->sessions().at(peer(1)).remote, host(99));
  down(peer(1), close_reason::remote);
  core->on_event(identified_event{peer(1), info}, now, out);
  EXPECT_FALSE(core->is_up(peer(1)));
  connect(1, peer(1), {});
  EXPECT_EQ(take_dials().at(0).addresses, (std::vector{host(7)}));
}

TEST_F(session_limits_test, bad_configurations_are_refused) {
  EXPECT_TRUE(session_config{}.validate());
  EXPECT_EQ((session_config{.peers_max = 0}).validate().error(), ec::bad_config);
  EXPECT_EQ((session_config{.dials_max = 0}).validate().error(), ec::bad_config);
  EXPECT_EQ((session_config{.connect_timeout = 0s}).validate().error(), ec::bad_config);
  EXPECT_EQ((session_config{.stable_after = -1s}).validate().error(), ec::bad_config);
  const auto no_quic = session_config{.bootstrap = {address("/ip4/1.2.3.4/tcp/1")}}.validate();
  ASSERT_FALSE(no_quic);
  EXPECT_NE(no_quic.error().detail.find("/ip4/1.2.3.4/tcp/1"), std::string::npos);
}

// Any order of events: every connect is answered exactly once, changes alternate per peer, dials
// never double.
bool tries_all(const dial_command& dial, const std::vector<multiaddr>& addresses) {
  return std::ranges::all_of(addresses, [&](const multiaddr& a) {
    return std::ranges::find(dial.addresses, a) != dial.addresses.end();
  });
}

TEST_F(session_limits_test, holds_its_promises_under_any_sequence) {
  start({.bootstrap = {host(1).with_peer(peer(1)), host(2)},
         .peers_max = 6,
         .dials_max = 4,
         .connects_max = 5});
  rng random(17);
  std::vector<dial_command> open;
  std::map<connect_ticket, int> answered;
  std::map<peer_id, bool> is_up;
  connect_ticket ticket = 0;
  for (int step = 0; step < 20'000; ++step) {
    now += std::chrono::milliseconds(random.below(400));
    const auto whom = peer(static_cast<std::uint8_t>(1 + random.below(9)));
    switch (random.below(6)) {
      case 0:
        answered[++ticket] = 0;
        connect(ticket, random.below(4) ? std::optional(whom) : std::nullopt,
                {host(static_cast<unsigned>(1 + random.below(9)))});
        break;
      case 1:
        if (open.empty()) break;
        if (random.below(2))
          up(open.back().expected.value_or(whom), open.back().id);
        else
          fail_dial(open.back(), ec::timeout);
        open.pop_back();
        break;
      case 2:
        up(whom, 0, direction::inbound);
        break;
      case 3:
        down(whom, close_reason::idle);
        break;
      case 4:
        static_cast<void>(disconnect(whom));
        break;
      default:
        core->on_deadline(now, out);
    }
    for (auto& d : take_dials()) {
      for (const auto& other : open)
        ASSERT_FALSE(d.expected && d.expected == other.expected && tries_all(other, d.addresses));
      open.push_back(std::move(d));
    }
    for (const auto& a : take_answers()) ASSERT_EQ(++answered.at(a.ticket), 1);
    for (const auto& c : std::exchange(out.changes, {})) {
      ASSERT_NE(is_up[c.peer], c.up);
      is_up[c.peer] = c.up;
    }
    out.clear();
    ASSERT_LE(core->dials_in_flight(), 4u + 5u);
  }
  core->stop(now, out);
  for (const auto& a : take_answers()) ++answered.at(a.ticket);
  for (const auto& [t, times] : answered) ASSERT_EQ(times, 1) << t;
}

}  // namespace
}  // namespace weft::transport
