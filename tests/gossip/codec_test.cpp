// SPDX-License-Identifier: MIT
// Goal: the RPC is written and read as the pubsub texts say, byte for byte, and odd input is told
// from good. Method: vectors worked out by hand from the protobuf texts, round trips, mutations.
#include "base/crypto.hpp"
#include "gossip/message.hpp"
#include "gossip/rpc.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weft::gossip::test {
namespace {

bytes_view text(std::string_view s) { return as_bytes(s); }

message_fields fields_of(std::string_view author, std::string_view data, std::string_view sequence,
                         std::string_view topic) {
  message_fields f;
  f.author = text(author);
  f.data = text(data);
  f.sequence = text(sequence);
  f.topic = text(topic);
  return f;
}

rpc_view decoded(bytes_view body) {
  rpc_view out;
  EXPECT_TRUE(decode_rpc(body, out).has_value());
  return out;
}

TEST(codec, publish_is_written_field_by_field) {
  const auto frame = encode_publish(fields_of("AB", "hi", "12345678", "t"));
  EXPECT_EQ(to_hex(frame),
            "1215"
            "0a024142"
            "12026869"
            "1a083132333435363738"
            "220174");
}

TEST(codec, message_keeps_absent_and_empty_apart) {
  message_fields f;
  f.data = bytes_view{};
  f.topic = text("t");
  const auto frame = encode_publish(f);
  EXPECT_EQ(to_hex(frame),
            "1205"
            "1200"
            "220174");
  const auto back = decoded(frame);
  ASSERT_EQ(back.messages.size(), 1u);
  EXPECT_TRUE(back.messages[0].fields.data.has_value());
  EXPECT_FALSE(back.messages[0].fields.author.has_value());
  EXPECT_TRUE(back.messages[0].canonical);
}

TEST(codec, signed_text_leaves_signature_and_key_out) {
  auto f = fields_of("AB", "hi", "12345678", "t");
  f.signature = text("sig");
  f.key = text("key");
  byte_buffer out;
  write_signed_text(f, out);
  EXPECT_EQ(as_text(out).substr(0, 14), "libp2p-pubsub:");
  EXPECT_EQ(to_hex(bytes_view(out).subspan(14)),
            "0a024142"
            "12026869"
            "1a083132333435363738"
            "220174");
}

TEST(codec, control_is_written_as_the_texts_say) {
  rpc_writer w;
  w.subscribe(true, "t");
  w.subscribe(false, "u");
  const std::array<bytes_view, 2> ids{text("a"), text("bc")};
  w.ihave("t", ids);
  w.iwant(ids);
  w.graft("t");
  const std::array<exchange_entry, 1> peers{exchange_entry{text("P"), text("R")}};
  w.prune("t", 60, peers);
  w.prune("t", std::nullopt, {});
  w.idontwant(ids);
  const auto frame = w.take();
  EXPECT_TRUE(w.empty());
  EXPECT_EQ(to_hex(frame),
            "0a0508011201"
            "74"
            "0a0508001201"
            "75"    // SubOpts
            "1a37"  // ControlMessage
            "0a0a"
            "0a0174"
            "120161"
            "12026263"  // IHAVE
            "1207"
            "0a0161"
            "0a026263"  // IWANT
            "1a03"
            "0a0174"  // GRAFT
            "220d"
            "0a0174"
            "1206"
            "0a0150"
            "120152"
            "183c"  // PRUNE
            "2203"
            "0a0174"  // PRUNE of 1.0
            "2a07"
            "0a0161"
            "0a026263");  // IDONTWANT
}

TEST(codec, control_survives_a_round_trip) {
  rpc_writer w;
  const std::array<bytes_view, 2> ids{text("a"), text("bc")};
  w.subscribe(true, "t");
  w.ihave("t", ids);
  w.iwant(ids);
  w.graft("g");
  const std::array<exchange_entry, 2> peers{exchange_entry{text("P"), {}},
                                            exchange_entry{text("Q"), text("R")}};
  w.prune("t", 61, peers);
  w.idontwant(ids);
  const auto frame = w.take();
  const auto back = decoded(frame);
  ASSERT_EQ(back.subscriptions.size(), 1u);
  EXPECT_TRUE(back.subscriptions[0].subscribe);
  EXPECT_EQ(as_text(back.subscriptions[0].topic), "t");
  ASSERT_EQ(back.ihave.size(), 1u);
  ASSERT_EQ(back.range(back.ihave[0].ids).size(), 2u);
  EXPECT_EQ(as_text(back.range(back.ihave[0].ids)[1]), "bc");
  ASSERT_EQ(back.iwant.size(), 1u);
  EXPECT_EQ(as_text(back.range(back.iwant[0])[0]), "a");
  ASSERT_EQ(back.graft.size(), 1u);
  EXPECT_EQ(as_text(back.graft[0]), "g");
  ASSERT_EQ(back.prune.size(), 1u);
  EXPECT_EQ(back.prune[0].backoff_s, 61u);
  ASSERT_EQ(back.prune[0].peers.count, 2u);
  EXPECT_EQ(as_text(back.exchange[1].signed_record), "R");
  ASSERT_EQ(back.idontwant.size(), 1u);
  EXPECT_EQ(back.idontwant[0].count, 2u);
  EXPECT_EQ(back.skipped, 0u);
}

TEST(codec, additions_survive_a_round_trip_behind_a_number_others_skip) {
  rpc_writer w;
  const std::array<announcement_entry, 2> entries{
      announcement_entry{{}, text("id1"), 0, 0, false},
      announcement_entry{{}, text("id2"), 98304, 7, true}};
  w.announce("t", entries);
  w.pull({7, std::uint64_t{1} << 63});
  w.choke("c");
  w.unchoke("u");
  const auto frame = w.take();
  // field 30566, length-delimited: 30566 << 3 | 2 = 244530
  EXPECT_EQ(to_hex(bytes_view(frame).first(3)), "b2f60e");
  const auto back = decoded(frame);
  ASSERT_EQ(back.announcements.size(), 2u);
  EXPECT_EQ(as_text(back.announcements[0].topic), "t");
  EXPECT_EQ(back.announcements[0].length, 0u);
  EXPECT_EQ(as_text(back.announcements[1].id), "id2");
  EXPECT_EQ(back.announcements[1].length, 98304u);
  EXPECT_EQ(back.announcements[1].tag, 7u);
  EXPECT_TRUE(back.announcements[1].pushing);
  ASSERT_EQ(back.pulls.size(), 1u);
  EXPECT_EQ(back.pulls[0].announced, 7u);
  EXPECT_EQ(back.pulls[0].tag, std::uint64_t{1} << 63);
  ASSERT_EQ(back.chokes.size(), 1u);
  ASSERT_EQ(back.unchokes.size(), 1u);
  EXPECT_EQ(as_text(back.unchokes[0]), "u");
}

TEST(codec, several_messages_are_slices_that_stand_alone) {
  byte_buffer frame;
  for (const std::string_view data : {"one", "two", "three"})
    append(frame, encode_publish(fields_of("AB", data, "12345678", "t")));
  const auto all = decoded(frame);
  ASSERT_EQ(all.messages.size(), 3u);
  const auto slice = bytes_view(frame).subspan(all.messages[1].offset, all.messages[1].size);
  const auto alone = decoded(slice);
  ASSERT_EQ(alone.messages.size(), 1u);
  EXPECT_EQ(as_text(*alone.messages[0].fields.data), "two");
}

/// Another implementation may read these differently from us, or re-encode them before it verifies.
TEST(codec, odd_forms_of_a_message_are_not_canonical) {
  const auto canonical = [](std::string_view hex) {
    const auto frame = weft::test::hex(hex);
    const auto back = decoded(frame);
    EXPECT_EQ(back.messages.size(), 1u);
    return back.messages[0].canonical;
  };
  EXPECT_TRUE(
      canonical("1207"
                "12026869"
                "220174"));
  EXPECT_FALSE(
      canonical("1207"
                "220174"
                "12026869"));  // order
  EXPECT_FALSE(
      canonical("120a"
                "12026869"
                "220174"
                "3a0178"));  // unknown field 7
  EXPECT_FALSE(
      canonical("1209"
                "12026869"
                "220174"
                "3801"));  // unknown number
  EXPECT_FALSE(
      canonical("120b"
                "12026869"
                "12026869"
                "220174"));  // twice
  EXPECT_FALSE(
      canonical("1208"
                "1282006869"
                "220174"));  // long length
  EXPECT_FALSE(
      canonical("128700"
                "12026869"
                "220174"));  // long length of the whole
}

TEST(codec, broken_input_is_malformed) {
  const auto broken = [](std::string_view hex) {
    const auto frame = weft::test::hex(hex);
    rpc_view out;
    const auto read = decode_rpc(frame, out);
    return !read && read.error().code == ec::malformed;
  };
  EXPECT_TRUE(broken("12"));
  EXPECT_TRUE(
      broken("1207"
             "12026869"));
  EXPECT_TRUE(broken("1a020a05"));
  EXPECT_TRUE(broken("00"));
  EXPECT_TRUE(broken("07"));
  EXPECT_TRUE(broken("12ffffffffffffffffffff01"));
  EXPECT_FALSE(broken(""));
  EXPECT_FALSE(broken("52021234"));  // a field of gossipsub 1.3
}

TEST(codec, entries_and_ids_are_bounded) {
  rpc_writer w;
  for (std::size_t i = 0; i < rpc_entries_max + 5; ++i) w.graft("t");
  const auto grafts = w.take();
  const auto many = decoded(grafts);
  EXPECT_EQ(many.graft.size(), rpc_entries_max);
  EXPECT_EQ(many.skipped, 5u);
  const std::vector<bytes_view> ids(rpc_ids_max + 3, text("x"));
  w.iwant(ids);
  const auto wants = w.take();
  const auto wanted = decoded(wants);
  EXPECT_EQ(wanted.ids.size(), rpc_ids_max);
  EXPECT_EQ(wanted.skipped, 3u);
}

TEST(message, policy_of_signed_networks) {
  const auto key = crypto::ed25519_private_key::generate();
  const peer_id author = key.id();
  auto f = fields_of(as_text(author.bytes()), "hi", "12345678", "t");
  const auto fails = [&](const message_fields& m) {
    const auto checked = check_policy(m, signature_policy::strict_sign);
    return !checked && checked.error().code == ec::malformed;
  };
  EXPECT_TRUE(fails(f));  // no signature
  f.signature = text("s");
  const auto checked = check_policy(f, signature_policy::strict_sign);
  ASSERT_TRUE(checked.has_value());
  EXPECT_EQ(checked->author, author);
  EXPECT_EQ(checked->sequence, 0x3132333435363738u);
  auto odd = f;
  odd.sequence = text("1234567");
  EXPECT_TRUE(fails(odd));
  odd = f;
  odd.sequence.reset();
  EXPECT_TRUE(fails(odd));
  odd = f;
  odd.author = text("nobody");
  EXPECT_TRUE(fails(odd));
  odd = f;
  odd.author.reset();
  EXPECT_TRUE(fails(odd));
  odd = f;
  odd.topic.reset();
  EXPECT_TRUE(fails(odd));
}

TEST(message, policy_of_unsigned_networks) {
  message_fields bare;
  bare.data = text("hi");
  bare.topic = text("t");
  const auto ok = [](const message_fields& m) {
    return check_policy(m, signature_policy::strict_no_sign).has_value();
  };
  EXPECT_TRUE(ok(bare));
  for (auto field : {&message_fields::author, &message_fields::sequence, &message_fields::signature,
                     &message_fields::key}) {
    auto odd = bare;
    odd.*field = text("");
    EXPECT_FALSE(ok(odd));
  }
}

TEST(message, ids_by_each_function) {
  const auto f = fields_of("AB", "hi", "12345678", "t");
  gossip_config config;
  EXPECT_EQ(as_text(identify(f, config)->bytes()), "AB12345678");
  config.ids = message_id_kind::data_sha256;
  EXPECT_EQ(to_hex(identify(f, config)->bytes()),
            "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4");
  config.ids = message_id_kind::custom;
  config.custom_message_id
      = [](const message_parts& parts) { return *message_id::from(parts.topic); };
  EXPECT_EQ(as_text(identify(f, config)->bytes()), "t");
  config.custom_message_id = [](const message_parts&) { return message_id(); };
  EXPECT_FALSE(identify(f, config).has_value());
}

TEST(message, signatures_by_every_way_to_name_the_key) {
  const auto key = crypto::ed25519_private_key::generate();
  const auto other = crypto::ed25519_private_key::generate();
  const libp2p_gossip_crypto crypto(key);
  const peer_id author = key.id();
  auto f = fields_of(as_text(author.bytes()), "hi", "12345678", "t");
  byte_buffer scratch;
  write_signed_text(f, scratch);
  const auto signature = crypto.sign(scratch);
  f.signature = bytes_view(signature);
  EXPECT_TRUE(verify(f, author, crypto, scratch).has_value());

  const auto own_key = crypto::ed25519_public_key_protobuf(key.public_key());
  f.key = bytes_view(own_key);
  EXPECT_TRUE(verify(f, author, crypto, scratch).has_value());
  const auto wrong_key = crypto::ed25519_public_key_protobuf(other.public_key());
  f.key = bytes_view(wrong_key);
  EXPECT_EQ(verify(f, author, crypto, scratch).error().code, ec::wrong_peer);
  f.key.reset();
  f.data = text("ho");
  EXPECT_EQ(verify(f, author, crypto, scratch).error().code, ec::bad_signature);

  const auto hashed = peer_id::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
  ASSERT_TRUE(hashed.has_value());
  EXPECT_EQ(verify(f, *hashed, crypto, scratch).error().code, ec::bad_key);
}

}  // namespace
}  // namespace weft::gossip::test
