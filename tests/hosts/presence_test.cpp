// SPDX-License-Identifier: MIT
// Which peers concern a protocol: both policies, every change of what a peer speaks, and a random
// run against a plain model.
#include "hosts/presence.hpp"

#include "base/rng.hpp"
#include "tests/transport/transport_fixture.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace weft::hosts {
namespace {

using namespace std::chrono_literals;
using transport::testing::host;
using transport::testing::peer;
using policy = presence_rule::policy;
using names = std::vector<std::string>;

presence_rule mesh_rule(policy when) {
  return {.names = {"/meshsub/1.2.0", "/meshsub/1.1.0", "/meshsub/1.0.0"},
          .extensions = {"/weft/gossip/push/1.0.0", "/weft/other/1"},
          .when = when};
}

transport::session_up_event up(std::uint8_t n, transport::session_id session = 7) {
  return {.peer = peer(n),
          .session = session,
          .side = transport::direction::outbound,
          .remote = host(n),
          .handshake = 3ms,
          .dial = 0};
}
transport::session_down_event down(std::uint8_t n) {
  return {.peer = peer(n), .session = 7, .reason = transport::close_reason::remote, .detail = {}};
}
transport::identified_event identified(std::uint8_t n, names protocols) {
  transport::identified_event e{.peer = peer(n), .info = {}};
  e.info.protocols = std::move(protocols);
  e.info.agent_version = "agent/1";
  return e;
}

struct presence_test : ::testing::Test {
  /// What one event changes; none, or the change.
  std::optional<peer_presence> tell(presence_tracker& t, transport::event e) {
    std::vector<peer_presence> out;
    t.on_event(e, out);
    EXPECT_LE(out.size(), 1u);
    return out.empty() ? std::nullopt : std::optional(out.front());
  }
};

TEST_F(presence_test, an_identified_peer_comes_with_what_it_speaks) {
  presence_tracker t(mesh_rule(policy::identified));
  EXPECT_FALSE(tell(t, up(1)));
  const auto came = tell(t, identified(1, {"/ipfs/id/1.0.0", "/meshsub/1.0.0", "/meshsub/1.1.0",
                                           "/weft/gossip/push/1.0.0"}));
  ASSERT_TRUE(came);
  EXPECT_TRUE(came->up);
  EXPECT_FALSE(came->updated);
  EXPECT_EQ(came->peer, peer(1));
  EXPECT_EQ(came->session, 7u);
  EXPECT_EQ(came->handshake, 3ms);
  EXPECT_EQ(came->side, transport::direction::outbound);
  EXPECT_EQ(came->remote, host(1));
  EXPECT_EQ(came->name, 1u);
  EXPECT_EQ(came->extensions, 1u);
  EXPECT_EQ(came->agent, "agent/1");
  const auto went = tell(t, down(1));
  ASSERT_TRUE(went);
  EXPECT_FALSE(went->up);
  EXPECT_EQ(went->session, 7u);
  EXPECT_FALSE(tell(t, down(1)));
  EXPECT_EQ(t.sessions(), 0u);
}

TEST_F(presence_test, a_peer_without_the_protocol_never_comes) {
  presence_tracker t(mesh_rule(policy::identified));
  EXPECT_FALSE(tell(t, up(1)));
  EXPECT_FALSE(tell(t, identified(1, {"/weft/gossip/push/1.0.0"})));
  EXPECT_FALSE(tell(t, down(1)));
  // nor one that is identified without a session
  EXPECT_FALSE(tell(t, identified(2, {"/meshsub/1.2.0"})));
  EXPECT_EQ(t.sessions(), 0u);
}

TEST_F(presence_test, an_assumed_peer_is_there_at_once_and_corrected) {
  presence_tracker t(mesh_rule(policy::assumed));
  const auto came = tell(t, up(1));
  ASSERT_TRUE(came);
  EXPECT_TRUE(came->up);
  EXPECT_EQ(came->name, 0u);
  EXPECT_EQ(came->extensions, 0u);
  // as assumed: nothing changes
  EXPECT_FALSE(tell(t, identified(1, {"/meshsub/1.2.0"})));
  // something else than assumed
  ASSERT_TRUE(tell(t, up(2)));
  const auto older = tell(t, identified(2, {"/meshsub/1.0.0"}));
  ASSERT_TRUE(older);
  EXPECT_TRUE(older->up && older->updated);
  EXPECT_EQ(older->name, 2u);
  // nothing of it
  ASSERT_TRUE(tell(t, up(3)));
  const auto none = tell(t, identified(3, {"/ipfs/ping/1.0.0"}));
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->up);
  EXPECT_FALSE(tell(t, down(3)));
}

TEST_F(presence_test, pushes_update_remove_and_bring_back) {
  presence_tracker t(mesh_rule(policy::identified));
  tell(t, up(1));
  ASSERT_TRUE(tell(t, identified(1, {"/meshsub/1.1.0"})));
  EXPECT_FALSE(tell(t, identified(1, {"/meshsub/1.1.0", "/elsewhere/1"})));
  const auto more = tell(t, identified(1, {"/meshsub/1.1.0", "/weft/other/1"}));
  ASSERT_TRUE(more);
  EXPECT_TRUE(more->up && more->updated);
  EXPECT_EQ(more->extensions, 2u);
  const auto gone = tell(t, identified(1, {"/weft/other/1"}));
  ASSERT_TRUE(gone);
  EXPECT_FALSE(gone->up);
  EXPECT_FALSE(gone->updated);
  const auto back = tell(t, identified(1, {"/meshsub/1.2.0"}));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->up);
  EXPECT_FALSE(back->updated);
  EXPECT_EQ(back->name, 0u);
}

TEST_F(presence_test, further_sessions_change_nothing_and_paths_are_followed) {
  presence_tracker t(mesh_rule(policy::assumed));
  tell(t, up(1, 7));
  EXPECT_FALSE(tell(t, up(1, 8)));
  EXPECT_FALSE(tell(t, transport::path_changed_event{peer(1), host(99)}));
  EXPECT_FALSE(tell(t, transport::path_changed_event{peer(2), host(99)}));
  EXPECT_FALSE(tell(t, transport::drained_event{}));
  std::vector<peer_presence> all;
  t.present(all);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].session, 7u);
  EXPECT_EQ(all[0].remote, host(99));
}

TEST_F(presence_test, names_beyond_the_limits_are_ignored) {
  presence_rule rule{.names = {}, .extensions = {}, .when = policy::identified};
  for (int i = 0; i < 300; ++i) rule.names.push_back("/n/" + std::to_string(i));
  for (int i = 0; i < 40; ++i) rule.extensions.push_back("/x/" + std::to_string(i));
  presence_tracker t(rule);
  tell(t, up(1));
  EXPECT_FALSE(tell(t, identified(1, {"/n/255"})));
  const auto last = tell(t, identified(1, {"/n/254", "/x/31", "/x/32"}));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->name, 254u);
  EXPECT_EQ(last->extensions, 1u << 31);
}

// Any order of events: who follows the changes knows exactly whom a list made at the end names, and
// changes alternate as they must.
TEST_F(presence_test, changes_add_up_to_the_present) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    rng random(seed);
    presence_tracker t(mesh_rule(seed % 2 == 0 ? policy::assumed : policy::identified));
    std::map<peer_id, peer_presence> followed;
    std::set<peer_id> connected;
    for (int step = 0; step < 2000; ++step) {
      const auto n = static_cast<std::uint8_t>(random.below(8));
      transport::event e = down(n);
      const auto what = random.below(4);
      if (what == 0) {
        e = up(n);
        connected.insert(peer(n));
      } else if (what == 1) {
        connected.erase(peer(n));
      } else {
        names spoken{"/ipfs/ping/1.0.0"};
        for (const auto& name : mesh_rule(policy::assumed).names)
          if (random.below(3) == 0) spoken.push_back(name);
        if (random.below(2) == 0) spoken.emplace_back("/weft/gossip/push/1.0.0");
        e = identified(n, spoken);
      }
      const auto change = tell(t, e);
      if (!change) continue;
      const bool was = followed.contains(change->peer);
      ASSERT_EQ(was, !change->up || change->updated);
      if (change->up)
        followed[change->peer] = *change;
      else
        followed.erase(change->peer);
    }
    std::vector<peer_presence> all;
    t.present(all);
    ASSERT_EQ(all.size(), followed.size());
    for (const auto& p : all) {
      ASSERT_TRUE(connected.contains(p.peer));
      ASSERT_EQ(followed.at(p.peer).name, p.name);
      ASSERT_EQ(followed.at(p.peer).extensions, p.extensions);
    }
    ASSERT_EQ(t.sessions(), connected.size());
  }
}

}  // namespace
}  // namespace weft::hosts
