// SPDX-License-Identifier: MIT
// Goal: the host turns effects into commands of the port and events into calls of the core, in
// either order in which an actor may see them. Method: two hosts whose ports hand batches to each
// other.
#include "hosts/gossip_host.hpp"

#include "gossip/rpc.hpp"
#include "tests/gossip/toy.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace weft::hosts {
namespace {

using namespace std::chrono_literals;

constexpr transport::protocol_index frames_index = 3;
constexpr transport::protocol_index push_index = 4;

struct recording_port final : transport::port {
  void post(transport::command_batch&& batch) override {
    ++posts;
    for (auto& s : batch.sends) sends.push_back(std::move(s));
    for (auto& c : batch.controls) controls.push_back(std::move(c));
  }
  std::size_t posts = 0;
  std::vector<transport::send_command> sends;
  std::vector<transport::control_command> controls;
};

struct recording_listener final : gossip_listener {
  void on_gossip_deliveries(std::vector<gossip::delivery>&& messages) override {
    for (auto& m : messages) deliveries.push_back(std::move(m));
  }
  void on_gossip_outcomes(std::vector<gossip::published>&& all) override {
    for (auto& each : all) outcomes.push_back(each);
  }
  void on_gossip_validations(std::vector<gossip::validation>&& all) override {
    for (auto& each : all) validations.push_back(std::move(each));
  }
  void on_gossip_connect(std::vector<gossip::connect_wish>&&) override {}
  void on_gossip_meshes(std::vector<gossip::mesh_change>&& changes) override {
    for (const auto& c : changes)
      c.member ? void(meshed.insert(c.peer)) : void(meshed.erase(c.peer));
  }
  std::set<peer_id> meshed;
  std::vector<gossip::delivery> deliveries;
  std::vector<gossip::published> outcomes;
  std::vector<gossip::validation> validations;
};

struct side {
  explicit side(std::uint64_t number, bool push = true)
      : id(gossip::test::id_of(number)), crypto(id) {
    gossip_host_config config;
    config.protocol = frames_index;
    if (push) config.push_protocol = push_index;
    host = std::make_unique<gossip_host>(id, crypto, config, rng(number), counters, port, heard);
    host->start(wall_time(1h), instant(1s));
  }
  peer_id id;
  gossip::test::toy_crypto crypto;
  gossip::gossip_metrics counters;
  recording_port port;
  recording_listener heard;
  std::unique_ptr<gossip_host> host;
};

struct pair {
  explicit pair(bool push = true) : a(1, push), b(2, push) {}

  static transport::session_up_event up(const side& other, transport::direction direction) {
    transport::session_up_event e;
    e.peer = other.id;
    e.side = direction;
    e.remote = *multiaddr::parse("/ip4/10.0.0.7/udp/4001/quic-v1");
    e.handshake = 20ms;
    return e;
  }
  static transport::identified_event identified(const side& other,
                                                std::vector<std::string> protocols) {
    transport::identified_event e;
    e.peer = other.id;
    e.info.protocols = std::move(protocols);
    return e;
  }
  static std::vector<std::string> all_protocols() {
    return {"/ipfs/id/1.0.0", "/meshsub/1.1.0", "/meshsub/1.2.0",
            std::string(gossip::push_protocol_name)};
  }
  void meet() {
    a.host->on_event(up(b, transport::direction::outbound), now);
    b.host->on_event(up(a, transport::direction::inbound), now);
    a.host->on_event(identified(b, all_protocols()), now);
    b.host->on_event(identified(a, all_protocols()), now);
    exchange();
  }
  /// Carries everything until both are quiet.
  void exchange() {
    while (carry(a, b) | carry(b, a)) {
    }
  }
  bool carry(side& from, side& to) {
    transport::frame_batch batch;
    transport::frame_batch told;
    for (auto& s : std::exchange(from.port.sends, {})) {
      if (s.tag) told.fates.push_back({s.peer, s.protocol, s.tag, transport::frame_fate::sent});
      batch.frames.push_back({from.id, s.protocol, std::move(s.body)});
    }
    for (auto& c : std::exchange(from.port.controls, {})) {
      const auto* push = std::get_if<transport::push_command>(&c);
      if (!push) {
        others.push_back(std::move(c));
        continue;
      }
      byte_buffer tagged(8);
      for (std::size_t i = 0; i < 8; ++i)
        tagged[i] = static_cast<std::uint8_t>(push->tag >> (56 - 8 * i));
      append(tagged, push->body);
      batch.frames.push_back({from.id, push->protocol, chunk_view::copy(tagged)});
      told.fates.push_back({push->peer, push->protocol, push->tag, transport::frame_fate::sent});
      ++pushes;
    }
    if (batch.frames.empty()) return false;
    to.host->on_frames(batch, now);
    from.host->on_frames(told, now);
    return true;
  }
  void pass(duration span) {
    const instant end = now + span;
    for (;;) {
      const auto next = std::min(*a.host->next_deadline(), *b.host->next_deadline());
      if (next > end) break;
      now = std::max(now, next);
      a.host->on_deadline(now);
      b.host->on_deadline(now);
      exchange();
    }
    now = end;
  }

  side a;
  side b;
  instant now{2s};
  std::size_t pushes = 0;
  std::vector<transport::control_command> others;
};

TEST(gossip_host, carries_a_message_and_tells_its_outcome) {
  pair p;
  p.meet();
  ASSERT_TRUE(p.a.host->subscribe("t", p.now).has_value());
  ASSERT_TRUE(p.b.host->subscribe("t", p.now).has_value());
  p.exchange();
  p.pass(2s);
  ASSERT_TRUE(p.a.host->publish(7, "t", gossip::test::body_of("hello"), p.now).has_value());
  const auto message = std::ranges::find_if(p.a.port.sends, [](const auto& s) { return s.tag; });
  ASSERT_NE(message, p.a.port.sends.end());
  EXPECT_EQ(message->protocol, frames_index);
  EXPECT_EQ(message->klass, transport::priority::interactive);
  p.exchange();
  ASSERT_EQ(p.b.heard.deliveries.size(), 1u);
  EXPECT_EQ(as_text(p.b.heard.deliveries[0].data), "hello");
  ASSERT_EQ(p.a.heard.outcomes.size(), 1u);
  EXPECT_EQ(p.a.heard.outcomes[0].ticket, 7u);
  EXPECT_EQ(p.a.heard.outcomes[0].sent, 1u);
}

TEST(gossip_host, large_messages_are_pushed_among_weft_nodes_only) {
  for (const bool push : {true, false}) {
    pair p(push);
    p.meet();
    ASSERT_TRUE(p.a.host->subscribe("t", p.now).has_value());
    ASSERT_TRUE(p.b.host->subscribe("t", p.now).has_value());
    p.exchange();
    p.pass(2s);
    ASSERT_TRUE(p.a.host->publish(8, "t", gossip::test::body_of(1, 100'000), p.now).has_value());
    p.exchange();
    EXPECT_EQ(p.b.heard.deliveries.size(), 1u);
    EXPECT_EQ(p.pushes, push ? 1u : 0u);
    ASSERT_EQ(p.a.heard.outcomes.size(), 1u);
    EXPECT_EQ(p.a.heard.outcomes[0].sent, 1u);
  }
}

TEST(gossip_host, takes_frames_that_come_before_the_session_is_known) {
  pair p;
  ASSERT_TRUE(p.b.host->subscribe("t", p.now).has_value());
  p.b.host->on_event(pair::up(p.a, transport::direction::inbound), p.now);
  p.b.host->on_event(pair::identified(p.a, pair::all_protocols()), p.now);
  p.exchange();  // b's hello reaches a, which knows of no session
  ASSERT_EQ(p.a.host->core().peers().size(), 1u);
  EXPECT_FALSE(p.a.host->core().peers()[0].weft);
  EXPECT_EQ(p.a.host->core().topic("t")->subscribers, 1u);
  p.a.host->on_event(pair::up(p.b, transport::direction::outbound), p.now);
  p.a.host->on_event(pair::identified(p.b, pair::all_protocols()), p.now);
  const auto known = p.a.host->core().peers();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_TRUE(known[0].weft);
  EXPECT_TRUE(known[0].outbound);
  EXPECT_EQ(known[0].speaks, gossip::version::v1_2);
  EXPECT_EQ(p.a.host->core().topic("t")->subscribers, 1u);
}

TEST(gossip_host, forgets_peers_whose_late_frames_outlive_the_session) {
  pair p;
  gossip::rpc_writer w;
  w.subscribe(true, "t");
  transport::frame_batch late;
  late.frames.push_back({p.b.id, frames_index, w.take()});
  p.a.host->on_frames(late, p.now);
  EXPECT_EQ(p.a.host->core().peers().size(), 1u);
  p.pass(gossip_host::provisional_time + 2s);
  EXPECT_TRUE(p.a.host->core().peers().empty());
}

TEST(gossip_host, peer_may_stop_and_begin_to_offer_pubsub) {
  pair p;
  p.meet();
  EXPECT_EQ(p.a.host->core().peers().size(), 1u);
  p.a.host->on_event(pair::identified(p.b, {"/ipfs/id/1.0.0"}), p.now);
  EXPECT_TRUE(p.a.host->core().peers().empty());
  p.a.host->on_event(pair::identified(p.b, {"/meshsub/1.0.0"}), p.now);
  ASSERT_EQ(p.a.host->core().peers().size(), 1u);
  EXPECT_EQ(p.a.host->core().peers()[0].speaks, gossip::version::v1_0);
  p.a.host->on_event(transport::session_down_event{p.b.id, 0, {}, ""}, p.now);
  EXPECT_TRUE(p.a.host->core().peers().empty());
}

TEST(gossip_host, tells_whose_sessions_the_meshes_need) {
  pair p;
  p.meet();
  ASSERT_TRUE(p.a.host->subscribe("t", p.now));
  ASSERT_TRUE(p.b.host->subscribe("t", p.now));
  p.exchange();
  p.pass(3s);
  EXPECT_EQ(p.a.heard.meshed, std::set{p.b.id});
  EXPECT_EQ(p.b.heard.meshed, std::set{p.a.id});
  ASSERT_TRUE(p.a.host->unsubscribe("t", p.now));
  p.exchange();
  EXPECT_TRUE(p.a.heard.meshed.empty());
  EXPECT_TRUE(p.b.heard.meshed.empty());
}

TEST(gossip_host, asks_for_the_end_of_a_graylisted_session) {
  pair p;
  p.meet();
  transport::frame_batch bad;
  for (int i = 0; i < 20; ++i)
    bad.frames.push_back({p.b.id, frames_index, gossip::test::body_of("\x12\xff nonsense")});
  p.a.host->on_frames(bad, p.now);
  ASSERT_EQ(p.a.port.controls.size(), 1u);
  const auto* end = std::get_if<transport::disconnect_command>(&p.a.port.controls[0]);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->peer, p.b.id);
  EXPECT_GT(p.a.counters.dropped[gossip::drop_reason::graylisted].value(), 0u);
}

TEST(gossip_host, protocols_have_their_frame_limits) {
  const gossip::gossip_config config;
  const auto frames = gossip_protocol(config, 2);
  EXPECT_EQ(frames.names.front(), "/meshsub/1.2.0");
  EXPECT_EQ(frames.frame_bytes_max, config.frame_bytes_max);
  EXPECT_EQ(frames.concern, 2);
  const auto push = gossip_push_protocol(config, 2);
  EXPECT_EQ(push.kind, transport::stream_kind::push);
  EXPECT_EQ(push.frame_bytes_max, config.frame_bytes_max + 8);
}

}  // namespace
}  // namespace weft::hosts
