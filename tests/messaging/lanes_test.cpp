// SPDX-License-Identifier: MIT
// One class of messages never waits for the other: a peer that refuses durable messages, as one
// with a full inbox does, still gets volatile ones, and a flood of either leaves the other its
// turn.
#include "tests/messaging/mesh.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace weft::messaging {
namespace {

using namespace std::chrono_literals;
using testing::mesh;

std::uint64_t dropped(mesh& net, std::size_t node, drop_reason reason) {
  return net[node].metrics->dropped[reason].value();
}

void send_many(mesh& net, std::size_t count, message_class klass, std::string_view prefix) {
  for (std::size_t i = 0; i < count; ++i)
    ASSERT_TRUE(net[0].send(1, std::string{prefix} + std::to_string(i), klass)) << prefix << i;
}

std::size_t delivered(const testing::node& n, message_class klass) {
  return static_cast<std::size_t>(std::count_if(n.deliveries.begin(), n.deliveries.end(),
                                                [&](const auto& d) { return d.klass == klass; }));
}

/// Two nodes that have spoken in both classes, then the second one's inbox is full.
void fill_inbox(mesh& net) {
  net.line();
  ASSERT_TRUE(net[0].send(1, "warm"));
  ASSERT_TRUE(net[0].send(1, "stored", message_class::durable));
  net.run(1s);
  ASSERT_EQ(net[0].count(receipt_status::delivered), 2u);
  net[1].store.failure = ec::limit;
}

// Goal: more durable messages than a window holds are refused; volatile ones sent then, and those
// sent when the durable ones have waited long, need one round trip as ever.
TEST(lanes, refused_durable_messages_do_not_hold_up_volatile_ones) {
  mesh net{2};
  fill_inbox(net);
  send_many(net, net[0].config.window_messages + 500, message_class::durable, "d");
  net.run(20ms);
  EXPECT_GT(dropped(net, 1, drop_reason::store_refused), 0u);
  send_many(net, 300, message_class::volatile_, "early");
  net.run(20ms);
  EXPECT_EQ(delivered(net[1], message_class::volatile_), 301u);
  net.run(20s);
  send_many(net, 3000, message_class::volatile_, "late");
  net.run(20ms);
  EXPECT_EQ(delivered(net[1], message_class::volatile_), 3301u);
  EXPECT_EQ(net[0].metrics->dropped[drop_reason::expired].value(), 0u);
}

// Goal: acknowledged volatile messages do not make refused durable ones come again sooner; once the
// inbox has room they all arrive, each once.
TEST(lanes, refused_durable_messages_keep_their_back_off) {
  mesh net{2};
  fill_inbox(net);
  send_many(net, 8, message_class::durable, "d");
  for (int i = 0; i < 1200; ++i) {
    ASSERT_TRUE(net[0].send(1, "ping" + std::to_string(i)));
    net.run(50ms);
  }
  EXPECT_EQ(delivered(net[1], message_class::volatile_), 1201u);
  // 200 ms at first, doubled each time: nine attempts in a minute.
  EXPECT_GE(dropped(net, 1, drop_reason::store_refused), 8u * 5);
  EXPECT_LE(dropped(net, 1, drop_reason::store_refused), 8u * 10);
  EXPECT_EQ(net[0].metrics->channels_opened.value(), 1u) << "its keys are in use all the time";
  net[1].store.failure = ec::none;
  net.run(61s);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(net[1].shown("d" + std::to_string(i)), 1u);
  EXPECT_EQ(net[0].core->outstanding(), 0u);
}

// Goal: while a peer answers, a change of routes elsewhere does not make refused messages come
// again; a new session with the peer does.
TEST(lanes, back_off_ends_with_a_new_session) {
  mesh net{2};
  fill_inbox(net);
  send_many(net, 8, message_class::durable, "d");
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(net[0].send(1, "ping" + std::to_string(i)));
    net.run(50ms);
    net[0].core->on_route_change(net.now, net.wall(), net[0].out);
    net[0].settle();
  }
  EXPECT_LE(dropped(net, 1, drop_reason::store_refused), 8u * 7);
  net[1].store.failure = ec::none;
  net.unlink(0, 1);
  net.link(0, 1);
  net.run(50ms);
  EXPECT_EQ(delivered(net[1], message_class::durable), 9u);
}

// Goal: a queue full of volatile messages, and the flood that fills it again and again, leaves room
// and turns for durable ones.
TEST(lanes, a_volatile_flood_does_not_hold_up_durable_messages) {
  messaging_config config;
  config.window_messages = 64;
  config.queue_messages_max = 2000;
  mesh net{2, 1, config};
  net.line();
  const auto flood = [&] {
    while (net[0].send(1, "flood")) {
    }
  };
  flood();
  send_many(net, 100, message_class::durable, "d");
  for (int i = 0; i < 20; ++i) {
    net.run(5ms);
    flood();
  }
  EXPECT_EQ(delivered(net[1], message_class::durable), 100u);
  EXPECT_GT(net[0].core->outstanding(), 1900u) << "the flood still waits";
}

// Goal: two long queues are served in turn.
TEST(lanes, both_classes_are_served_in_turn) {
  messaging_config config;
  config.window_messages = 16;
  config.opening_window_messages = 16;
  mesh net{2, 1, config};
  send_many(net, 320, message_class::durable, "d");
  send_many(net, 320, message_class::volatile_, "v");
  net.run(10ms);
  net.line();
  EXPECT_TRUE(
      net.run_until([&] { return delivered(net[1], message_class::volatile_) >= 160; }, 5s));
  EXPECT_GE(delivered(net[1], message_class::durable), 100u);
  EXPECT_LE(delivered(net[1], message_class::durable), 160u);
  net.run(2s);
  EXPECT_EQ(delivered(net[1], message_class::durable), 320u);
  EXPECT_EQ(delivered(net[1], message_class::volatile_), 320u);
}

// Goal: a receiver that never answered because it refused all it got, which are the durable ones,
// still gets volatile ones.
TEST(lanes, an_opening_full_of_refused_messages_lets_volatile_ones_pass) {
  mesh net{2};
  net.line();
  net[1].store.failure = ec::limit;
  send_many(net, 200, message_class::durable, "d");
  net.run(20ms);
  send_many(net, 10, message_class::volatile_, "v");
  net.run(20ms);
  EXPECT_EQ(delivered(net[1], message_class::volatile_), 10u);
}

// Goal: as many refused durable payloads as may be under way to a peer leave room for a volatile
// one, on both sides.
TEST(lanes, refused_payloads_do_not_hold_up_a_volatile_one) {
  mesh net{2};
  fill_inbox(net);
  for (std::size_t i = 0; i < net[0].config.payloads_per_peer_max; ++i)
    ASSERT_TRUE(net[0].send_file(1, "f" + std::to_string(i), byte_buffer(2'000'000, 7)));
  net.run(20ms);
  EXPECT_GT(dropped(net, 1, drop_reason::store_refused), 0u);
  chunk big = chunk::allocate(1'000'000);
  std::fill_n(big.mutable_data(), 1'000'000, std::uint8_t{9});
  ASSERT_TRUE(net[0].send(1, chunk_view{std::move(big), 0, 1'000'000}, message_class::volatile_));
  net.run(100ms);
  EXPECT_EQ(delivered(net[1], message_class::volatile_), 2u);
  net[1].store.failure = ec::none;
  net.run(70s);
  EXPECT_EQ(delivered(net[1], message_class::durable), 9u);
}

// Goal: peers that take nothing fill neither the totals, where another peer keeps a share, nor the
// part of the other class.
TEST(lanes, peers_that_take_nothing_leave_a_share_of_the_totals) {
  messaging_config config;
  config.queue_messages_max = 400;
  config.total_messages_max = 800;
  mesh net{6, 1, config};
  const auto fill = [&](std::size_t to, message_class klass) {
    std::size_t taken = 0;
    while (net[0].send(to, "x", klass)) ++taken;
    return taken;
  };
  EXPECT_EQ(fill(1, message_class::durable), 350u) << "half of seven eighths";
  EXPECT_EQ(fill(2, message_class::durable), 175u);
  EXPECT_GT(fill(3, message_class::durable), 80u);
  EXPECT_GT(fill(4, message_class::durable), 40u);
  EXPECT_GT(fill(5, message_class::volatile_), 60u);
  EXPECT_LE(net[0].core->outstanding(), config.total_messages_max);
  EXPECT_GT(dropped(net, 0, drop_reason::queue_full), 0u);
}

// Goal: a peer that was refused because others held everything hears when they let go.
TEST(lanes, a_peer_refused_for_others_hears_when_there_is_room) {
  messaging_config config;
  config.queue_messages_max = 7;
  config.total_messages_max = 8;
  mesh net{5, 1, config};
  for (std::size_t to = 1; to < 4; ++to)
    while (net[0].send(to, "x")) {
    }
  net[0].writable.clear();
  EXPECT_EQ(net[0].send(4, "x").error().code, ec::queue_full) << "though it holds nothing";
  net.run(20s);
  EXPECT_TRUE(net[0].writable.empty()) << "all still wait";
  net.run(20s);
  EXPECT_EQ(net[0].core->outstanding(), 0u);
  EXPECT_EQ(std::count(net[0].writable.begin(), net[0].writable.end(), net[4].key.id()), 1);
}

// Goal: the same in bytes.
TEST(lanes, peers_that_take_nothing_leave_bytes) {
  messaging_config config;
  config.queue_bytes_max = 400'000;
  config.total_bytes_max = 800'000;
  mesh net{4, 1, config};
  chunk block = chunk::allocate(10'000);
  std::fill_n(block.mutable_data(), 10'000, std::uint8_t{5});
  const chunk_view body{std::move(block), 0, 10'000};
  std::size_t taken = 0;
  while (net[0].send(1, body, message_class::durable)) ++taken;
  EXPECT_EQ(taken, 35u);
  EXPECT_TRUE(net[0].send(2, body, message_class::durable));
  EXPECT_TRUE(net[0].send(3, body, message_class::volatile_));
}

// Goal: durable payloads that nobody completes do not keep a receiver from putting volatile ones
// together.
TEST(lanes, unfinished_durable_payloads_leave_room_for_volatile_ones) {
  messaging_config config;
  config.reassemblies_max = 8;
  mesh net{3, 1, config};
  net.link(0, 1);
  net.link(2, 1);
  net[1].store.failure = ec::limit;
  for (int i = 0; i < 8; ++i)
    ASSERT_TRUE(net[0].send_file(1, "f" + std::to_string(i), byte_buffer(100'000, 7)));
  net.run(100ms);
  EXPECT_GT(dropped(net, 1, drop_reason::reassembly_limit), 0u);
  chunk big = chunk::allocate(100'000);
  std::fill_n(big.mutable_data(), 100'000, std::uint8_t{9});
  ASSERT_TRUE(net[2].send(1, chunk_view{std::move(big), 0, 100'000}, message_class::volatile_));
  net.run(100ms);
  EXPECT_EQ(delivered(net[1], message_class::volatile_), 1u);
}

}  // namespace
}  // namespace weft::messaging
