// SPDX-License-Identifier: MIT
// Goal: IHAVE, IWANT, IDONTWANT, GRAFT and PRUNE follow their texts, and every number a peer may
// choose has its limit. Method: puppets around one core, frames read byte for byte.
#include "base/envelope.hpp"
#include "tests/gossip/scene.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace weft::gossip::test {
namespace {

using namespace std::chrono_literals;
constexpr mesh::traits other{false, version::v1_2, std::nullopt};

/// Nobody is grafted by the core itself: all roles are the test's.
gossip_config quiet_config() {
  gossip_config config;
  config.heartbeat_first = 1h;
  config.flood_publish = false;
  return config;
}

// -- hello ---

TEST(control, hello_lists_all_subscriptions_in_frames_below_the_limit) {
  mesh net(1);
  net.add();
  for (int i = 0; i < 300; ++i)
    net.with(0, [&](gossip_core& core, outbox& out) {
      ASSERT_TRUE(core.subscribe(std::string(100, 'x') + std::to_string(i), net.now(), out));
    });
  const auto puppet = net.add_puppet(other);
  net.join(0, puppet);
  net.run(100ms);
  rpc_view rpc;
  std::size_t count = 0;
  for (const send& s : net.received(puppet)) {
    ASSERT_TRUE(decode_rpc(s.body, rpc));
    count += rpc.subscriptions.size();
    EXPECT_LE(s.body.size(), 16u * 1024);
  }
  EXPECT_EQ(count, 300u);
  EXPECT_GE(net.received(puppet).size(), 2u);
}

// -- IHAVE and IWANT ---

TEST(control, asks_for_what_others_have_and_it_has_not) {
  scene s(2);
  s.tell(1, s.message(1));
  rpc_writer w;
  const std::string known = scene::id_of_message(1);
  const std::string fresh = scene::id_of_message(2);
  const std::array<bytes_view, 2> ids{as_bytes(known), as_bytes(fresh)};
  s.take(2);
  w.ihave("t", ids);
  s.tell(2, w);
  EXPECT_EQ(s.net.core(0).sizes().wanted, 1u);
  s.net.run(600ms);  // the grace given to eager copies
  EXPECT_EQ(s.take(2).iwant, std::vector{fresh});
  s.tell(2, s.message(2));
  EXPECT_EQ(s.net.deliveries(0).size(), 2u);
  EXPECT_EQ(s.net.core(0).sizes().wanted, 0u);
  s.net.run(10s);
  EXPECT_EQ(s.score(2), 0);
}

TEST(control, eager_copy_in_time_saves_the_request) {
  scene s(2);
  rpc_writer w;
  const std::string id = scene::id_of_message(2);
  const bytes_view view = as_bytes(id);
  w.ihave("t", {&view, 1});
  s.tell(2, w);
  s.tell(1, s.message(2));
  s.net.run(2s);
  EXPECT_TRUE(s.take(2).iwant.empty());
}

TEST(control, another_peer_is_asked_when_the_first_is_slow) {
  scene s(3);
  rpc_writer w;
  const std::string id = scene::id_of_message(2);
  const bytes_view view = as_bytes(id);
  for (const std::size_t from : {1, 2, 3}) {
    w.ihave("t", {&view, 1});
    s.tell(from, w);
  }
  s.net.run(495ms);
  std::size_t asked = 0;
  for (const std::size_t n : {1, 2, 3}) asked += s.take(n).iwant.size();
  EXPECT_EQ(asked, 1u);  // one at a time
  s.net.run(200ms);
  for (const std::size_t n : {1, 2, 3}) asked += s.take(n).iwant.size();
  EXPECT_EQ(asked, 3u);  // each once
  s.net.run(800ms);
  for (const std::size_t n : {1, 2, 3}) asked += s.take(n).iwant.size();
  EXPECT_GT(asked, 3u);  // an answer may get lost
  EXPECT_GE(s.counters().hedges.value(), 2u);
}

TEST(control, broken_promises_are_held_against_a_peer) {
  scene s(1);
  for (int i = 0; i < 12; ++i) {
    rpc_writer w;
    const std::string id = scene::id_of_message(static_cast<std::uint64_t>(100 + i));
    const bytes_view view = as_bytes(id);
    w.ihave("t", {&view, 1});
    s.tell(1, w);
    s.net.run(1s);
  }
  s.net.run(4s);
  EXPECT_GE(s.counters().promises_broken.value(), 10u);
  EXPECT_LT(s.score(1), 0);
}

TEST(control, ihave_has_its_limits) {
  gossip_config config = quiet_config();
  config.ihave_frames_max = 3;
  config.ihave_ids_max = 10;
  config.wanted_max = 8;
  scene s(2, config);
  std::vector<std::string> text;
  std::vector<bytes_view> ids;
  for (std::uint64_t i = 0; i < 12; ++i) text.push_back(scene::id_of_message(i + 10));
  for (const auto& each : text) ids.push_back(as_bytes(each));
  rpc_writer w;
  w.ihave("t", ids);
  s.tell(1, w);
  EXPECT_EQ(s.net.core(0).sizes().wanted, 8u);
  EXPECT_EQ(s.dropped(drop_reason::wanted_full), 2u);
  EXPECT_EQ(s.dropped(drop_reason::ihave_ids), 2u);
  for (int i = 0; i < 4; ++i) {
    w.ihave("t", std::span(ids).first(1));
    s.tell(1, w);
  }
  EXPECT_EQ(s.dropped(drop_reason::ihave_frames), 2u);
  // of a topic that is not followed, and ids that are none
  w.ihave("other", ids);
  s.tell(2, w);
  const std::string giant(5000, 'x');
  const std::array<bytes_view, 2> odd{as_bytes(giant), bytes_view{}};
  w.ihave("t", odd);
  s.tell(2, w);
  EXPECT_EQ(s.dropped(drop_reason::oversized), 2u);
}

TEST(control, iwant_is_answered_so_often_and_no_more) {
  gossip_config config = quiet_config();
  config.iwant_ids_max = 20;
  config.iwant_bytes_max = 5000;
  scene s(2, config);
  s.tell(1, s.message(1, std::string(600, 'a')));
  s.take(2);
  rpc_writer w;
  const std::string id = scene::id_of_message(1);
  const bytes_view view = as_bytes(id);
  for (int i = 0; i < 5; ++i) {
    w.iwant({&view, 1});
    s.tell(2, w);
  }
  EXPECT_EQ(s.take(2).data.size(), 3u);
  EXPECT_EQ(s.dropped(drop_reason::iwant_repeated), 2u);
  s.tell(1, s.message(2, std::string(3000, 'b')));
  const std::string second = scene::id_of_message(2);
  const std::array<bytes_view, 2> both{as_bytes(second), as_bytes(second)};
  w.iwant(both);
  s.tell(2, w);
  EXPECT_EQ(s.dropped(drop_reason::iwant_bytes), 2u);
  const std::string unknown = scene::id_of_message(77);
  const std::vector<bytes_view> many(30, as_bytes(unknown));
  w.iwant(many);
  s.tell(2, w);
  EXPECT_EQ(s.dropped(drop_reason::iwant_unknown), 13u);
  EXPECT_EQ(s.dropped(drop_reason::iwant_ids), 17u);
}

TEST(control, ihave_is_split_and_goes_outside_of_the_mesh) {
  gossip_config config;
  config.heartbeat_first = 500ms;
  scene s(1, config);
  rpc_writer w;
  w.prune("t", 60, {});
  s.tell(1, w);
  const auto source = s.add({false, version::v1_2, std::nullopt});
  for (std::uint64_t i = 0; i < 900; ++i) s.net.send_raw(source, 0, s.message(i + 1));
  s.net.run(10ms);
  s.take(1);
  s.net.run(600ms);
  const heard h = s.take(1);
  EXPECT_EQ(h.ihave.size(), 900u);
  EXPECT_LE(h.largest, 16u * 1024);
  EXPECT_GE(h.frames, 3u);
}

TEST(control, messages_are_announced_three_times_and_held_for_five) {
  gossip_config config;
  config.degree_lazy = 6;
  scene s(1, config);
  rpc_writer w;
  w.prune("t", 600, {});
  s.tell(1, w);
  const auto source = s.add({false, version::v1_2, std::nullopt});
  s.net.run(1100ms);
  s.take(1);
  s.tell(source, s.message(1));
  std::vector<std::size_t> told;
  for (int beat = 0; beat < 6; ++beat) {
    s.net.run(1s);
    told.push_back(s.take(1).ihave.size());
  }
  EXPECT_EQ(std::accumulate(told.begin(), told.end(), std::size_t{0}), 3u);
  EXPECT_EQ(s.net.core(0).sizes().cached, 0u);
  EXPECT_EQ(s.net.core(0).sizes().cached_bytes, 0u);
}

// -- IDONTWANT ---

TEST(control, large_messages_are_called_off_elsewhere_before_validation) {
  scene s(3);
  for (const std::size_t n : {1, 2, 3}) s.graft(n);
  const auto old = s.add({false, version::v1_1, std::nullopt});
  s.graft(old);
  s.net.with(
      0, [&](gossip_core& core, outbox&) { ASSERT_TRUE(core.set_validated_outside("t", true)); });
  for (const std::size_t n : {1, 2, 3}) s.take(n);
  s.tell(1, s.message(1, std::string(2000, 'x')));
  EXPECT_TRUE(s.net.deliveries(0).empty());  // no verdict yet
  EXPECT_TRUE(s.take(1).idontwant.empty());  // it has it
  EXPECT_EQ(s.take(2).idontwant, std::vector{scene::id_of_message(1)});
  EXPECT_EQ(s.take(3).idontwant.size(), 1u);
  EXPECT_TRUE(s.take(old).idontwant.empty());
  s.tell(1, s.message(2, std::string(200, 'x')));
  EXPECT_TRUE(s.take(2).idontwant.empty());
}

TEST(control, forged_copy_calls_nothing_off_and_keeps_nothing_out) {
  scene s(2);
  for (const std::size_t n : {1, 2}) s.graft(n);
  s.take(2);
  const auto good = s.message(1, std::string(2000, 'x'));
  byte_buffer bad = to_buffer(good);
  bad[200] ^= 1;
  s.tell(1, chunk_view::copy(bad));
  EXPECT_TRUE(s.take(2).idontwant.empty());
  s.tell(2, good);
  EXPECT_EQ(s.net.deliveries(0).size(), 1u);
}

TEST(control, idontwant_is_obeyed_also_of_older_peers) {
  for (const version speaks : {version::v1_2, version::v1_1}) {
    scene s(2, {}, {false, speaks, std::nullopt});
    for (const std::size_t n : {1, 2}) s.graft(n);
    rpc_writer w;
    const std::string id = scene::id_of_message(1);
    const bytes_view view = as_bytes(id);
    w.idontwant({&view, 1});
    s.tell(2, w);
    s.take(2);
    s.tell(1, s.message(1));
    EXPECT_TRUE(s.take(2).data.empty());
    EXPECT_EQ(s.counters().copies_saved.value(), 1u);
    // it is forgotten after three heartbeats
    w.idontwant({&view, 1});
    const std::string later = scene::id_of_message(2);
    const bytes_view later_view = as_bytes(later);
    w.idontwant({&later_view, 1});
    s.tell(2, w);
    s.net.run(4s);
    s.take(2);
    s.tell(1, s.message(2));
    EXPECT_EQ(s.take(2).data.size(), 1u);
  }
}

TEST(control, idontwant_has_its_limits) {
  gossip_config config = quiet_config();
  config.idontwant_frames_max = 5;
  config.idontwant_ids_max = 3;
  config.unwanted_per_peer_max = 10;
  scene s(1, config);
  std::uint64_t next = 1;
  for (int frame = 0; frame < 6; ++frame) {
    std::vector<std::string> text;
    std::vector<bytes_view> ids;
    for (int i = 0; i < 4; ++i) text.push_back(scene::id_of_message(next++));
    for (const auto& each : text) ids.push_back(as_bytes(each));
    rpc_writer w;
    w.idontwant(ids);
    s.tell(1, w);
  }
  EXPECT_EQ(s.dropped(drop_reason::idontwant_frames), 1u);
  EXPECT_EQ(s.dropped(drop_reason::idontwant_ids), 5u);
  EXPECT_EQ(s.net.core(0).sizes().unwanted, 10u);
  rpc_writer w;
  const std::string giant(200, 'x');
  const bytes_view view = as_bytes(giant);
  scene fresh(1, config);
  w.idontwant({&view, 1});
  fresh.tell(1, w);
  EXPECT_EQ(fresh.dropped(drop_reason::oversized), 1u);
}

}  // namespace
}  // namespace weft::gossip::test
