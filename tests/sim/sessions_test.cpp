// SPDX-License-Identifier: MIT
// Sessions of the simulated network: made, doubled, reduced and lost as the reactor does it.
#include "tests/sim/puppets.hpp"

#include <gtest/gtest.h>

namespace weft::sim::test {
namespace {

using transport::close_reason;
using transport::dial_failed_event;
using transport::direction;
using transport::identified_event;
using transport::session_down_event;
using transport::session_up_event;

TEST(sessions, are_up_after_two_round_trips_and_identified) {
  puppet_show show(2, calm(terrain::world));
  const duration one_way = show.one_way(0, 1);
  show.dial(0, 1, 42);
  show.run(6 * one_way + 20ms);
  const auto near = show[0].of<session_up_event>();
  const auto far = show[1].of<session_up_event>();
  ASSERT_EQ(near.size(), 1U);
  ASSERT_EQ(far.size(), 1U);
  EXPECT_EQ(near[0].second.dial, 42U);
  EXPECT_EQ(near[0].second.side, direction::outbound);
  EXPECT_EQ(near[0].second.peer, show.id(1));
  EXPECT_EQ(near[0].second.remote, show.net.address_of(1).with_peer(show.id(1)));
  EXPECT_EQ(far[0].second.side, direction::inbound);
  EXPECT_EQ(far[0].second.dial, 0U);
  const duration work = show.net.config().handshake_work * 2;
  EXPECT_EQ(far[0].first - timeline::origin, 3 * one_way + work);
  EXPECT_NEAR(to_seconds(near[0].first - timeline::origin), to_seconds(4 * one_way + work), 1e-4);
  for (node_index n = 0; n < 2; ++n) {
    const auto who = show[n].of<identified_event>();
    ASSERT_EQ(who.size(), 1U);
    EXPECT_EQ(who[0].second.peer, show.id(1 - n));
    EXPECT_EQ(who[0].second.info.listen_addresses.front(), show.net.address_of(1 - n));
    const auto& names = who[0].second.info.protocols;
    EXPECT_NE(std::find(names.begin(), names.end(), "/ask/1"), names.end());
  }
}

TEST(sessions, a_dial_to_a_connected_peer_is_answered_at_once) {
  puppet_show show(2);
  show.connect(0, 1);
  show.dial(0, 1, 43);
  show.run(1ms);
  const auto ups = show[0].of<session_up_event>();
  ASSERT_EQ(ups.size(), 2U);
  EXPECT_EQ(ups[1].second.dial, 43U);
  EXPECT_EQ(ups[1].second.session, ups[0].second.session);
  EXPECT_EQ(show[1].of<session_up_event>().size(), 1U);
}

TEST(sessions, dials_fail_with_the_reason_the_transport_gives) {
  puppet_show show(3);
  show.net.crash(2);
  show.dial(0, 2, 1);
  show.post(0, transport::dial_command{2, show.id(2), {show.net.address_of(1)}});
  show.post(0, transport::dial_command{3, show.id(0), {show.net.address_of(0)}});
  show.post(0, transport::dial_command{4, show.id(1), {}});
  show.net.set_reachable(1, false);
  show.dial(0, 1, 5);
  show.run(6s);
  std::map<transport::request_id, std::pair<duration, ec>> failed;
  for (const auto& [at, f] : show[0].of<dial_failed_event>())
    failed[f.id] = {at - timeline::origin, f.why.code};
  ASSERT_EQ(failed.size(), 5U);
  EXPECT_EQ(failed[1].second, ec::timeout);
  EXPECT_GE(failed[1].first, show.net.config().bounds.handshake_timeout);
  EXPECT_EQ(failed[2].second, ec::wrong_peer);
  EXPECT_LT(failed[2].first, 10ms);
  EXPECT_EQ(failed[3].second, ec::bad_argument);
  EXPECT_EQ(failed[4].second, ec::unreachable);
  EXPECT_EQ(failed[5].second, ec::timeout);
  EXPECT_EQ(show.net.totals().dials_failed, 5U);
}

TEST(sessions, the_second_address_is_tried_without_waiting_for_the_first) {
  puppet_show show(3);
  show.net.crash(2);
  show.post(
      0, transport::dial_command{9, show.id(1), {show.net.address_of(2), show.net.address_of(1)}});
  show.run(10s);
  const auto ups = show[0].of<session_up_event>();
  ASSERT_EQ(ups.size(), 1U);
  EXPECT_EQ(ups[0].second.dial, 9U);
  EXPECT_GE(ups[0].first - timeline::origin, 250ms);
  EXPECT_LT(ups[0].first - timeline::origin, 300ms);
  EXPECT_TRUE(show[0].of<dial_failed_event>().empty());
}

TEST(sessions, dials_that_cross_leave_one_session_and_no_gap) {
  puppet_show show(2, calm(terrain::world));
  show.dial(0, 1, 1);
  show.dial(1, 0, 2);
  show.run(10s);
  for (node_index n = 0; n < 2; ++n) {
    EXPECT_EQ(show[n].of<session_up_event>().size(), 2U);
    EXPECT_TRUE(show[n].of<session_down_event>().empty());
  }
  EXPECT_EQ(show.net.totals().doubled_sessions, 2U);
  // The one that is left carries frames both ways.
  show.say(0, 1, bytes_of(10));
  show.say(1, 0, bytes_of(10));
  show.run(1s);
  EXPECT_EQ(show[0].frames.size(), 1U);
  EXPECT_EQ(show[1].frames.size(), 1U);
}

TEST(sessions, a_disconnect_reaches_the_peer_one_way_later) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  const instant before = show.time.now();
  show.post(0, transport::disconnect_command{show.id(1), "enough"});
  show.run(2s);
  const auto near = show[0].of<session_down_event>();
  const auto far = show[1].of<session_down_event>();
  ASSERT_EQ(near.size(), 1U);
  ASSERT_EQ(far.size(), 1U);
  EXPECT_EQ(near[0].second.reason, close_reason::local);
  EXPECT_EQ(far[0].second.reason, close_reason::remote);
  EXPECT_GE(far[0].first - before, show.one_way(0, 1));
  EXPECT_FALSE(show.net.connected(0, 1));
}

TEST(sessions, a_crash_is_noticed_by_silence) {
  puppet_show show(2);
  show.connect(0, 1);
  const instant before = show.time.now();
  show.net.crash(1);
  show.run(31s);
  const auto down = show[0].of<session_down_event>();
  ASSERT_EQ(down.size(), 1U);
  EXPECT_EQ(down[0].second.reason, close_reason::idle);
  const auto& bounds = show.net.config().bounds;
  EXPECT_GE(down[0].first - before, bounds.idle_timeout - bounds.keep_alive);
  EXPECT_LE(down[0].first - before, bounds.idle_timeout);
  EXPECT_TRUE(show[1].of<session_down_event>().empty());
}

TEST(sessions, a_restarted_node_resets_the_sessions_of_its_former_life) {
  puppet_show show(2);
  show.connect(0, 1);
  show.net.crash(1);
  show.run(2s);
  show.net.start(1);
  const instant before = show.time.now();
  show.say(0, 1, bytes_of(10));
  show.run(10s);
  const auto down = show[0].of<session_down_event>();
  ASSERT_EQ(down.size(), 1U);
  EXPECT_EQ(down[0].second.reason, close_reason::reset);
  EXPECT_LT(down[0].first - before, 10ms);
  EXPECT_TRUE(show[1].frames.empty());
}

TEST(sessions, a_restarted_node_that_dials_replaces_its_old_session) {
  puppet_show show(2);
  show.connect(0, 1);
  show.net.crash(1);
  show.run(6s);
  show.net.start(1);
  show.dial(1, 0, 5);
  show.run(20s);
  EXPECT_EQ(show[0].of<session_up_event>().size(), 2U);
  EXPECT_TRUE(show[0].of<session_down_event>().empty()) << "the peer was never without a session";
  show.say(0, 1, bytes_of(10));
  show.run(1s);
  EXPECT_EQ(show[1].frames.size(), 1U);
}

TEST(sessions, one_address_makes_only_so_many) {
  network_config config = calm();
  config.bounds.sessions_max = 3;
  puppet_show show(6, config);
  for (node_index n = 1; n < 6; ++n) show.dial(n, 0, n);
  show.run(1s);
  EXPECT_EQ(show[0].of<session_up_event>().size(), 3U);
  std::size_t failed = 0;
  for (node_index n = 1; n < 6; ++n)
    for (const auto& [at, f] : show[n].of<dial_failed_event>())
      failed += f.why == ec::reset ? 1 : 0;
  EXPECT_EQ(failed, 2U);
  EXPECT_EQ(show.net.metrics().limit_rejections[transport::limit_kind::sessions].value(), 2U);
}

TEST(sessions, ping_takes_a_round_trip) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.post(0, transport::ping_command{6, show.id(1), 5s});
  show.post(1, transport::ping_command{7, show.id(1), 5s});
  show.run(2s);
  const auto pong = show[0].of<transport::ping_event>();
  ASSERT_EQ(pong.size(), 1U);
  EXPECT_EQ(*pong[0].second.round_trip, 2 * show.one_way(0, 1));
  EXPECT_EQ(show[1].of<transport::ping_event>().at(0).second.round_trip.error().code,
            ec::not_found);
}

TEST(sessions, a_node_that_drains_takes_no_part_any_more) {
  puppet_show show(3);
  show.connect(0, 1);
  show.post(1, transport::drain_command{1s});
  show.run(1s);
  EXPECT_EQ(show[1].of<transport::drained_event>().size(), 1U);
  EXPECT_EQ(show[0].of<session_down_event>().size(), 1U);
  show.dial(1, 2, 8);
  show.run(1s);
  EXPECT_EQ(show[1].of<dial_failed_event>().at(0).second.why.code, ec::stopping);
}

}  // namespace
}  // namespace weft::sim::test
