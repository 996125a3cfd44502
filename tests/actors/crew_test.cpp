// SPDX-License-Identifier: MIT
// The real actors of several nodes over an in-memory network and store, on virtual time, with the
// order of all work drawn from a seed: wiring, timers, routes, restarts and shutdown.
#include "actors/messaging_actor.hpp"
#include "actors/session_actor.hpp"
#include "tests/actors/memory_mesh.hpp"

#include <gtest/gtest.h>

namespace weft::actors {
namespace {

using namespace std::chrono_literals;

class crew_test : public testing::TestWithParam<std::uint64_t> {
 protected:
  memory_mesh mesh{GetParam()};

  /// `count` nodes in a line, each dialling the one before.
  void line(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) mesh.add();
    mesh.nodes[0]->start({});
    mesh.system.run_for(10ms);
    for (std::size_t i = 1; i < count; ++i) mesh.nodes[i]->start({mesh.nodes[i - 1]->address()});
    ASSERT_TRUE(mesh.system.run_until(
        [&] { return mesh.connected(mesh.nodes[count - 2]->id(), mesh.nodes[count - 1]->id()); },
        5s));
  }
  mesh_node& node(std::size_t i) { return *mesh.nodes[i]; }
  bool routed(std::size_t from, std::size_t to) {
    const auto board = node(from).team.board.latest();
    return board && board->next_hop(node(to).identity.public_key()).has_value();
  }
  /// Ends an actor as a crash would.
  template <class Handle>
  void crash(const std::optional<Handle>& handle) {
    ASSERT_TRUE(handle);
    caf::anon_send_exit(*handle, caf::exit_reason::unhandled_exception);
    mesh.system.run_for(1ms);
  }
};

TEST_P(crew_test, dials_its_bootstrap_peer_and_answers_for_both_classes) {
  line(2);
  node(1).send(node(0).id(), "quick", false);
  node(1).send(node(0).id(), "kept", true);
  ASSERT_TRUE(mesh.system.run_until([&] { return node(1).receipts.size() == 2; }, 5s));
  auto shown = node(0).shown;
  std::sort(shown.begin(), shown.end());
  EXPECT_EQ(shown, (std::vector<std::string>{"kept", "quick"}));
  EXPECT_EQ(node(0).store.inbound(), 1u);
  EXPECT_TRUE(mesh.system.run_until([&] { return node(1).store.outbound() == 0; }, 5s));
}

TEST_P(crew_test, a_message_before_the_first_session_waits_for_it) {
  mesh.add();
  mesh.add();
  node(0).start({});
  node(1).start({});
  mesh.system.run_for(100ms);
  node(1).send(node(0).id(), "early", true);
  mesh.system.run_for(500ms);
  EXPECT_EQ(node(1).answers(), 0u);
  mesh.connect(node(0), node(1));
  EXPECT_TRUE(mesh.system.run_until([&] { return node(1).receipts.size() == 1; }, 10s));
  EXPECT_EQ(node(0).shown, (std::vector<std::string>{"early"}));
}

TEST_P(crew_test, a_message_after_peer_down_takes_the_next_session) {
  line(2);
  mesh.cut(node(0), node(1));
  mesh.system.run();
  node(1).send(node(0).id(), "again", true);
  EXPECT_TRUE(mesh.system.run_until([&] { return node(1).receipts.size() == 1; }, 20s));
  EXPECT_GT(node(1).dials, 1u) << "the session policy must dial a lost bootstrap peer again";
}

TEST_P(crew_test, the_askers_timeout_leaves_the_message_in_the_outbox) {
  mesh.add();
  mesh.add();
  node(0).start({});
  mesh.system.run_for(10ms);
  node(0).send(node(1).id(), "nobody", true, 300ms);
  mesh.system.run_for(299ms);
  EXPECT_EQ(node(0).answers(), 0u);
  ASSERT_TRUE(mesh.system.run_until([&] { return node(0).failures.size() == 1; }, 50ms));
  EXPECT_EQ(node(0).failures[0].code, ec::timeout);
  EXPECT_EQ(node(0).store.outbound(), 1u);
}

TEST_P(crew_test, routes_spread_and_messages_cross_five_nodes) {
  line(5);
  ASSERT_TRUE(mesh.system.run_until([&] { return routed(0, 4) && routed(4, 0); }, 30s));
  node(0).send(node(4).id(), "there", true);
  node(4).send(node(0).id(), "back", false);
  ASSERT_TRUE(mesh.system.run_until(
      [&] { return node(0).receipts.size() == 1 && node(4).receipts.size() == 1; }, 10s));
  EXPECT_EQ(node(0).receipts[0].hops, 4u);
  EXPECT_EQ(node(4).shown, (std::vector<std::string>{"there"}));
  EXPECT_EQ(node(0).shown, (std::vector<std::string>{"back"}));
}

// Volatile messages are tried for their lifetime only; whatever is acknowledged, and everything
// durable, was shown, and nothing twice.
TEST_P(crew_test, each_message_is_shown_once_under_loss) {
  mesh.loss_percent = 20;
  line(3);
  ASSERT_TRUE(mesh.system.run_until([&] { return routed(0, 2); }, 60s));
  for (int i = 0; i < 40; ++i) node(0).send(node(2).id(), std::to_string(i), i % 2 == 0);
  ASSERT_TRUE(mesh.system.run_until([&] { return node(0).answers() == 40; }, 120s));
  for (const auto& f : node(0).failures) EXPECT_EQ(f.code, ec::timeout) << to_string(f);
  EXPECT_LE(node(0).failures.size(), 20u);
  auto shown = node(2).shown;
  std::sort(shown.begin(), shown.end());
  EXPECT_GE(shown.size(), node(0).receipts.size());
  EXPECT_EQ(std::unique(shown.begin(), shown.end()), shown.end());
  for (int i = 0; i < 40; i += 2)
    EXPECT_TRUE(std::binary_search(shown.begin(), shown.end(), std::to_string(i))) << i;
}

TEST_P(crew_test, a_crashed_receiver_shows_each_durable_message_once) {
  line(2);
  for (int i = 0; i < 30; ++i) node(1).send(node(0).id(), std::to_string(i), true);
  // Somewhere in the middle of it.
  mesh.system.run_for(std::chrono::microseconds(200 * (1 + GetParam() % 20)));
  crash(node(0).team.links.messaging.handle());
  ASSERT_TRUE(mesh.system.run_until([&] { return node(1).answers() == 30; }, 60s));
  EXPECT_EQ(node(1).receipts.size(), 30u);
  auto shown = node(0).shown;
  std::sort(shown.begin(), shown.end());
  EXPECT_EQ(shown.size(), 30u);
  EXPECT_EQ(std::unique(shown.begin(), shown.end()), shown.end());
  EXPECT_EQ(node(0).team.actor_counters.of("messaging").restarts.value(), 1u);
  EXPECT_TRUE(node(0).fatal.empty());
}

TEST_P(crew_test, a_crashed_sender_answers_its_askers_and_still_delivers) {
  line(2);
  mesh.cut(node(0), node(1));
  mesh.system.run();
  for (int i = 0; i < 10; ++i) node(1).send(node(0).id(), std::to_string(i), true);
  ASSERT_TRUE(mesh.system.run_until([&] { return node(1).store.outbound() == 10; }, 100ms));
  crash(node(1).team.links.messaging.handle());
  EXPECT_EQ(node(1).answers(), 10u) << "every asker must be told";
  EXPECT_TRUE(mesh.system.run_until([&] { return node(0).shown.size() == 10; }, 60s));
  EXPECT_TRUE(mesh.system.run_until([&] { return node(1).store.outbound() == 0; }, 60s));
  EXPECT_EQ(node(0).shown.size(), 10u);
}

TEST_P(crew_test, a_crashed_routing_actor_learns_its_routes_again) {
  line(3);
  ASSERT_TRUE(mesh.system.run_until([&] { return routed(0, 2); }, 30s));
  crash(node(0).team.links.routing.handle());
  EXPECT_TRUE(mesh.system.run_until([&] { return routed(0, 2); }, 60s));
  EXPECT_EQ(node(0).team.actor_counters.of("routing").restarts.value(), 1u);
  node(0).send(node(2).id(), "still", true);
  EXPECT_TRUE(mesh.system.run_until([&] { return node(0).receipts.size() == 1; }, 20s));
}

TEST_P(crew_test, a_peer_without_our_protocols_is_no_neighbour) {
  line(2);
  transport::identified_event stranger;
  stranger.peer = node(0).id();
  stranger.info.protocols = {"/ipfs/ping/1.0.0"};
  node(1).team.links.on_events({stranger});
  mesh.system.run_for(100ms);
  node(1).send(node(0).id(), "in vain", false, 300ms);
  EXPECT_TRUE(mesh.system.run_until([&] { return node(1).failures.size() == 1; }, 1s));
  EXPECT_TRUE(node(0).shown.empty());
}

TEST_P(crew_test, a_full_store_refuses_without_losing_the_actor) {
  line(2);
  node(1).store.full = true;
  node(1).send(node(0).id(), "no room", true);
  ASSERT_TRUE(mesh.system.run_until([&] { return node(1).answers() == 1; }, 5s));
  EXPECT_EQ(node(1).failures.size(), 1u);
  node(1).store.full = false;
  node(1).send(node(0).id(), "room", true);
  EXPECT_TRUE(mesh.system.run_until([&] { return node(1).receipts.size() == 1; }, 5s));
  EXPECT_TRUE(node(1).fatal.empty());
}

TEST_P(crew_test, drain_halts_flushes_and_ends_all) {
  line(2);
  for (int i = 0; i < 5; ++i) node(1).send(node(0).id(), std::to_string(i), true);
  mesh.system.run();
  std::optional<std::vector<std::string>> overran;
  tell(*node(1).supervisor, drain_question{5s, reply<std::vector<std::string>>([&](auto names) {
                                             overran = std::move(*names);
                                           })});
  ASSERT_TRUE(mesh.system.run_until([&] { return overran.has_value(); }, 10s));
  EXPECT_TRUE(overran->empty());
  EXPECT_EQ(node(0).shown.size(), 5u) << "what was accepted must be flushed first";
  EXPECT_FALSE(mesh.connected(node(0).id(), node(1).id()));
  EXPECT_FALSE(node(1).team.links.messaging.handle());
  EXPECT_FALSE(node(1).team.links.session());
  for (const auto* a : node(1).team.actor_counters.all()) EXPECT_EQ(a->alive.value(), 0);
}

TEST_P(crew_test, a_silent_reactor_is_fatal) {
  mesh.add();
  node(0).start({});
  mesh.system.run_for(100ms);
  EXPECT_TRUE(node(0).fatal.empty());
  // A session actor whose port swallows everything.
  struct dead_port final : transport::port {
    void post(transport::command_batch&&) override {}
  } port;
  io_links links;
  session_parts parts;
  parts.self = node(0).id();
  parts.port = &port;
  parts.metrics = &node(0).team.session_counters;
  parts.links = &links;
  auto handle = spawn_state<session_actor, session_actor_impl>(*mesh.system, std::move(parts));
  bool ended = false;
  caf::actor_cast<caf::abstract_actor*>(handle)->attach_functor([&] { ended = true; });
  // A process that did not run for a while is none the worse for it.
  mesh.system.stand_still(10min);
  mesh.system.run_for(session_actor_impl::reactor_silence_max - 1s);
  EXPECT_FALSE(ended);
  mesh.system.run_for(10s);
  EXPECT_TRUE(ended);
}

TEST_P(crew_test, a_frame_for_a_dead_actor_is_counted_and_its_credit_returned) {
  mesh.add();
  node(0).start({});
  mesh.system.run_for(100ms);
  node(0).team.links.messaging.disconnect();
  auto gate = std::make_shared<transport::credit_gate>(100, 50, [] {});
  transport::frame_batch batch;
  batch.frames.resize(3);
  batch.held = transport::credit(gate, 60);
  node(0).team.links.messaging.on_frames(
      std::make_shared<const transport::frame_batch>(std::move(batch)));
  EXPECT_EQ(node(0).team.links.messaging.dropped(), 3u);
  EXPECT_EQ(gate->level(), 0u);
}

TEST_P(crew_test, credit_is_held_until_the_batch_is_handled) {
  mesh.add();
  node(0).start({});
  mesh.system.run_for(100ms);
  auto gate = std::make_shared<transport::credit_gate>(100, 50, [] {});
  transport::frame_batch batch;
  batch.frames.resize(1);
  batch.frames[0].peer = node(0).id();
  batch.held = transport::credit(gate, 60);
  node(0).team.links.messaging.on_frames(
      std::make_shared<const transport::frame_batch>(std::move(batch)));
  EXPECT_EQ(gate->level(), 60u);
  mesh.system.run();
  EXPECT_EQ(gate->level(), 0u);
}

INSTANTIATE_TEST_SUITE_P(seeds, crew_test, testing::Values(1, 2, 3, 4, 5, 6, 7, 8));

}  // namespace
}  // namespace weft::actors
