// SPDX-License-Identifier: MIT
// The parts of the actors that need no actor: replies, summaries, the inbox hub, metrics, the
// protocol table.
#include "actors/actor_metrics.hpp"
#include "actors/bench_types.hpp"
#include "actors/inbox_hub.hpp"
#include "actors/job.hpp"
#include "actors/protocols.hpp"
#include "actors/reply.hpp"
#include "actors/runtime_types.hpp"
#include "gossip/gossip_types.hpp"
#include "metrics/sample_summary.hpp"

#include <gtest/gtest.h>

namespace weft::actors {
namespace {

TEST(reply, answers_once) {
  std::vector<result<int>> got;
  {
    const reply<int> r([&](result<int> v) { got.push_back(std::move(v)); });
    const auto copy = r;
    copy(1);
    r(2);
    EXPECT_TRUE(r.answered());
  }
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(*got[0], 1);
}

TEST(reply, says_stopping_when_it_goes_away) {
  std::vector<ec> got;
  {
    const reply<int> r([&](const result<int>& v) { got.push_back(v.error().code); });
    const auto copy = r;
  }
  EXPECT_EQ(got, (std::vector<ec>{ec::stopping}));
  const reply<int> empty;
  empty(1);
}

TEST(sample_summary, uses_the_nearest_rank) {
  std::vector<double> samples;
  for (int i = 1000; i > 0; --i) samples.push_back(i);
  const auto s = summarize(samples);
  EXPECT_EQ(s.count, 1000u);
  EXPECT_EQ(s.min, 1);
  EXPECT_EQ(s.p50, 500);
  EXPECT_EQ(s.p95, 950);
  EXPECT_EQ(s.p99, 990);
  EXPECT_EQ(s.p999, 999);
  EXPECT_EQ(s.max, 1000);
  EXPECT_DOUBLE_EQ(s.mean, 500.5);
  EXPECT_EQ(summarize({}).count, 0u);
  EXPECT_EQ(summarize({7}).p999, 7);
}

inbox_message text(std::string id, std::size_t bytes) {
  inbox_message m;
  m.id = std::move(id);
  m.body.resize(bytes);
  return m;
}

TEST(inbox_hub, passes_a_stored_row_on_once) {
  inbox_hub hub;
  int seen = 0;
  ASSERT_TRUE(hub.follow([&](const inbox_message&) { ++seen; }));
  EXPECT_TRUE(hub.publish(7, text("a", 1)));
  EXPECT_FALSE(hub.publish(7, text("a", 1)));
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(hub.volatile_messages(10).empty());
  hub.forget_rows({7});
  EXPECT_TRUE(hub.publish(7, text("a", 1)));
}

TEST(inbox_hub, bounds_volatile_messages_by_count_and_bytes) {
  inbox_hub hub({.volatile_messages_max = 3, .volatile_bytes_max = 100});
  for (int i = 0; i < 5; ++i) hub.publish(0, text(std::to_string(i), 10));
  EXPECT_EQ(hub.dropped(), 2u);
  EXPECT_EQ(hub.volatile_messages(10).front().id, "2");
  hub.publish(0, text("big", 95));
  EXPECT_EQ(hub.volatile_messages(10).size(), 1u);
  EXPECT_EQ(hub.dropped(), 5u);
  EXPECT_TRUE(hub.remove_volatile({{}, "big"}));
  EXPECT_FALSE(hub.remove_volatile({{}, "big"}));
}

TEST(inbox_hub, bounds_followers) {
  inbox_hub hub({.followers_max = 1});
  const auto first = hub.follow([](const inbox_message&) {});
  ASSERT_TRUE(first);
  EXPECT_EQ(hub.follow([](const inbox_message&) {}).error().code, ec::limit);
  hub.unfollow(*first);
  EXPECT_TRUE(hub.follow([](const inbox_message&) {}));
}

TEST(job_slots, are_given_back) {
  job_slots slots(2);
  auto a = slots.take();
  const auto b = slots.take();
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(slots.take());
  a.reset();
  EXPECT_TRUE(slots.take());
}

TEST(protocol_table, puts_each_protocol_on_its_concern) {
  const gossip::gossip_config gossip;
  const dht::dht_config dht;
  const auto table = protocol_table({1000, &gossip, &dht});
  ASSERT_EQ(table.size(), 5u);
  EXPECT_EQ(table[gossip_push_protocol].names.front(), gossip::push_protocol_name);
  EXPECT_EQ(table[gossip_push_protocol].kind, transport::stream_kind::push);
  EXPECT_EQ(table[gossip_push_protocol].concern, gossip_concern);
  EXPECT_EQ(table[gossip_protocol].names.front(), "/meshsub/1.2.0");
  EXPECT_EQ(table[gossip_protocol].concern, gossip_concern);
  EXPECT_EQ(table[dht_protocol].names.front(), "/weft/kad/1.0.0");
  EXPECT_EQ(table[dht_protocol].kind, transport::stream_kind::exchange);
  EXPECT_EQ(table[message_protocol].names[0], "/weft/msg/1.0.0");
  EXPECT_EQ(table[message_protocol].concern, messaging_concern);
  EXPECT_EQ(table[route_protocol].names[0], "/weft/route/1.0.0");
  EXPECT_EQ(table[route_protocol].frame_bytes_max, 1000u);
}

TEST(actor_metrics, keep_one_entry_a_name) {
  actor_metrics_table table;
  auto& a = table.of("a");
  EXPECT_EQ(&table.of("a"), &a);
  EXPECT_EQ(table.all().size(), 1u);
}

TEST(actor_metrics, tell_what_waits_now_and_at_most) {
  actor_metrics a("a");
  EXPECT_EQ(a.mailbox_depth(), 0u);
  const auto first = a.new_mailbox();
  for (int i = 0; i < 4; ++i) first->on_posted();
  EXPECT_EQ(a.mailbox_depth(), 4u);
  EXPECT_EQ(a.mailbox_depth_max(), 4u);
  EXPECT_FALSE(a.handling());
  first->on_taken();
  EXPECT_TRUE(a.handling());
  EXPECT_EQ(a.mailbox_depth(), 3u);
  first->on_handled();
  EXPECT_FALSE(a.handling());
  // What waits for an actor that has ended is gone, and its successor begins anew.
  first->on_closed();
  EXPECT_EQ(a.mailbox_depth(), 0u);
  const auto second = a.new_mailbox();
  second->on_posted();
  first->on_posted();
  EXPECT_EQ(a.mailbox_depth(), 1u);
  EXPECT_EQ(a.mailbox_depth_max(), 4u);
}

TEST(bench_kind, names_round_trip) {
  for (const auto k :
       {bench_kind::handshake, bench_kind::ping, bench_kind::stream, bench_kind::message,
        bench_kind::broadcast, bench_kind::throughput, bench_kind::lookup})
    EXPECT_EQ(*parse_bench_kind(to_string(k)), k);
  EXPECT_EQ(parse_bench_kind("nothing").error().code, ec::bad_argument);
}

}  // namespace
}  // namespace weft::actors
