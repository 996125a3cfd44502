// SPDX-License-Identifier: MIT
// What becomes of tagged frames and of requests without an answer, over real sockets: one fate per
// tag, whatever ends the frame.
#include "base/wire.hpp"
#include "tests/transport_io/raw_peer.hpp"
#include "tests/transport_io/test_node.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace weft::transport::io::test {
namespace {

using namespace std::chrono_literals;

chunk_view text(std::string_view t) { return chunk_view::copy(as_bytes(t)); }

/// Fates by tag; a second one for a tag is a failure.
std::map<std::uint64_t, frame_fate> by_tag(const std::vector<told_fate>& fates) {
  std::map<std::uint64_t, frame_fate> out;
  for (const auto& f : fates) EXPECT_TRUE(out.emplace(f.tag, f.fate).second) << f.tag;
  return out;
}

TEST(fates, sent_dropped_and_refused) {
  test_node a;
  test_node b({.change = [](reactor_options& o) { o.protocols.resize(2); }});
  const peer_id stranger = crypto::ed25519_private_key::generate().id();
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  const auto klass = priority::interactive;
  a.send(b.id(), frames_protocol, text("hello"), klass, 1);
  a.send(b.id(), frames_protocol, text("untagged"));
  a.send(stranger, frames_protocol, text("nobody"), klass, 2);
  a.send(b.id(), frames_protocol, chunk_view::copy(byte_buffer(256 * 1024 + 1)), klass, 3);
  a.send(b.id(), bulk_protocol, text("not spoken"), klass, 4);
  ASSERT_TRUE(a.frames.wait_fates(3));
  ASSERT_TRUE(a.bulk.wait_fates(1));
  const auto frames = by_tag(a.frames.fates());
  EXPECT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames.at(1), frame_fate::sent);
  EXPECT_EQ(frames.at(2), frame_fate::dropped);
  EXPECT_EQ(frames.at(3), frame_fate::dropped);
  const auto bulk = a.bulk.fates();
  ASSERT_EQ(bulk.size(), 1u);
  EXPECT_EQ(bulk[0].fate, frame_fate::refused);
  EXPECT_EQ(bulk[0].peer, b.id());
  EXPECT_EQ(bulk[0].protocol, bulk_protocol);
  EXPECT_EQ(bulk[0].tag, 4u);
  EXPECT_TRUE(b.frames.wait_frames(2));
}

// The peer's concern takes nothing more, so frames pile up in the queue; then the session ends:
// what was written is told as sent and the rest as dropped, each once.
TEST(fates, a_lost_session_tells_of_all_that_waited) {
  test_node a;
  test_node b({.change = [](reactor_options& o) { o.marks = {64u << 10, 32u << 10}; }});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  b.bulk.hold(true);
  constexpr std::uint64_t count = 200;
  const auto body = chunk_view::copy(byte_buffer(64 * 1024, 1));
  for (std::uint64_t i = 1; i <= count; ++i) a.send(b.id(), bulk_protocol, body, priority::bulk, i);
  ASSERT_TRUE(eventually([&] { return b.metrics.backpressure.value() != 0; }));
  a.post(disconnect_command{b.id(), "enough"});
  ASSERT_TRUE(a.bulk.wait_fates(count));
  const auto fates = by_tag(a.bulk.fates());
  EXPECT_EQ(fates.size(), count);
  std::uint64_t sent = 0;
  for (const auto& [tag, fate] : fates) sent += fate == frame_fate::sent ? 1u : 0u;
  EXPECT_GT(sent, 0u);
  EXPECT_LT(sent, count);
  EXPECT_EQ(sent, a.metrics.frames.out.value());
}

// More than the queue before the reactor takes, and a node that stops: still one fate each.
TEST(fates, the_limit_of_commands_and_a_stop_tell_as_well) {
  test_node a({.change = [](reactor_options& o) { o.bounds.commands_waiting_max = 1024; }});
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  command_batch batch;
  const auto body = text("x");
  for (std::uint64_t i = 1; i <= 1500; ++i)
    batch.sends.push_back({b.id(), frames_protocol, priority::interactive, body, i});
  a.net->post(std::move(batch));
  ASSERT_TRUE(a.frames.wait_fates(1500));
  const auto fates = by_tag(a.frames.fates());
  for (std::uint64_t i = 1; i <= 1500; ++i)
    EXPECT_EQ(fates.at(i), i <= 1024 ? frame_fate::sent : frame_fate::dropped) << i;
  EXPECT_EQ(a.metrics.limit_rejections[limit_kind::commands].value(), 476u);

  command_batch last;
  for (std::uint64_t i = 2001; i <= 2500; ++i)
    last.sends.push_back({b.id(), frames_protocol, priority::interactive, body, i});
  a.net->post(std::move(last));
  a.stop();
  EXPECT_EQ(by_tag(a.frames.fates()).size(), 2000u);
}

// ADD_PROVIDER and the like: the asker hears that the request arrived, without an answer, also
// while another stream waits for one.
TEST(fates, requests_without_an_answer) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  a.post(request_command{1, b.id(), exchange_protocol, text("put"), 10s, false});
  const auto put = b.events.wait<request_event>();
  ASSERT_TRUE(put);
  const auto arrived = a.events.wait<response_event>();
  ASSERT_TRUE(arrived && arrived->id == 1 && arrived->body);
  EXPECT_TRUE(arrived->body->empty());
  a.post(request_command{2, b.id(), exchange_protocol, text("get"), 10s});
  const auto get = b.events.wait<request_event>();
  ASSERT_TRUE(get);
  b.post(respond_command{put->token, std::nullopt});
  b.post(respond_command{get->token, text("got")});
  const auto got = a.events.wait<response_event>();
  ASSERT_TRUE(got && got->id == 2 && got->body);
  EXPECT_EQ(as_text(got->body->bytes()), "got");
  // both streams ended in order
  EXPECT_TRUE(eventually([&] { return b.metrics.streams.in.value() <= 1; }));
  EXPECT_EQ(a.metrics.streams_reset.value() + b.metrics.streams_reset.value(), 0u);
  EXPECT_EQ(a.metrics.request_failures.value() + b.metrics.request_failures.value(), 0u);

  a.post(request_command{3, a.id(), exchange_protocol, text("put"), 10s, false});
  const auto nobody = a.events.wait<response_event>();
  ASSERT_TRUE(nobody && nobody->id == 3);
  EXPECT_FALSE(nobody->body);
}

// The only name and the question leave together; the end of the stream follows the answer.
TEST(fates, questions_do_not_wait_for_negotiation) {
  test_node a;
  raw_peer b(*a.address.quic_v1_endpoint());
  ASSERT_TRUE(b.connect());
  const auto up = a.events.wait<session_up_event>();
  ASSERT_TRUE(up);
  a.post(request_command{1, up->peer, exchange_protocol, text("question"), 10s});
  byte_buffer expected = propose("/test/exchange/1");
  wire_writer(expected).length_prefixed(as_bytes("question"));
  const auto asked = [&] {
    return std::find_if(b.records.begin(), b.records.end(),
                        [&](const auto& r) { return r.second.received == expected; });
  };
  ASSERT_TRUE(b.run([&] { return asked() != b.records.end(); }));
  EXPECT_FALSE(asked()->second.finished);

  byte_buffer answer = propose("/test/exchange/1");
  wire_writer(answer).length_prefixed(as_bytes("answer"));
  b.stream(asked()->first)->write(bytes_view(answer));
  EXPECT_TRUE(b.run([&] { return asked()->second.finished; }));
  const auto answered = a.events.wait<response_event>();
  ASSERT_TRUE(answered && answered->body);
  EXPECT_EQ(as_text(answered->body->bytes()), "answer");
}

}  // namespace
}  // namespace weft::transport::io::test
