// SPDX-License-Identifier: MIT
// Send queues: order, classes, every limit with its counter, ages, blocked protocols.
#include "transport/send_queue.hpp"

#include "base/rng.hpp"
#include "tests/transport/transport_fixture.hpp"

#include <array>
#include <deque>
#include <vector>

namespace weft::transport {
namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::text;
using testing::view;

constexpr std::size_t overhead = send_queue_limits::frame_overhead_bytes;

send_queue_limits small_limits() {
  send_queue_limits l;
  for (auto& c : l.classes) c = {.bytes_max = 10 * (100 + overhead), .age_max = 1s};
  l.classes[static_cast<std::size_t>(priority::bulk)].age_max = {};
  l.bytes_max = 20 * (100 + overhead);
  return l;
}

chunk_view hundred(char c) { return view(std::string(100, c)); }

struct send_queue_test : ::testing::Test {
  std::uint64_t dropped(frame_drop reason) const { return metrics.frames_dropped[reason].value(); }
  std::string pop(send_queue& q, instant now = at(0s), protocol_set blocked = 0) {
    const auto f = q.pop(now, blocked);
    return f ? text(f->body) : "nothing";
  }
  transport_metrics metrics;
};

TEST_F(send_queue_test, keeps_order_within_a_class) {
  send_queue q({}, metrics);
  for (const char* body : {"a", "b", "c"})
    ASSERT_EQ(q.push(1, priority::interactive, view(body), at(0s)), ec::none);
  EXPECT_EQ(q.frames(), 3u);
  EXPECT_EQ(q.bytes(), 3 + 3 * overhead);
  EXPECT_EQ(metrics.queued_bytes.value(), static_cast<std::int64_t>(q.bytes()));
  EXPECT_EQ(pop(q), "a");
  EXPECT_EQ(pop(q), "b");
  EXPECT_EQ(pop(q), "c");
  EXPECT_EQ(pop(q), "nothing");
  EXPECT_EQ(q.bytes(), 0u);
  EXPECT_EQ(metrics.queued_bytes.value(), 0);
}

TEST_F(send_queue_test, higher_classes_go_first) {
  send_queue q({}, metrics);
  q.push(0, priority::cover, view("cover"), at(0s));
  q.push(0, priority::background, view("background"), at(0s));
  q.push(0, priority::bulk, view("bulk"), at(0s));
  q.push(0, priority::control, view("control"), at(0s));
  q.push(0, priority::interactive, view("interactive"), at(0s));
  EXPECT_EQ(q.peek_size(), std::string("control").size());
  EXPECT_EQ(pop(q), "control");
  EXPECT_EQ(pop(q), "interactive");
  EXPECT_EQ(pop(q), "bulk");
  EXPECT_EQ(pop(q), "background");
  EXPECT_EQ(pop(q), "cover");
  EXPECT_EQ(q.peek_size(), std::nullopt);
}

TEST_F(send_queue_test, a_blocked_protocol_holds_up_no_other) {
  send_queue q({}, metrics);
  q.push(1, priority::control, view("one"), at(0s));
  q.push(2, priority::control, view("two"), at(0s));
  q.push(1, priority::control, view("one again"), at(0s));
  EXPECT_EQ(q.waiting(), protocol_bit(1) | protocol_bit(2));
  EXPECT_EQ(pop(q, at(0s), protocol_bit(1)), "two");
  EXPECT_EQ(pop(q, at(0s), protocol_bit(1)), "nothing");
  EXPECT_EQ(q.peek_size(protocol_bit(1)), std::nullopt);
  EXPECT_EQ(pop(q), "one");
  EXPECT_EQ(pop(q), "one again");
}

TEST_F(send_queue_test, protocols_of_a_class_go_in_order_of_arrival) {
  send_queue q({}, metrics);
  for (int i = 0; i < 10; ++i)
    q.push(static_cast<protocol_index>(i % 3), priority::bulk, view(std::to_string(i)), at(0s));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pop(q), std::to_string(i));
}

TEST_F(send_queue_test, a_full_class_drops_its_oldest) {
  send_queue q(small_limits(), metrics);
  for (char c = 'a'; c < 'a' + 12; ++c)
    EXPECT_EQ(q.push(1, priority::interactive, hundred(c), at(0s)), ec::none);
  EXPECT_EQ(q.frames(), 10u);
  EXPECT_EQ(dropped(frame_drop::class_full), 2u);
  EXPECT_EQ(q.bytes(priority::interactive), small_limits().classes[1].bytes_max);
  EXPECT_EQ(pop(q), std::string(100, 'c'));
}

TEST_F(send_queue_test, a_full_queue_drops_the_oldest_of_the_lowest_class) {
  send_queue q(small_limits(), metrics);
  for (int i = 0; i < 10; ++i) q.push(1, priority::bulk, hundred('b'), at(0s));
  for (int i = 0; i < 10; ++i) q.push(1, priority::cover, hundred('c'), at(0s));
  ASSERT_EQ(q.bytes(), small_limits().bytes_max);
  EXPECT_EQ(q.push(1, priority::control, hundred('x'), at(0s)), ec::none);
  EXPECT_EQ(dropped(frame_drop::queue_full), 1u);
  EXPECT_EQ(q.bytes(priority::cover), 9 * (100 + overhead));
  EXPECT_EQ(q.bytes(priority::bulk), 10 * (100 + overhead));
}

TEST_F(send_queue_test, a_frame_below_all_others_is_refused_and_costs_nobody) {
  send_queue q(small_limits(), metrics);
  for (int i = 0; i < 10; ++i) q.push(1, priority::control, hundred('a'), at(0s));
  for (int i = 0; i < 9; ++i) q.push(1, priority::interactive, hundred('b'), at(0s));
  q.push(1, priority::cover, hundred('c'), at(0s));
  ASSERT_EQ(q.bytes(), small_limits().bytes_max);
  EXPECT_EQ(q.push(1, priority::interactive, hundred('n'), at(0s)), ec::none);
  EXPECT_EQ(q.bytes(priority::cover), 0u);
  EXPECT_EQ(q.push(1, priority::bulk, hundred('r'), at(0s)), ec::queue_full);
  EXPECT_EQ(dropped(frame_drop::refused), 1u);
  EXPECT_EQ(q.frames(), 20u);
}

TEST_F(send_queue_test, a_frame_larger_than_its_class_is_refused) {
  send_queue q(small_limits(), metrics);
  const auto limit = small_limits().classes[0].bytes_max;
  EXPECT_EQ(q.push(1, priority::control, view(std::string(limit - overhead + 1, 'x')), at(0s)),
            ec::oversized);
  EXPECT_EQ(dropped(frame_drop::oversized), 1u);
  EXPECT_EQ(q.push(1, priority::control, view(std::string(limit - overhead, 'x')), at(0s)),
            ec::none);
}

TEST_F(send_queue_test, empty_frames_are_bounded_by_their_overhead) {
  send_queue q(small_limits(), metrics);
  for (int i = 0; i < 10'000; ++i) q.push(1, priority::cover, chunk_view(), at(0s));
  EXPECT_EQ(q.frames(), small_limits().classes[4].bytes_max / overhead);
}

TEST_F(send_queue_test, old_frames_are_dropped_on_the_way) {
  send_queue q(small_limits(), metrics);
  q.push(1, priority::interactive, view("old"), at(0s));
  q.push(2, priority::interactive, view("older protocol"), at(0ms));
  q.push(1, priority::interactive, view("new"), at(500ms));
  EXPECT_EQ(pop(q, at(1s + 1ns)), "new");
  EXPECT_EQ(dropped(frame_drop::aged), 2u);
}

TEST_F(send_queue_test, expire_keeps_its_deadline) {
  send_queue q(small_limits(), metrics);
  EXPECT_EQ(q.next_deadline(), std::nullopt);
  q.push(1, priority::bulk, view("never"), at(0s));
  EXPECT_EQ(q.next_deadline(), std::nullopt);
  q.push(1, priority::cover, view("x"), at(0s));
  const auto due = q.next_deadline();
  ASSERT_TRUE(due);
  q.expire(*due - 1ns);
  EXPECT_EQ(q.frames(), 2u);
  q.expire(*due);
  EXPECT_EQ(q.frames(), 1u);
  EXPECT_EQ(q.next_deadline(), std::nullopt);
  EXPECT_EQ(pop(q, at(1000h)), "never");
}

TEST_F(send_queue_test, a_protocol_can_be_dropped) {
  send_queue q({}, metrics);
  q.push(1, priority::bulk, view("1"), at(0s));
  q.push(2, priority::bulk, view("2"), at(0s));
  q.push(1, priority::control, view("1"), at(0s));
  EXPECT_EQ(q.drop_protocol(1, frame_drop::unsupported), 2u);
  EXPECT_EQ(dropped(frame_drop::unsupported), 2u);
  EXPECT_EQ(pop(q), "2");
}

TEST_F(send_queue_test, protocols_out_of_range_are_refused) {
  send_queue q({}, metrics);
  EXPECT_EQ(q.push(send_queue::protocols_max, priority::bulk, view("x"), at(0s)), ec::bad_argument);
  EXPECT_EQ(q.push(send_queue::protocols_max - 1, priority::bulk, view("x"), at(0s)), ec::none);
  EXPECT_EQ(pop(q, at(0s), protocol_bit(send_queue::protocols_max - 1)), "nothing");
}

TEST_F(send_queue_test, what_waits_at_the_end_is_counted) {
  {
    send_queue q({}, metrics);
    q.push(1, priority::bulk, view("x"), at(0s));
    q.push(1, priority::bulk, view("y"), at(0s));
  }
  EXPECT_EQ(dropped(frame_drop::no_session), 2u);
  EXPECT_EQ(metrics.queued_bytes.value(), 0);
}

struct fate_log final : fate_sink {
  struct told {
    protocol_index protocol;
    std::uint64_t tag;
    frame_fate fate;
    bool operator==(const told&) const = default;
  };
  void tell(protocol_index protocol, std::uint64_t tag, frame_fate fate) override {
    fates.push_back({protocol, tag, fate});
  }
  std::vector<told> fates;
};

// Every way out of a queue but the popping one, with tagged frames among untagged ones: each tag is
// told once, with the fate that its reason means.
TEST_F(send_queue_test, tagged_frames_are_told_of_once) {
  using told = fate_log::told;
  fate_log log;
  {
    send_queue q(small_limits(), metrics, &log);
    q.push(send_queue::protocols_max, priority::bulk, view("x"), at(0s), 1);
    q.push(1, priority::bulk, view(std::string(5000, 'x')), at(0s), 2);
    EXPECT_EQ(log.fates, (std::vector<told>{{send_queue::protocols_max, 1, frame_fate::dropped},
                                            {1, 2, frame_fate::dropped}}));
    log.fates.clear();
    // the eleventh makes the class drop its oldest, then age takes the next
    for (std::uint64_t i = 0; i < 11; ++i)
      q.push(2, priority::interactive, hundred('a'), at(0s), i == 0 ? 3 : i == 1 ? 4 : 0);
    EXPECT_EQ(log.fates, (std::vector<told>{{2, 3, frame_fate::dropped}}));
    q.expire(at(1s + 1ns));
    EXPECT_EQ(log.fates.back(), (told{2, 4, frame_fate::dropped}));
    ASSERT_EQ(log.fates.size(), 2u);
    // the lowest class makes room for a higher one, and is refused once only higher ones wait
    log.fates.clear();
    for (int i = 0; i < 10; ++i) q.push(1, priority::control, hundred('b'), at(2s));
    for (int i = 0; i < 9; ++i) q.push(1, priority::interactive, hundred('b'), at(2s));
    q.push(3, priority::cover, hundred('c'), at(2s), 5);
    q.push(1, priority::interactive, hundred('b'), at(2s));
    EXPECT_EQ(log.fates, (std::vector<told>{{3, 5, frame_fate::dropped}}));
    q.push(3, priority::background, hundred('c'), at(2s), 6);
    EXPECT_EQ(log.fates.back(), (told{3, 6, frame_fate::dropped}));
    // popped: the popper tells
    log.fates.clear();
    EXPECT_EQ(q.drop_protocol(1, frame_drop::no_session), 20u);
    q.push(1, priority::control, view("popped"), at(2s), 7);
    EXPECT_EQ(q.pop(at(2s)).value().tag, 7u);
    EXPECT_TRUE(log.fates.empty());
    q.push(1, priority::control, view("unspoken"), at(2s), 8);
    q.drop_protocol(1, frame_drop::unsupported);
    EXPECT_EQ(log.fates, (std::vector<told>{{1, 8, frame_fate::refused}}));
    log.fates.clear();
    q.push(1, priority::control, view("left"), at(2s), 9);
    q.push(1, priority::control, view("untagged"), at(2s));
    q.push(4, priority::cover, view("left too"), at(2s), 10);
  }
  EXPECT_EQ(log.fates,
            (std::vector<told>{{1, 9, frame_fate::dropped}, {4, 10, frame_fate::dropped}}));
}

// The ring against a plain model, through growth, wrap-around and trim.
TEST_F(send_queue_test, behaves_as_plain_queues_do) {
  rng random(11);
  send_queue q({}, metrics);
  std::array<std::deque<std::string>, priority_count> model;
  int next = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (random.below(100) < 51) {
      const auto k = random.below(priority_count);
      const std::string body = std::to_string(next++);
      q.push(static_cast<protocol_index>(random.below(4)), static_cast<priority>(k), view(body),
             at(0s));
      model[k].push_back(body);
      continue;
    }
    std::string expected = "nothing";
    for (auto& m : model)
      if (!m.empty()) {
        expected = m.front();
        m.pop_front();
        break;
      }
    ASSERT_EQ(pop(q), expected);
    if (random.below(50) == 0) q.trim();
  }
}

}  // namespace
}  // namespace weft::transport
