// SPDX-License-Identifier: MIT
// The session policy against a scripted transport: bootstrap, reconnects, joined dials, limits,
// answers exactly once.
#include "tests/transport/session_fixture.hpp"

namespace weft::transport {
namespace {

using namespace std::chrono_literals;
using testing::address;
using testing::host;
using testing::peer;

struct session_core_test : testing::session_fixture {};

TEST_F(session_core_test, dials_bootstrap_peers_by_group) {
  start({.bootstrap = {host(1).with_peer(peer(1)), host(2).with_peer(peer(1)), host(3),
                       host(4).with_peer(self)}});
  const auto dials = take_dials();
  ASSERT_EQ(dials.size(), 2u);
  EXPECT_EQ(dials[0].expected, peer(1));
  EXPECT_EQ(dials[0].addresses, (std::vector{host(1), host(2)}));
  EXPECT_EQ(dials[1].expected, std::nullopt);
  EXPECT_EQ(dials[1].addresses, (std::vector{host(3)}));
  EXPECT_GE(dials[0].id, session_core::dial_id_base);
  EXPECT_EQ(core->bootstrap_configured(), 2u);
  EXPECT_EQ(core->bootstrap_up(), 0u);
  up(peer(1), dials[0].id);
  up(peer(3), dials[1].id);
  EXPECT_EQ(core->bootstrap_up(), 2u);
  EXPECT_EQ(metrics.bootstrap_up.value(), 2);
  EXPECT_EQ(changes(), "+1 +3");
  EXPECT_EQ(core->next_deadline(), std::nullopt);
}

TEST_F(session_core_test, a_failed_bootstrap_dial_comes_again_with_back_off) {
  start({.bootstrap = {host(1).with_peer(peer(1))}});
  duration last{};
  for (int attempt = 0; attempt < 6; ++attempt) {
    const auto dials = take_dials();
    ASSERT_EQ(dials.size(), 1u) << attempt;
    fail_dial(dials[0], ec::timeout);
    EXPECT_TRUE(take_dials().empty()) << "not at once";
    const auto due = core->next_deadline();
    ASSERT_TRUE(due);
    EXPECT_GT(*due - now, last);
    last = *due - now - last / 2;
    advance_to(*due);
  }
  EXPECT_EQ(core->book().failures(peer(1)), 6u);
}

TEST_F(session_core_test, a_lost_bootstrap_session_comes_back) {
  start({.bootstrap = {host(1).with_peer(peer(1))}});
  up(peer(1), take_dials().at(0).id);
  now += 1min;
  down(peer(1), close_reason::idle);
  EXPECT_EQ(changes(), "+1 -1");
  EXPECT_TRUE(take_dials().empty());
  const auto due = core->next_deadline();
  ASSERT_TRUE(due);
  EXPECT_LT(*due, now + 1s);
  advance_to(*due);
  const auto dials = take_dials();
  ASSERT_EQ(dials.size(), 1u);
  up(peer(1), dials[0].id);
  EXPECT_EQ(metrics.reconnects.value(), 1u);
}

TEST_F(session_core_test, a_session_that_flaps_is_backed_off) {
  start({.bootstrap = {host(1).with_peer(peer(1))}});
  duration wait{};
  for (int round = 0; round < 8; ++round) {
    up(peer(1), take_dials().at(0).id);
    now += 10ms;
    down(peer(1), close_reason::remote);
    const auto due = core->next_deadline();
    ASSERT_TRUE(due);
    wait = *due - now;
    advance_to(*due);
  }
  EXPECT_GT(wait, 20s);
}

TEST_F(session_core_test, a_dialling_target_is_satisfied_by_an_inbound_session) {
  start({.bootstrap = {host(1).with_peer(peer(1))}});
  const auto dial = take_dials().at(0);
  up(peer(1), 0, direction::inbound);
  EXPECT_EQ(core->bootstrap_up(), 1u);
  fail_dial(dial, ec::timeout);
  EXPECT_TRUE(take_dials().empty());
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  EXPECT_EQ(core->dials_in_flight(), 0u);
}

TEST_F(session_core_test, connect_dials_and_answers_once) {
  start({});
  connect(77, peer(1), {host(1)});
  const auto dials = take_dials();
  ASSERT_EQ(dials.size(), 1u);
  up(peer(1), dials[0].id);
  up(peer(1), dials[0].id);
  const auto answers = take_answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].ticket, 77u);
  ASSERT_TRUE(answers[0].outcome);
  EXPECT_EQ(answers[0].outcome->peer, peer(1));
  EXPECT_FALSE(answers[0].outcome->existed);
  EXPECT_EQ(answers[0].outcome->handshake, 2ms);
  EXPECT_EQ(changes(), "+1");
  connect(78, peer(1), {});
  const auto again = take_answers();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_TRUE(again[0].outcome->existed);
  EXPECT_TRUE(take_dials().empty());
}

TEST_F(session_core_test, connects_to_one_peer_share_a_dial) {
  start({});
  connect(1, peer(1), {host(1)});
  connect(2, peer(1), {host(1)});
  connect(3, std::nullopt, {host(1).with_peer(peer(1))});
  connect(4, std::nullopt, {host(5)});
  connect(5, std::nullopt, {host(5)});
  const auto dials = take_dials();
  ASSERT_EQ(dials.size(), 2u);
  EXPECT_EQ(metrics.dials_joined.value(), 3u);
  up(peer(1), dials[0].id);
  EXPECT_EQ(take_answers().size(), 3u);
  up(peer(5), dials[1].id);
  const auto answers = take_answers();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1].outcome->peer, peer(5));
}

TEST_F(session_core_test, a_connect_with_a_new_address_does_not_wait_for_a_dial_to_an_old_one) {
  start({.bootstrap = {host(1).with_peer(peer(1))}});
  const auto old = take_dials().at(0);
  connect(1, peer(1), {host(2)});
  const auto dials = take_dials();
  ASSERT_EQ(dials.size(), 1u);
  EXPECT_EQ(dials[0].addresses, (std::vector{host(2), host(1)}));
  connect(2, peer(1), {host(1)});
  EXPECT_TRUE(take_dials().empty()) << "both of its addresses are on their way";
  up(peer(1), dials[0].id);
  EXPECT_EQ(take_answers().size(), 2u);
  fail_dial(old, ec::timeout);
  advance_to(now + 60s);
  EXPECT_TRUE(take_dials().empty()) << "the peer is connected";
  EXPECT_EQ(core->bootstrap_up(), 1u);
}

TEST_F(session_core_test, connect_reports_why_it_failed) {
  start({});
  connect(1, peer(1), {});
  EXPECT_EQ(answer_code(), ec::not_found);
  connect(2, peer(1), {host(1).with_peer(peer(2))});
  EXPECT_EQ(answer_code(), ec::wrong_peer);
  connect(3, self, {host(1)});
  EXPECT_EQ(answer_code(), ec::bad_argument);
  connect(4, peer(1), {host(1)});
  fail_dial(take_dials().at(0), ec::unreachable);
  EXPECT_EQ(answer_code(), ec::unreachable);
  connect(5, peer(1), {});
  ASSERT_EQ(take_dials().size(), 1u) << "the address is remembered";
  advance_to(now + 10s);
  EXPECT_EQ(answer_code(), ec::timeout);
  EXPECT_EQ(metrics.connects_failed.value(), 5u);
}

TEST_F(session_core_test, a_connect_has_its_own_timeout) {
  start({});
  connect(1, peer(1), {host(1)}, 50ms);
  EXPECT_EQ(core->next_deadline(), now + 50ms);
  advance_to(now + 49ms);
  EXPECT_TRUE(out.answers.empty());
  advance_to(now + 1ms);
  EXPECT_EQ(answer_code(), ec::timeout);
  up(peer(1), take_dials().at(0).id);
  EXPECT_TRUE(out.answers.empty());
}

TEST_F(session_core_test, the_own_address_is_not_a_peer) {
  start({.bootstrap = {host(1)}});
  connect(1, std::nullopt, {host(1)});
  const auto dials = take_dials();
  ASSERT_EQ(dials.size(), 1u);
  up(self, dials[0].id);
  EXPECT_EQ(answer_code(), ec::bad_argument);
  EXPECT_EQ(changes(), "");
  EXPECT_EQ(take_disconnects(), 1u);
  EXPECT_EQ(core->next_deadline(), std::nullopt) << "it is not dialled again";
  EXPECT_EQ(core->dials_in_flight(), 0u);
}

TEST_F(session_core_test, a_connected_peer_is_wanted_until_disconnect) {
  start({});
  connect(1, peer(1), {host(1)});
  up(peer(1), take_dials().at(0).id);
  now += 1min;
  down(peer(1), close_reason::reset);
  advance_to(*core->next_deadline());
  up(peer(1), take_dials().at(0).id);
  ASSERT_TRUE(disconnect(peer(1)));
  EXPECT_EQ(take_disconnects(), 1u);
  down(peer(1), close_reason::local);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  EXPECT_EQ(disconnect(peer(1)).error(), ec::not_found);
}

TEST_F(session_core_test, a_wanted_peer_is_given_up_in_the_end) {
  start({.reconnect_attempts_max = 3});
  connect(1, peer(1), {host(1)});
  up(peer(1), take_dials().at(0).id);
  now += 1min;
  down(peer(1), close_reason::reset);
  int attempts = 0;
  while (const auto due = core->next_deadline()) {
    advance_to(*due);
    for (const auto& d : take_dials()) {
      fail_dial(d, ec::timeout);
      ++attempts;
    }
    ASSERT_LE(attempts, 3);
  }
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(disconnect(peer(1)).error(), ec::not_found);
}

TEST_F(session_core_test, a_disconnected_bootstrap_peer_stays_away_until_asked_for) {
  start({.bootstrap = {host(1).with_peer(peer(1))}});
  up(peer(1), take_dials().at(0).id);
  ASSERT_TRUE(disconnect(peer(1)));
  now += 1min;
  down(peer(1), close_reason::local);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  connect(1, peer(1), {});
  up(peer(1), take_dials().at(0).id);
  now += 1min;
  down(peer(1), close_reason::idle);
  EXPECT_TRUE(core->next_deadline());
}

TEST_F(session_core_test, disconnect_ends_a_pending_connect) {
  start({.bootstrap = {host(1).with_peer(peer(1))}});
  connect(1, peer(1), {});
  ASSERT_TRUE(disconnect(peer(1)));
  EXPECT_EQ(answer_code(), ec::cancelled);
  EXPECT_EQ(take_disconnects(), 0u);
}

TEST_F(session_core_test, a_connect_during_a_disconnect_dials_again) {
  start({});
  connect(1, peer(1), {host(1)});
  up(peer(1), take_dials().at(0).id);
  take_answers();
  ASSERT_TRUE(disconnect(peer(1)));
  connect(2, peer(1), {});
  const auto dials = take_dials();
  ASSERT_EQ(dials.size(), 1u);
  EXPECT_TRUE(take_answers().empty()) << "the dying session does not count";
  down(peer(1), close_reason::local);
  up(peer(1), dials[0].id);
  EXPECT_EQ(answer_code(), ec::none);
  EXPECT_EQ(changes(), "+1 -1 +1");
}

TEST_F(session_core_test, an_inbound_peer_is_not_dialled_after_its_loss) {
  start({});
  up(peer(1), 0, direction::inbound);
  down(peer(1), close_reason::remote);
  EXPECT_EQ(changes(), "+1 -1");
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  down(peer(1), close_reason::remote);
  EXPECT_EQ(changes(), "") << "a second loss is no change";
}

TEST_F(session_core_test, stop_answers_what_is_pending) {
  start({.bootstrap = {host(1).with_peer(peer(1)), host(2).with_peer(peer(2))}});
  const auto dials = take_dials();
  fail_dial(dials[0], ec::timeout);
  connect(5, peer(3), {host(3)});
  core->stop(now, out);
  EXPECT_EQ(answer_code(), ec::stopping);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  connect(6, peer(4), {host(4)});
  EXPECT_EQ(answer_code(), ec::stopping);
  fail_dial(dials[1], ec::cancelled);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
}

TEST_F(session_core_test, a_peer_connected_for_once_does_not_come_back) {
  start({});
  core->connect(5, peer(1), {host(1)}, std::nullopt, now, out, false);
  up(peer(1), take_dials().at(0).id);
  EXPECT_EQ(take_answers().size(), 1u);
  now += 1min;
  down(peer(1), close_reason::idle);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  EXPECT_TRUE(take_dials().empty());
}

TEST_F(session_core_test, a_discovered_peer_is_dialled_by_its_id_alone) {
  start({});
  core->discovered(peer(1), {host(1), host(2).with_peer(peer(2))}, now);
  core->discovered(self, {host(9)}, now);
  EXPECT_FALSE(core->book().contains(self));
  connect(6, peer(1), {});
  const auto dials = take_dials();
  ASSERT_EQ(dials.size(), 1u);
  EXPECT_EQ(dials[0].addresses, (std::vector{host(1)}));
}

TEST_F(session_core_test, a_peer_nearby_is_dialled_once_and_as_its_back_off_allows) {
  start({.dials_max = 2});
  const auto nearby = [&](std::uint8_t n) {
    core->discovered_nearby(peer(n), {host(n)}, now, out);
    return take_dials();
  };
  const auto dials = nearby(1);
  ASSERT_EQ(dials.size(), 1u);
  EXPECT_EQ(dials[0].expected, peer(1));
  EXPECT_EQ(dials[0].addresses, std::vector{host(1)});
  EXPECT_TRUE(nearby(1).empty()) << "under way";
  fail_dial(dials[0], ec::timeout);
  EXPECT_TRUE(nearby(1).empty()) << "in back-off";
  EXPECT_FALSE(core->next_deadline()) << "not kept: only hearing of it again makes the next dial";
  now = core->book().not_before(peer(1));
  const auto again = nearby(1);
  ASSERT_EQ(again.size(), 1u);
  up(peer(1), again[0].id);
  EXPECT_TRUE(nearby(1).empty()) << "connected";
  EXPECT_EQ(nearby(2).size(), 1u);
  EXPECT_EQ(nearby(3).size(), 1u);
  EXPECT_TRUE(nearby(4).empty()) << "as many dials as may be";
  EXPECT_TRUE(core->book().contains(peer(4))) << "but remembered";
  core->discovered_nearby(self, {host(9)}, now, out);
  EXPECT_TRUE(take_dials().empty());
  core->set_peers_max(1);
  EXPECT_TRUE(nearby(5).empty()) << "enough peers";
  core->stop(now, out);
  EXPECT_TRUE(nearby(6).empty());
}

}  // namespace
}  // namespace weft::transport
