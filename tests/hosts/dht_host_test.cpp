// SPDX-License-Identifier: MIT
// Goal: the host keeps the account of its connect wishes. Method: one host, a port and a listener
// that take down what it wants.
#include "hosts/dht_host.hpp"

#include "dht/message.hpp"
#include "tests/gossip/toy.hpp"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

namespace weft::hosts {
namespace {

using namespace std::chrono_literals;

struct recording_port final : transport::port {
  void post(transport::command_batch&& batch) override {
    for (auto& c : batch.controls) controls.push_back(std::move(c));
  }
  std::vector<transport::control_command> controls;
};

struct recording_listener final : dht_listener {
  void on_dht_connect(const dht::peer_info& wish) override { wishes.push_back(wish.peer); }
  void on_dht_needs(const peer_id&, bool) override {}
  void on_dht_finished(dht::ended_operation&&) override { ++finished; }
  void on_dht_store(std::vector<dht::store_operation>&&) override {}
  void on_dht_discovered(const dht::peer_info&) override {}
  std::vector<peer_id> wishes;
  std::size_t finished = 0;
};

struct dht_host_test : testing::Test {
  /// A peer that has answered, so that searches begin with it, and has gone again.
  void meet(const peer_id& peer) {
    const auto where = *multiaddr::parse("/ip4/10.0.0.7/udp/4001/quic-v1");
    transport::session_up_event up;
    up.peer = peer;
    up.remote = where;
    host.on_event(up, wall, now);
    transport::identified_event told;
    told.peer = peer;
    told.info.protocols = {config.core.protocol_name};
    told.info.listen_addresses = {where};
    host.on_event(told, wall, now);
    for (const auto& c : std::exchange(port.controls, {}))
      if (const auto* asked = std::get_if<transport::request_command>(&c))
        host.on_event(
            transport::response_event{
                asked->id,
                dht::message_writer(dht::message_type::find_node, peer.bytes()).finish()},
            wall, now);
    host.on_event(transport::session_down_event{peer, 0, transport::close_reason::remote, {}}, wall,
                  now);
  }

  dht_host_config config;
  dht::dht_metrics counters;
  recording_port port;
  recording_listener heard;
  wall_time wall{1h};
  instant now{1s};
  dht_host host{gossip::test::id_of(1),
                config,
                dht::validator_set::standard(),
                rng(1),
                counters,
                port,
                heard};
};

// A search that is called off while its peer is being dialled leaves the wish open; the next one
// joins it. A second wish for the same peer would take a place of `connects_max` for good.
TEST_F(dht_host_test, a_query_joins_the_wish_of_one_that_was_called_off) {
  host.start({}, wall, now);
  const peer_id peer = gossip::test::id_of(2);
  meet(peer);
  ASSERT_EQ(host.core().status().entries, 1u);
  for (dht::ticket search = 1; search <= 200; ++search) {
    host.closest_peers(search, as_bytes("key"), {}, wall, now);
    EXPECT_EQ(host.waiting(), 1u);
    host.cancel(search, wall, now);
    EXPECT_EQ(host.waiting(), 0u);
  }
  EXPECT_EQ(heard.wishes, std::vector{peer});
  // Unanswered, it is over in time, and the peer may be wished for again.
  ASSERT_TRUE(host.next_deadline());
  now += config.connect_timeout;
  host.on_deadline(wall, now);
  host.closest_peers(1000, as_bytes("key"), {}, wall, now);
  EXPECT_EQ(heard.wishes.size(), 2u);
}

}  // namespace
}  // namespace weft::hosts
