// SPDX-License-Identifier: MIT
// Goal: signature policies, validators, blame and the ways of own messages, as seen from outside
// the core. Method: puppets around one core.
#include "tests/gossip/scene.hpp"

#include <gtest/gtest.h>

namespace weft::gossip::test {
namespace {

using namespace std::chrono_literals;
constexpr mesh::traits plain{false, version::v1_2, std::nullopt};

gossip_config unsigned_config() {
  gossip_config config;
  config.signatures = signature_policy::strict_no_sign;
  config.ids = message_id_kind::data_sha256;
  return config;
}

chunk_view anonymous(std::string_view data) {
  message_fields fields;
  fields.data = as_bytes(data);
  fields.topic = as_bytes(std::string_view("t"));
  return encode_publish(fields);
}

void reject_all(scene& s) {
  s.net.with(0, [](gossip_core& core, outbox&) {
    ASSERT_TRUE(core.set_validator("t", [](const delivery&) { return verdict::reject; }));
  });
}

TEST(policy, unsigned_network_takes_no_author_and_gives_none) {
  scene s(2, unsigned_config());
  s.tell(1, anonymous("hello"));
  ASSERT_EQ(s.net.deliveries(0).size(), 1u);
  EXPECT_FALSE(s.net.deliveries(0)[0].author);
  EXPECT_EQ(s.take(2).data, std::vector<std::string>{"hello"});
  EXPECT_EQ(s.score(1), 0);
  s.tell(1, s.message(1));
  EXPECT_EQ(s.net.deliveries(0).size(), 1u);
  EXPECT_EQ(s.dropped(drop_reason::policy), 1u);
  EXPECT_EQ(s.score(1), -10'000);
  EXPECT_EQ(s.counters().verifications.value(), 0u);
  // Its own carry nothing either, and the same data is the same message.
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    EXPECT_TRUE(core.publish(1, "t", body_of("own"), s.net.now(), out));
    EXPECT_EQ(core.publish(2, "t", body_of("own"), s.net.now(), out).error().code, ec::exists);
  });
  s.net.run(5ms);
  rpc_view rpc;
  ASSERT_TRUE(decode_rpc(s.net.received(2).back().body, rpc));
  ASSERT_EQ(rpc.messages.size(), 1u);
  EXPECT_FALSE(rpc.messages[0].fields.author);
  EXPECT_FALSE(rpc.messages[0].fields.sequence);
  EXPECT_FALSE(rpc.messages[0].fields.signature);
}

TEST(policy, signed_network_takes_nothing_without_a_valid_signature) {
  scene s(2);
  s.tell(1, anonymous("hello"));
  EXPECT_EQ(s.dropped(drop_reason::policy), 1u);
  EXPECT_EQ(s.score(1), -10'000);
  byte_buffer forged = to_buffer(s.message(1));
  forged.back() ^= 1;
  s.tell(1, chunk_view::copy(forged));
  EXPECT_EQ(s.dropped(drop_reason::bad_signature), 1u);
  EXPECT_EQ(s.score(1), -40'000) << "the square of two";
  EXPECT_TRUE(s.net.deliveries(0).empty());
  EXPECT_TRUE(s.take(2).data.empty());
  s.tell(2, s.message(1));
  EXPECT_EQ(s.net.deliveries(0).size(), 1u);
}

TEST(policy, messages_in_this_nodes_name_are_ignored_without_blame) {
  scene s(2);
  s.tell(1, signed_rpc(s.net.id(0), 3, "t", as_bytes(std::string_view("me?"))));
  EXPECT_EQ(s.dropped(drop_reason::own_author), 1u);
  EXPECT_EQ(s.score(1), 0);
  EXPECT_TRUE(s.net.deliveries(0).empty());
  EXPECT_TRUE(s.take(2).data.empty());
}

TEST(policy, rejected_messages_end_in_the_graylist) {
  scene s(2);
  reject_all(s);
  std::uint64_t sent = 0;
  while (s.net.expulsions(0).empty() && sent < 50) s.tell(1, s.message(++sent));
  EXPECT_EQ(sent, 6u) << "-10 * 6² is below -300";
  EXPECT_EQ(s.dropped(drop_reason::rejected), 6u);
  EXPECT_TRUE(s.take(2).data.empty()) << "nothing rejected is passed on";
  EXPECT_EQ(s.score(2), 0);
}

TEST(policy, ignored_messages_are_not_passed_on_and_not_blamed) {
  scene s(2);
  s.net.with(0, [](gossip_core& core, outbox&) {
    ASSERT_TRUE(core.set_validator("t", [](const delivery&) { return verdict::ignore; }));
  });
  for (std::uint64_t i = 1; i <= 20; ++i) s.tell(1, s.message(i));
  EXPECT_EQ(s.dropped(drop_reason::ignored), 20u);
  EXPECT_EQ(s.score(1), 0);
  EXPECT_TRUE(s.net.deliveries(0).empty());
  EXPECT_TRUE(s.take(2).data.empty());
}

TEST(policy, verdicts_from_outside_blame_all_who_sent_the_message) {
  gossip_config config;
  config.validations_max = 4;
  scene s(3, config);
  s.net.with(
      0, [](gossip_core& core, outbox&) { ASSERT_TRUE(core.set_validated_outside("t", true)); });
  s.tell(1, s.message(1));
  s.tell(2, s.message(1));
  ASSERT_EQ(s.net.validations(0).size(), 1u);
  const std::uint64_t ticket = s.net.validations(0)[0].ticket;
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    core.on_verdict(ticket, verdict::reject, s.net.now(), out);
    core.on_verdict(ticket, verdict::accept, s.net.now(), out);  // over
  });
  EXPECT_EQ(s.score(1), -10'000);
  EXPECT_EQ(s.score(2), -10'000);
  EXPECT_EQ(s.score(3), 0);
  EXPECT_TRUE(s.net.deliveries(0).empty());
  // As many as may wait; those without a verdict are dropped without blame.
  for (std::uint64_t i = 2; i <= 8; ++i) s.tell(3, s.message(i));
  EXPECT_EQ(s.net.core(0).sizes().validations, 4u);
  EXPECT_EQ(s.dropped(drop_reason::validation_full), 3u);
  s.net.run(6s);
  EXPECT_EQ(s.dropped(drop_reason::validation_timeout), 4u);
  EXPECT_EQ(s.net.core(0).sizes().validations, 0u);
  EXPECT_EQ(s.score(3), 0);
  s.tell(3, s.message(9));
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    core.on_verdict(s.net.validations(0).back().ticket, verdict::accept, s.net.now(), out);
  });
  EXPECT_EQ(s.net.deliveries(0).size(), 1u);
}

TEST(policy, own_messages_flood_unless_told_otherwise) {
  for (const bool flood : {false, true}) {
    gossip_config config;
    config.flood_publish = flood;
    scene s(20, config);
    s.net.run(2s);
    const std::size_t members = s.net.core(0).topic("t")->mesh.size();
    EXPECT_EQ(members, 6u);
    for (std::size_t n = 1; n <= 20; ++n) s.take(n);
    s.net.publish(0, "t", body_of("own"));
    s.net.run(5ms);
    std::size_t reached = 0;
    for (std::size_t n = 1; n <= 20; ++n) reached += s.take(n).data.size();
    EXPECT_EQ(reached, flood ? 20u : members);
    // Messages of others never do.
    s.tell(1, s.message(1));
    reached = 0;
    for (std::size_t n = 1; n <= 20; ++n) reached += s.take(n).data.size();
    EXPECT_EQ(reached, s.in_mesh(1) ? members - 1 : members);
  }
}

TEST(policy, publications_awaiting_their_outcome_are_bounded) {
  gossip_config config;
  config.publications_max = 3;
  scene s(1, config);
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    for (std::uint64_t i = 1; i <= 3; ++i)
      EXPECT_TRUE(core.publish(i, "t", body_of(i, 10), s.net.now(), out));
    EXPECT_EQ(core.publish(4, "t", body_of(4, 10), s.net.now(), out).error().code, ec::limit);
    EXPECT_EQ(core.publish(5, "t", body_of(5, 1 << 20), s.net.now(), out).error().code, ec::limit);
  });
  s.net.run(1s);
  EXPECT_EQ(s.net.outcomes(0).size(), 3u);
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    EXPECT_EQ(core.publish(5, "t", body_of(5, 1 << 20), s.net.now(), out).error().code,
              ec::oversized);
    EXPECT_EQ(core.publish(6, "", body_of(6, 10), s.net.now(), out).error().code, ec::bad_argument);
  });
}

}  // namespace
}  // namespace weft::gossip::test
