// SPDX-License-Identifier: MIT
// multistream-select 1.0: the exchanges of the specification, every split of the bytes, hostile
// input, every limit.
#include "transport/multistream.hpp"

#include "tests/transport/transport_fixture.hpp"
#include "transport/builtin.hpp"

namespace weft::transport {
namespace {

using testing::text;

constexpr std::string_view header = "\x13/multistream/1.0.0\n";
constexpr std::string_view na = "\x03na\n";

std::string message(std::string_view body) {
  EXPECT_LT(body.size(), 127u);
  return static_cast<char>(body.size() + 1) + std::string(body) + "\n";
}

protocol_list ping_and_id() {
  protocol_list list;
  EXPECT_TRUE(list.add("/ipfs/ping/1.0.0", 7));
  EXPECT_TRUE(list.add("/ipfs/id/1.0.0", 9));
  return list;
}

struct fed {
  negotiation_step last;
  std::string written;
  /// What was not consumed once the negotiation was over.
  std::string application;
};

/// Feeds `input` in two parts, cut at `split`.
template <class Negotiator>
fed feed(Negotiator& n, std::string_view input, std::size_t split) {
  fed f;
  byte_buffer out;
  for (const auto part : {input.substr(0, split), input.substr(split)}) {
    if (n.state() == negotiation::accepted) {
      f.application += part;
      continue;
    }
    f.last = n.on_bytes(as_bytes(part), out);
    f.application += part.substr(f.last.consumed);
  }
  f.written = text(out);
  return f;
}

TEST(multistream, initiator_sends_header_and_proposal_at_once) {
  const std::vector<std::string> names{"/ipfs/ping/1.0.0"};
  multistream_initiator n(names);
  byte_buffer out;
  n.start(out);
  EXPECT_EQ(text(out), std::string(header) + message("/ipfs/ping/1.0.0"));
  EXPECT_TRUE(n.may_send_early());
  EXPECT_EQ(n.state(), negotiation::pending);
}

TEST(multistream, initiator_keeps_application_bytes_at_every_split) {
  const std::string input = std::string(header) + message("/ipfs/ping/1.0.0") + "/application";
  for (std::size_t split = 0; split <= input.size(); ++split) {
    multistream_initiator n(builtin::ping_names);
    byte_buffer out;
    n.start(out);
    const fed f = feed(n, input, split);
    ASSERT_EQ(n.state(), negotiation::accepted) << split;
    EXPECT_EQ(f.application, "/application") << split;
    EXPECT_EQ(f.written, "") << split;
  }
}

TEST(multistream, responder_answers_at_every_split) {
  const auto list = ping_and_id();
  const std::string input = std::string(header) + message("/ipfs/ping/1.0.0") + "0123";
  for (std::size_t split = 0; split <= input.size(); ++split) {
    multistream_responder n(list);
    const fed f = feed(n, input, split);
    ASSERT_EQ(n.state(), negotiation::accepted) << split;
    EXPECT_EQ(n.handler(), 7u);
    EXPECT_EQ(f.written, std::string(header) + message("/ipfs/ping/1.0.0"));
    EXPECT_EQ(f.application, "0123") << split;
  }
}

TEST(multistream, responder_takes_single_bytes) {
  const auto list = ping_and_id();
  multistream_responder n(list);
  byte_buffer out;
  for (const char c : std::string(header) + message("/ipfs/id/1.0.0")) {
    ASSERT_EQ(n.state(), negotiation::pending);
    n.on_bytes(as_bytes({&c, 1}), out);
  }
  EXPECT_EQ(n.state(), negotiation::accepted);
  EXPECT_EQ(n.handler(), 9u);
}

TEST(multistream, refusal_leads_to_the_next_proposal) {
  const std::vector<std::string> names{"/a/2", "/a/1"};
  multistream_initiator n(names);
  byte_buffer out;
  n.start(out);
  EXPECT_FALSE(n.may_send_early());
  out.clear();
  n.on_bytes(as_bytes(std::string(header) + std::string(na)), out);
  EXPECT_EQ(text(out), message("/a/1"));
  const auto step = n.on_bytes(as_bytes(message("/a/1") + "x"), out);
  EXPECT_EQ(step.state, negotiation::accepted);
  EXPECT_EQ(step.consumed, 6u);
  EXPECT_EQ(n.accepted(), 1u);
  EXPECT_EQ(n.accepted_name(), "/a/1");
}

TEST(multistream, both_sides_agree_on_the_second_name) {
  const std::vector<std::string> names{"/weft/msg/2.0.0", "/ipfs/id/1.0.0"};
  const auto list = ping_and_id();
  multistream_initiator opener(names);
  multistream_responder answerer(list);
  byte_buffer to_answerer;
  opener.start(to_answerer);
  for (int round = 0; round < 4 && opener.state() == negotiation::pending; ++round) {
    byte_buffer to_opener;
    answerer.on_bytes(to_answerer, to_opener);
    to_answerer.clear();
    opener.on_bytes(to_opener, to_answerer);
  }
  EXPECT_EQ(opener.state(), negotiation::accepted);
  EXPECT_EQ(answerer.state(), negotiation::accepted);
  EXPECT_EQ(opener.accepted(), 1u);
  EXPECT_EQ(answerer.handler(), 9u);
  EXPECT_EQ(answerer.refusals(), 1u);
}

TEST(multistream, refusal_of_every_name_is_unsupported) {
  multistream_initiator n(builtin::ping_names);
  byte_buffer out;
  n.start(out);
  n.on_bytes(as_bytes(std::string(header) + std::string(na)), out);
  EXPECT_EQ(n.state(), negotiation::failed);
  EXPECT_EQ(n.failure(), ec::unsupported);
}

// Data behind a refused proposal was read as further proposals: nothing may be proposed on that
// stream.
TEST(multistream, refusal_after_early_data_fails) {
  const std::vector<std::string> names{"/a/2", "/a/1"};
  multistream_initiator n(names);
  byte_buffer out;
  n.start(out);
  n.sent_early();
  out.clear();
  n.on_bytes(as_bytes(std::string(header) + std::string(na)), out);
  EXPECT_EQ(n.failure(), ec::unsupported);
  EXPECT_TRUE(out.empty());
}

TEST(multistream, initiator_proposes_a_bounded_number_of_names) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back("/p/" + std::to_string(i));
  multistream_initiator n(names);
  byte_buffer out;
  n.start(out);
  n.on_bytes(as_bytes(header), out);
  std::size_t refusals = 0;
  while (n.state() == negotiation::pending) {
    n.on_bytes(as_bytes(na), out);
    ASSERT_LE(++refusals, multistream_initiator::proposals_max);
  }
  EXPECT_EQ(refusals, multistream_initiator::proposals_max);
  EXPECT_EQ(n.failure(), ec::unsupported);
}

TEST(multistream, initiator_refuses_a_foreign_echo) {
  for (const std::string& reply :
       {message("/other"), message(""), message("ls"), std::string(header)}) {
    multistream_initiator n(builtin::ping_names);
    byte_buffer out;
    n.start(out);
    n.on_bytes(as_bytes(std::string(header) + reply), out);
    EXPECT_EQ(n.failure(), ec::protocol_violation) << reply;
  }
}

TEST(multistream, the_first_message_must_be_the_header) {
  const auto list = ping_and_id();
  multistream_responder r(list);
  byte_buffer out;
  r.on_bytes(as_bytes(message("/ipfs/ping/1.0.0")), out);
  EXPECT_EQ(r.failure(), ec::protocol_violation);
  EXPECT_TRUE(out.empty());

  multistream_initiator i(builtin::ping_names);
  i.on_bytes(as_bytes(message("/multistream/2.0.0")), out);
  EXPECT_EQ(i.failure(), ec::protocol_violation);
}

TEST(multistream, responder_refuses_unknown_names_and_ls) {
  const auto list = ping_and_id();
  multistream_responder n(list);
  byte_buffer out;
  n.on_bytes(as_bytes(std::string(header) + message("ls") + message("/nope") + message("")), out);
  EXPECT_EQ(text(out), std::string(header) + std::string(na) + std::string(na) + std::string(na));
  EXPECT_EQ(n.state(), negotiation::pending);
  n.on_bytes(as_bytes(message("/ipfs/ping/1.0.0")), out);
  EXPECT_EQ(n.state(), negotiation::accepted);
}

TEST(multistream, responder_refuses_a_bounded_number_of_times) {
  const auto list = ping_and_id();
  multistream_responder n(list);
  byte_buffer out;
  n.on_bytes(as_bytes(header), out);
  for (std::size_t i = 0; i < multistream_responder::refusals_max; ++i) {
    ASSERT_EQ(n.state(), negotiation::pending);
    n.on_bytes(as_bytes(message("/nope")), out);
  }
  EXPECT_EQ(n.state(), negotiation::failed);
  EXPECT_EQ(n.failure(), ec::limit);
  EXPECT_EQ(n.on_bytes(as_bytes(message("/ipfs/ping/1.0.0")), out).consumed, 0u);
}

TEST(multistream, a_long_legal_name_is_skipped_and_refused) {
  const auto list = ping_and_id();
  multistream_responder n(list);
  byte_buffer out;
  n.on_bytes(as_bytes(header), out);
  std::string longest = "\xff\x7f";  // 16383
  longest += '/' + std::string(multistream_reader::frame_bytes_max - 2, 'x') + '\n';
  for (const char c : longest) n.on_bytes(as_bytes({&c, 1}), out);
  EXPECT_EQ(n.state(), negotiation::pending);
  EXPECT_EQ(n.refusals(), 1u);
  n.on_bytes(as_bytes(message("/ipfs/id/1.0.0")), out);
  EXPECT_EQ(n.state(), negotiation::accepted);
}

TEST(multistream, the_longest_name_is_kept) {
  protocol_list list;
  const std::string name = '/' + std::string(multistream_reader::name_bytes_max - 1, 'n');
  ASSERT_TRUE(list.add(name, 3));
  multistream_responder n(list);
  byte_buffer out;
  n.on_bytes(as_bytes(std::string(header) + "\x81\x08" + name + "\n"), out);
  EXPECT_EQ(n.state(), negotiation::accepted);
  EXPECT_EQ(n.handler(), 3u);
}

struct hostile_case {
  std::string input;
  ec expected;
};

TEST(multistream, malformed_messages_fail) {
  const auto list = ping_and_id();
  const hostile_case cases[] = {
      {std::string("\x00", 1), ec::malformed},  // not even a newline
      {"\x03nax", ec::malformed},               // no newline at the end
      {"\x80\x80\x01", ec::oversized},          // 16384 bytes announced
      {"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", ec::oversized},
      {std::string("\x80\x00", 2), ec::bad_varint},  // not minimal
  };
  for (const auto& c : cases) {
    multistream_responder r(list);
    byte_buffer out;
    r.on_bytes(as_bytes(std::string(header) + c.input), out);
    EXPECT_EQ(r.failure(), c.expected);
    multistream_initiator i(builtin::ping_names);
    i.on_bytes(as_bytes(c.input), out);
    EXPECT_EQ(i.failure(), c.expected);
  }
}

TEST(multistream, an_early_end_fails) {
  const auto list = ping_and_id();
  byte_buffer out;
  multistream_responder inside(list);
  inside.on_bytes(as_bytes(std::string(header) + "\x05/i"), out);
  inside.on_end();
  EXPECT_EQ(inside.failure(), ec::truncated);

  multistream_responder refused(list);
  refused.on_bytes(as_bytes(std::string(header) + message("/nope")), out);
  refused.on_end();
  EXPECT_EQ(refused.failure(), ec::unsupported);

  multistream_initiator opener(builtin::ping_names);
  opener.on_end();
  EXPECT_EQ(opener.failure(), ec::truncated);
}

TEST(protocol_list, refuses_bad_names) {
  protocol_list list;
  EXPECT_EQ(list.add("ping", 0).error(), ec::bad_argument);
  EXPECT_EQ(list.add("", 0).error(), ec::bad_argument);
  EXPECT_EQ(list.add("/a\nb", 0).error(), ec::bad_argument);
  EXPECT_EQ(list.add('/' + std::string(multistream_reader::name_bytes_max, 'x'), 0).error(),
            ec::bad_argument);
  EXPECT_TRUE(list.add("/a", 0));
  EXPECT_EQ(list.add("/a", 1).error(), ec::exists);
}

TEST(protocol_list, is_bounded) {
  protocol_list list;
  for (std::size_t i = 0; i < protocol_list::names_max; ++i)
    ASSERT_TRUE(list.add("/p/" + std::to_string(i), 0));
  EXPECT_EQ(list.add("/one/more", 0).error(), ec::limit);
  std::size_t seen = 0;
  list.each([&](std::string_view, std::uint32_t) { ++seen; });
  EXPECT_EQ(seen, protocol_list::names_max);
}

}  // namespace
}  // namespace weft::transport
