// SPDX-License-Identifier: MIT
#include "tests/messaging/mesh.hpp"

#include <gtest/gtest.h>

namespace weft::messaging {
namespace {

using namespace std::chrono_literals;
using testing::mesh;

chunk_view pattern(std::size_t size) {
  chunk c = chunk::allocate(size);
  for (std::size_t i = 0; i < size; ++i)
    c.mutable_data()[i] = static_cast<std::uint8_t>(i * 131 + (i >> 9));
  return {std::move(c), 0, size};
}

// Goal: two nodes exchange volatile messages, each is shown once and acknowledged with hops,
// latency and time.
TEST(exchange, volatile_message_is_shown_once_and_acknowledged) {
  mesh net{2};
  net.line();
  const auto id = net[0].send(1, "hello");
  ASSERT_TRUE(id);
  net.run(1s);
  ASSERT_EQ(net[1].deliveries.size(), 1u);
  const delivery& d = net[1].deliveries[0];
  EXPECT_EQ(as_text(d.body), "hello");
  EXPECT_EQ(d.sender, net[0].key.id());
  EXPECT_EQ(d.id, *id);
  EXPECT_EQ(d.hops, 1);
  ASSERT_EQ(net[0].receipts.size(), 1u);
  const receipt& r = net[0].receipts[0];
  EXPECT_EQ(r.status, receipt_status::delivered);
  EXPECT_EQ(r.id, *id);
  EXPECT_EQ(r.hops, 1);
  EXPECT_EQ(r.latency, 10ms);
  EXPECT_GE(r.received, d.created);
  EXPECT_EQ(net[0].core->outstanding(), 0u);
  EXPECT_EQ(net[0].core->in_flight(), 0u);
  EXPECT_EQ(net[0].core->round_trip(net[1].key.id()), std::optional<duration>{10ms});
}

// Goal: one opening carries any number of messages both ways; only the first frame pays for the
// signature.
TEST(exchange, one_channel_carries_both_directions) {
  mesh net{2};
  net.line();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(net[0].send(1, "a" + std::to_string(i)));
  net.run(1s);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(net[1].send(0, "b" + std::to_string(i)));
  net.run(1s);
  EXPECT_EQ(net[1].deliveries.size(), 200u);
  EXPECT_EQ(net[0].deliveries.size(), 200u);
  EXPECT_EQ(net[0].count(receipt_status::delivered), 200u);
  EXPECT_EQ(net[1].count(receipt_status::delivered), 200u);
  EXPECT_EQ(net[0].metrics->channels_opened.value(), 1u);
  EXPECT_EQ(net[1].metrics->channels_opened.value(), 0u);
  EXPECT_EQ(net[0].metrics->retransmitted.value(), 0u);
  EXPECT_LT(net[1].metrics->ack_frames_sent.value(), 100u) << "acknowledgements are batched";
}

// Goal: both sides open at once; everything arrives once.
TEST(exchange, simultaneous_openings) {
  mesh net{2};
  net.line();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(net[0].send(1, "x" + std::to_string(i)));
    ASSERT_TRUE(net[1].send(0, "y" + std::to_string(i)));
  }
  net.run(2s);
  EXPECT_EQ(net[0].deliveries.size(), 50u);
  EXPECT_EQ(net[1].deliveries.size(), 50u);
  EXPECT_EQ(net[0].count(receipt_status::delivered), 50u);
  EXPECT_EQ(net[1].count(receipt_status::delivered), 50u);
}

// Goal: a line of six carries messages end to end; the middle forwards and shows nothing.
TEST(exchange, six_nodes_in_a_line) {
  mesh net{6};
  net.line();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(net[0].send(5, "m" + std::to_string(i)));
  net.run(3s);
  EXPECT_EQ(net[5].deliveries.size(), 100u);
  EXPECT_EQ(net[0].count(receipt_status::delivered), 100u);
  EXPECT_EQ(net[0].receipts[0].hops, 5);
  EXPECT_EQ(net[5].deliveries[0].hops, 5);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(net[i].deliveries.size(), 0u);
    EXPECT_GE(net[i].metrics->forwarded.value(), 100u);
    EXPECT_EQ(net[i].core->channel_count(), 0u);
  }
}

// Goal: durable messages are committed on both sides before they are sent and acknowledged.
TEST(exchange, durable_message_is_stored_then_delivered) {
  mesh net{2};
  net.line();
  ASSERT_TRUE(net[0].send(1, "keep", message_class::durable));
  EXPECT_EQ(net.frames, 0u) << "nothing leaves before the commit";
  net.run(1s);
  ASSERT_EQ(net[0].receipts.size(), 2u);
  EXPECT_EQ(net[0].receipts[0].status, receipt_status::stored);
  EXPECT_EQ(net[0].receipts[1].status, receipt_status::delivered);
  EXPECT_TRUE(net[0].store.outbound.empty());
  ASSERT_EQ(net[1].store.inbound.size(), 1u);
  ASSERT_EQ(net[1].deliveries.size(), 1u);
  EXPECT_NE(net[1].deliveries[0].inbox_row, 0u);
}

// Goal: lossy, reordering, duplicating links still deliver each message exactly once, in either
// class.
TEST(exchange, lossy_reordered_duplicated) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    mesh net{4, seed};
    net.options = {3ms, 20ms, 0.1, 0.1};
    net.line();
    for (int i = 0; i < 150; ++i) {
      ASSERT_TRUE(net[0].send(3, "v" + std::to_string(i)));
      ASSERT_TRUE(net[0].send(3, "d" + std::to_string(i), message_class::durable));
    }
    EXPECT_TRUE(net.run_until([&] { return net[0].count(receipt_status::delivered) == 300; }, 25s))
        << "seed " << seed << ": " << net[0].count(receipt_status::delivered);
    for (int i = 0; i < 150; ++i) {
      EXPECT_EQ(net[3].shown("v" + std::to_string(i)), 1u) << "seed " << seed;
      EXPECT_EQ(net[3].shown("d" + std::to_string(i)), 1u) << "seed " << seed;
    }
    EXPECT_GT(net[0].metrics->retransmitted.value(), 0u);
    EXPECT_TRUE(net[0].store.outbound.empty() || (net.run(1s), net[0].store.outbound.empty()));
  }
}

// Goal: messages written during a partition arrive after it heals; volatile ones expire when it
// lasts.
TEST(exchange, partition_and_heal) {
  mesh net{3};
  net.line();
  ASSERT_TRUE(net[0].send(2, "before"));
  net.run(1s);
  net.unlink(1, 2);
  ASSERT_TRUE(net[0].send(2, "during", message_class::durable));
  ASSERT_TRUE(net[0].send(2, "lost"));
  net.run(60s);
  EXPECT_EQ(net[0].count(receipt_status::failed), 1u) << "the volatile one is given up";
  EXPECT_EQ(net[0].metrics->dropped[drop_reason::expired].value(), 1u);
  net.link(1, 2);
  net.run(5s);
  EXPECT_EQ(net[2].shown("during"), 1u);
  EXPECT_EQ(net[2].shown("lost"), 0u);
  EXPECT_EQ(net[0].count(receipt_status::delivered), 2u);
}

// Goal: sender and receiver restart at any time with their stores; durable messages are shown
// exactly once.
TEST(exchange, restarts_keep_durable_messages) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    mesh net{3, seed};
    net.options.jitter = 4ms;
    net.options.loss = 0.02;
    net.line();
    std::map<message_id, std::size_t> shown;
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(net[0].send(2, std::to_string(round * 10 + i), message_class::durable));
      net.run(duration{static_cast<std::int64_t>(net.random.below(30'000'000))});
      const std::size_t victim = net.random.below(2) * 2;
      // The user saw what was delivered and marked it, before the process died.
      if (victim == 2)
        for (const delivery& d : net[2].deliveries) net[2].store.inbound.erase(d.inbox_row);
      net[victim].restart();
    }
    net.run(120s);
    for (const delivery& d : net[2].deliveries) ++shown[d.id];
    const std::set<message_id>& accepted = net[0].store.accepted;
    EXPECT_TRUE(net[0].store.outbound.empty()) << "seed " << seed;
    EXPECT_GE(accepted.size(), 100u) << "seed " << seed;
    for (const auto& [id, times] : shown) {
      EXPECT_EQ(times, 1u) << "seed " << seed << " " << id.to_string();
      EXPECT_TRUE(accepted.contains(id)) << "seed " << seed << " " << id.to_string();
    }
    for (const message_id& id : accepted)
      EXPECT_TRUE(shown.contains(id)) << "seed " << seed << " lost " << id.to_string();
  }
}

// Goal: a receiver that lost its memory is written to again without help from the user.
TEST(exchange, receiver_behind_hops_restarts) {
  mesh net{3};
  net.line();
  ASSERT_TRUE(net[0].send(2, "one"));
  net.run(1s);
  net[2].restart(true);
  ASSERT_TRUE(net[0].send(2, "two"));
  EXPECT_TRUE(net.run_until([&] { return net[2].shown("two") == 1; }, 10s));
  net.run(5s);
  EXPECT_EQ(net[0].count(receipt_status::delivered), 2u);
  EXPECT_GE(net[0].metrics->channels_opened.value(), 2u);
}

// Goal: the channel is replaced after its count, without losing or repeating a message.
TEST(exchange, channels_are_replaced) {
  messaging_config config;
  config.rekey_messages = 64;
  mesh net{2, 1, config};
  net.line();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(net[0].send(1, std::to_string(i)));
    if (i % 10 == 0) net.run(20ms);
  }
  net.run(2s);
  EXPECT_EQ(net[1].deliveries.size(), 1000u);
  EXPECT_EQ(net[0].count(receipt_status::delivered), 1000u);
  EXPECT_GE(net[0].metrics->channels_opened.value(), 10u);
  EXPECT_LE(net[0].core->channel_count(), config.channels_per_peer_max);
}

// Goal: after idle_timeout nothing is kept, and writing again opens a new channel.
TEST(exchange, idle_channels_are_forgotten) {
  mesh net{2};
  net.line();
  ASSERT_TRUE(net[0].send(1, "a"));
  net.run(30min);
  EXPECT_EQ(net[0].core->channel_count(), 0u);
  EXPECT_EQ(net[1].core->channel_count(), 0u);
  EXPECT_EQ(net[0].metrics->peers.value(), 0);
  EXPECT_FALSE(net[0].core->next_deadline()) << "an idle core wants no timer";
  ASSERT_TRUE(net[0].send(1, "b"));
  net.run(1s);
  EXPECT_EQ(net[1].deliveries.size(), 2u);
}

// Goal: a large volatile payload arrives intact, with progress on both sides.
TEST(exchange, volatile_payload) {
  mesh net{3};
  net.options.jitter = 3ms;
  net.line();
  const chunk_view body = pattern(3'000'001);
  ASSERT_TRUE(net[0].send(2, body, message_class::volatile_));
  EXPECT_TRUE(net.run_until([&] { return net[0].count(receipt_status::delivered) == 1; }, 20s));
  ASSERT_EQ(net[2].deliveries.size(), 1u);
  EXPECT_TRUE(std::ranges::equal(net[2].deliveries[0].body.bytes(), body.bytes()));
  EXPECT_GE(net[0].progresses.size(), 2u);
  EXPECT_GE(net[2].progresses.size(), 2u);
  EXPECT_EQ(net[0].progresses.back().done_bytes, body.size());
  EXPECT_EQ(net[2].progresses.back().done_bytes, body.size());
  EXPECT_EQ(net[2].metrics->reassemblies.value(), 0);
  EXPECT_EQ(net[2].metrics->reassembly_bytes.value(), 0);
}

// Goal: a durable payload survives loss and restarts of both sides, resumes, and is shown once.
TEST(exchange, durable_payload_resumes_after_restarts) {
  for (const std::size_t victim : {0u, 1u}) {
    mesh net{2};
    net.options.loss = 0.02;
    net.line();
    const chunk_view body = pattern(8'000'000);
    ASSERT_TRUE(net[0].send_file(1, "out", to_buffer(body)));
    EXPECT_TRUE(net.run_until([&] { return net[1].progresses.size() >= 3; }, 20s));
    net[victim].restart();
    EXPECT_TRUE(net.run_until([&] { return net[1].deliveries.size() == 1; }, 60s));
    net.run(10s);
    ASSERT_EQ(net[1].deliveries.size(), 1u);
    const delivery& d = net[1].deliveries[0];
    EXPECT_EQ(d.size, body.size());
    EXPECT_TRUE(std::ranges::equal(net[1].store.files.at(d.file_path), body.bytes()));
    EXPECT_TRUE(net[0].store.outbound.empty());
    if (victim == 0) {
      EXPECT_LT(net[0].metrics->fragments_sent.value(), 160u) << "the rest, not everything again";
    }
  }
}

// Goal: small messages do not wait behind a large payload.
TEST(exchange, small_messages_pass_a_payload) {
  mesh net{2};
  net.options.delay = 20ms;
  net.line();
  ASSERT_TRUE(net[0].send(1, "warm"));
  net.run(1s);
  ASSERT_TRUE(net[0].send(1, pattern(15'000'000), message_class::volatile_));
  net.run(100ms);
  ASSERT_TRUE(net[0].send(1, "small"));
  net.run(50ms);
  EXPECT_EQ(net[1].shown("small"), 1u);
}

}  // namespace
}  // namespace weft::messaging
