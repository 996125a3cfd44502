// SPDX-License-Identifier: MIT
// Ping, perf and exchange machines: both sides against each other at every split, and against
// rule-breakers.
#include "tests/transport/transport_fixture.hpp"
#include "transport/exchange.hpp"
#include "transport/perf.hpp"
#include "transport/ping.hpp"

#include <algorithm>

namespace weft::transport {
namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::joined;
using testing::text;
using testing::view;

ping_payload payload(std::uint8_t first) {
  ping_payload p{};
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = static_cast<std::uint8_t>(first + i);
  return p;
}

TEST(ping, echoes_at_every_split) {
  byte_buffer input;
  append(input, payload(1));
  append(input, payload(100));
  for (std::size_t split = 0; split <= input.size(); ++split) {
    ping_responder r;
    byte_buffer out;
    r.on_bytes(bytes_view(input).first(split), out);
    EXPECT_EQ(out.size(), split / ping_bytes * ping_bytes);
    EXPECT_EQ(r.on_end(), split % ping_bytes ? ec::truncated : ec::none);
    r.on_bytes(bytes_view(input).subspan(split), out);
    EXPECT_EQ(out, input);
    EXPECT_EQ(r.rounds(), 2u);
    EXPECT_EQ(r.on_end(), ec::none);
  }
}

TEST(ping, measures_rounds) {
  ping_initiator p;
  for (std::uint8_t round = 0; round < 3; ++round) {
    ASSERT_TRUE(p.start(payload(round), at(round * 1s)));
    EXPECT_FALSE(p.start(payload(9), at(round * 1s))) << "one round at a time";
    const auto echo = payload(round);
    EXPECT_EQ(p.on_bytes(bytes_view(echo).first(10), at(round * 1s + 1ms)), std::nullopt);
    EXPECT_TRUE(p.waiting());
    EXPECT_EQ(p.on_bytes(bytes_view(echo).subspan(10), at(round * 1s + 3ms)), duration(3ms));
    EXPECT_FALSE(p.waiting());
  }
  EXPECT_EQ(p.failure(), ec::none);
}

TEST(ping, wrong_echoes_fail) {
  const auto good = payload(1);
  auto wrong = good;
  wrong.back() ^= 1;
  ping_initiator flipped;
  flipped.start(good, at(0s));
  EXPECT_EQ(flipped.on_bytes(wrong, at(1s)), std::nullopt);
  EXPECT_EQ(flipped.failure(), ec::protocol_violation);
  EXPECT_FALSE(flipped.start(good, at(2s)));

  ping_initiator unasked;
  unasked.on_bytes(good, at(0s));
  EXPECT_EQ(unasked.failure(), ec::protocol_violation);

  byte_buffer longer = to_buffer(good);
  longer.push_back(0);
  ping_initiator more;
  more.start(good, at(0s));
  more.on_bytes(longer, at(0s));
  EXPECT_EQ(more.failure(), ec::protocol_violation);
}

/// Moves everything one side has to write into the other, in pieces of `budget`.
void run_perf(perf_client& client, perf_server& server, std::size_t budget) {
  while (!client.finish_due()) {
    const chunk_view piece = client.next_write(budget);
    ASSERT_FALSE(piece.empty());
    ASSERT_LE(piece.size(), budget);
    ASSERT_EQ(server.on_bytes(piece), ec::none);
    ASSERT_TRUE(server.next_write(budget).empty()) << "the server waits for the end";
  }
  client.finished();
  EXPECT_FALSE(client.finish_due());
  ASSERT_EQ(server.on_end(), ec::none);
  while (!server.finish_due()) {
    const chunk_view piece = server.next_write(budget);
    ASSERT_FALSE(piece.empty());
    ASSERT_EQ(client.on_bytes(piece.size()), ec::none);
  }
  server.finished();
  EXPECT_FALSE(server.finish_due());
}

TEST(perf, moves_the_bytes_asked_for) {
  const std::uint64_t sizes[] = {0, 1, 1000, perf_piece_bytes, 3 * perf_piece_bytes + 5};
  for (const auto up : sizes)
    for (const auto down : sizes)
      for (const std::size_t budget : {1000u, 1u << 20}) {
        perf_client client(up, down);
        perf_server server(1u << 30);
        run_perf(client, server, budget);
        EXPECT_EQ(server.uploaded(), up);
        EXPECT_EQ(client.received(), down);
        EXPECT_EQ(client.on_end(), ec::none);
        EXPECT_TRUE(client.done());
      }
}

TEST(perf, header_is_big_endian_in_any_parts) {
  perf_client client(0, 0x0102030405060708);
  byte_buffer header;
  while (!client.finish_due()) {
    const auto piece = client.next_write(3);
    append(header, piece);
    perf_server early(0);
  }
  EXPECT_EQ(header, (byte_buffer{1, 2, 3, 4, 5, 6, 7, 8}));
  perf_server server(~std::uint64_t{0});
  for (const auto byte : header) ASSERT_EQ(server.on_bytes({&byte, 1}), ec::none);
  server.on_end();
  EXPECT_EQ(server.left_to_write(), 0x0102030405060708u);
}

TEST(perf, rule_breakers_fail) {
  perf_server greedy(100);
  EXPECT_EQ(greedy.on_bytes(byte_buffer{0, 0, 0, 0, 0, 0, 0, 101}), ec::limit);
  perf_server fits(100);
  EXPECT_EQ(fits.on_bytes(byte_buffer{0, 0, 0, 0, 0, 0, 0, 100}), ec::none);
  perf_server cut(100);
  cut.on_bytes(byte_buffer{0, 0, 0});
  EXPECT_EQ(cut.on_end(), ec::truncated);
  EXPECT_TRUE(cut.next_write(1000).empty());

  perf_client more(0, 10);
  EXPECT_EQ(more.on_bytes(11), ec::protocol_violation);
  perf_client less(0, 10);
  while (!less.finish_due()) less.next_write(100);
  EXPECT_EQ(less.on_bytes(9), ec::none);
  EXPECT_EQ(less.on_end(), ec::truncated);
  perf_client unsent(10, 0);
  EXPECT_EQ(unsent.on_end(), ec::truncated);
  EXPECT_TRUE(unsent.next_write(0).empty());
}

struct exchange_test : ::testing::Test {
  static constexpr std::size_t frame_max = 1000;
  /// Feeds pieces to the server and returns the requests.
  std::vector<exchange_server::request> serve(exchange_server& server,
                                              const std::vector<chunk_view>& pieces) {
    std::vector<exchange_server::request> requests;
    for (const auto& p : pieces) EXPECT_EQ(server.on_bytes(p, slab, requests), ec::none);
    return requests;
  }
  frame_writer writer;
  receive_slab slab;
};

TEST_F(exchange_test, a_request_is_answered_at_every_split) {
  std::vector<chunk_view> out;
  exchange_server server(frame_max, 4);
  exchange_client asker(frame_max);
  ASSERT_EQ(asker.start(view("question"), writer, out), ec::none);
  const auto requests = serve(server, out);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(text(requests[0].body), "question");
  out.clear();
  ASSERT_EQ(server.answer(requests[0].id, view("the answer"), writer, out), ec::none);
  EXPECT_FALSE(server.finish_due());
  EXPECT_EQ(server.on_end(), ec::none);
  EXPECT_TRUE(server.finish_due());
  const std::string reply = joined(out);
  for (std::size_t split = 0; split <= reply.size(); ++split) {
    exchange_client c(frame_max);
    EXPECT_EQ(c.on_end(), ec::closed);
    ASSERT_EQ(c.on_bytes(as_bytes(reply).first(split), slab), ec::none);
    if (split > 0 && split < reply.size()) {
      EXPECT_EQ(c.on_end(), ec::truncated);
    }
    ASSERT_EQ(c.on_bytes(as_bytes(reply).subspan(split), slab), ec::none);
    ASSERT_TRUE(c.done());
    EXPECT_EQ(text(c.take_response().value()), "the answer");
    EXPECT_EQ(c.on_end(), ec::none);
  }
}

TEST_F(exchange_test, answers_leave_in_the_order_of_the_requests) {
  std::vector<chunk_view> in;
  for (const char* q : {"0", "1", "2"}) writer.write(view(q), in);
  exchange_server server(frame_max, 4);
  const auto requests = serve(server, in);
  ASSERT_EQ(requests.size(), 3u);
  std::vector<chunk_view> out;
  EXPECT_EQ(server.answer(2, view("two"), writer, out), ec::none);
  EXPECT_EQ(server.answer(1, view("one"), writer, out), ec::none);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(server.answer(1, view("again"), writer, out), ec::not_found);
  EXPECT_EQ(server.answer(3, view("unasked"), writer, out), ec::not_found);
  EXPECT_EQ(server.answer(0, view(std::string(frame_max + 1, 'x')), writer, out), ec::oversized);
  EXPECT_EQ(server.unanswered(), 3u);
  EXPECT_EQ(server.answer(0, view("zero"), writer, out), ec::none);
  EXPECT_EQ(server.unanswered(), 0u);
  EXPECT_EQ(server.answer(0, view("late"), writer, out), ec::not_found);
  EXPECT_EQ(joined(out), "\x04zero\x03one\x03two");
}

// A request without an answer makes place for the answers behind it and writes nothing.
TEST_F(exchange_test, requests_without_an_answer_keep_the_order) {
  std::vector<chunk_view> in;
  for (const char* q : {"put", "get", "put", "get"}) writer.write(view(q), in);
  exchange_server server(frame_max, 4);
  ASSERT_EQ(serve(server, in).size(), 4u);
  std::vector<chunk_view> out;
  EXPECT_EQ(server.answer(1, view("first"), writer, out), ec::none);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(server.answer(0, std::nullopt, writer, out), ec::none);
  EXPECT_EQ(joined(out),
            "\x05"
            "first");
  EXPECT_EQ(server.answer(0, std::nullopt, writer, out), ec::not_found);
  EXPECT_EQ(server.answer(2, std::nullopt, writer, out), ec::none);
  EXPECT_EQ(server.answer(2, view("late"), writer, out), ec::not_found);
  EXPECT_EQ(server.on_end(), ec::none);
  EXPECT_FALSE(server.finish_due());
  EXPECT_EQ(server.answer(3, std::nullopt, writer, out), ec::none);
  EXPECT_TRUE(server.finish_due());
  EXPECT_EQ(joined(out).size(), 6u);
}

TEST_F(exchange_test, unanswered_requests_are_bounded) {
  std::vector<chunk_view> in;
  for (int i = 0; i < 3; ++i) writer.write(view("q"), in);
  exchange_server server(frame_max, 2);
  std::vector<exchange_server::request> requests;
  EXPECT_EQ(server.on_bytes(in.front(), slab, requests), ec::limit);
  EXPECT_EQ(requests.size(), 2u);
}

TEST_F(exchange_test, rule_breakers_fail) {
  std::vector<chunk_view> out;
  exchange_client too_long(frame_max);
  EXPECT_EQ(too_long.start(view(std::string(frame_max + 1, 'x')), writer, out), ec::oversized);
  EXPECT_TRUE(out.empty());

  exchange_client twice(frame_max);
  EXPECT_EQ(twice.on_bytes(as_bytes("\x01x\x01y"), slab), ec::protocol_violation);
  exchange_client trailing(frame_max);
  EXPECT_EQ(trailing.on_bytes(as_bytes("\x01x"), slab), ec::none);
  EXPECT_EQ(trailing.on_bytes(as_bytes("\x05"), slab), ec::protocol_violation);
  exchange_client oversized(frame_max);
  EXPECT_EQ(oversized.on_bytes(as_bytes("\xff\x7f"), slab), ec::oversized);

  std::vector<exchange_server::request> requests;
  exchange_server server(frame_max, 2);
  EXPECT_EQ(server.on_bytes(as_bytes("\xff\x7f"), slab, requests), ec::oversized);
  exchange_server cut(frame_max, 2);
  EXPECT_EQ(cut.on_bytes(as_bytes("\x05x"), slab, requests), ec::none);
  EXPECT_EQ(cut.on_end(), ec::truncated);
  EXPECT_TRUE(requests.empty());
}

}  // namespace
}  // namespace weft::transport
