// SPDX-License-Identifier: MIT
#include "messaging/channel.hpp"
#include "messaging/envelope.hpp"
#include "tests/messaging/mesh.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace weft::messaging {
namespace {

using namespace std::chrono_literals;
using testing::mesh;

/// Keeps every frame that travels from node 0 to node 1.
struct recorder {
  explicit recorder(mesh& net) {
    net.tap = [this](std::size_t from, std::size_t, chunk_view& frame) {
      if (from == 0) frames.push_back(frame);
      return !swallow;
    };
  }
  std::vector<chunk_view> frames;
  bool swallow = false;
};

ec give(mesh& net, std::size_t to, std::size_t from, const chunk_view& frame) {
  auto& n = net[to];
  const ec code = n.core->on_frame(net[from].key.id(), frame, net.now, net.wall(), n.out);
  n.core->on_batch_end(net.now, net.wall(), n.out);
  n.settle();
  return code;
}

chunk_view altered(const chunk_view& frame, std::size_t at, std::uint8_t mask) {
  byte_buffer bytes = to_buffer(frame);
  bytes[at] ^= mask;
  return chunk_view::copy(bytes);
}

std::uint64_t dropped(mesh& net, std::size_t node, drop_reason reason) {
  return net[node].metrics->dropped[reason].value();
}

// Goal: a change of any byte of an opening or a later frame is refused and shows nothing; the one
// byte outside the seal (remaining hops) is bounded by the authenticated limit. The untouched frame
// is accepted afterwards.
TEST(hostile, each_byte_is_authenticated) {
  mesh net{2};
  recorder wire{net};
  net[1].config.opens_burst = 100'000;
  net[1].restart();
  wire.swallow = true;
  net.line();
  ASSERT_TRUE(net[0].send(1, "opening"));
  ASSERT_EQ(wire.frames.size(), 1u);
  const chunk_view opening = wire.frames[0];
  const auto attack = [&](const chunk_view& frame) {
    for (std::size_t i = 0; i < frame.size(); ++i) {
      for (const std::uint8_t mask : {std::uint8_t{1}, std::uint8_t{128}}) {
        if (i == remaining_offset) continue;
        EXPECT_NE(give(net, 1, 0, altered(frame, i, mask)), ec::none) << "byte " << i;
      }
    }
    EXPECT_EQ(give(net, 1, 0, altered(frame, remaining_offset, 0x80)), ec::malformed);
    for (std::size_t size = 0; size < frame.size(); ++size)
      EXPECT_NE(give(net, 1, 0, frame.part(0, size)), ec::none) << "cut at " << size;
  };
  attack(opening);
  EXPECT_EQ(net[1].deliveries.size(), 0u);
  EXPECT_EQ(net[1].core->channel_count(), 0u);
  EXPECT_EQ(give(net, 1, 0, opening), ec::none);
  EXPECT_EQ(net[1].shown("opening"), 1u);
  wire.swallow = false;
  net.run(2s);
  wire.swallow = true;
  wire.frames.clear();
  ASSERT_TRUE(net[0].send(1, "later"));
  ASSERT_EQ(wire.frames.size(), 1u);
  attack(wire.frames[0]);
  EXPECT_EQ(net[1].shown("later"), 0u);
  EXPECT_EQ(give(net, 1, 0, wire.frames[0]), ec::none);
  EXPECT_EQ(net[1].shown("later"), 1u);
  EXPECT_GT(net[1].metrics->open_failures.value(), 0u);
  EXPECT_GT(dropped(net, 1, drop_reason::bad_seal), 0u);
  EXPECT_GT(dropped(net, 1, drop_reason::malformed), 0u);
  EXPECT_GT(dropped(net, 1, drop_reason::unknown_channel), 0u);
}

// Goal: an envelope whose inner sender was exchanged by somebody who knows the recipient's key
// fails by its signature.
TEST(hostile, sender_cannot_be_forged) {
  mesh net{3};
  net.line();
  const identity_keys attacker{net[0].key};
  const identity_keys victim{net[2].key};
  auto opened = channel::initiate(attacker, net[1].key.public_key(), crypto::random_bytes);
  ASSERT_TRUE(opened);
  // The victim's public key with the attacker's signature.
  const auto forged_key = crypto::ed25519_private_key::from_seed(net[0].key.seed());
  identity_keys forged{forged_key};
  forged.public_key = victim.public_key;
  std::array<std::uint8_t, payload_head::bytes_max> head{};
  payload_head h;
  h.sealed = net.wall();
  h.created = net.wall();
  const std::size_t size = h.encode(head);
  const auto sealed = opened->seal(forged, 8, {head.data(), size}, as_bytes("lie"), true);
  EXPECT_EQ(give(net, 1, 0, sealed.frame), ec::bad_signature);
  EXPECT_EQ(dropped(net, 1, drop_reason::bad_signature), 1u);
  EXPECT_TRUE(net[1].deliveries.empty());
}

// Goal: recorded frames are refused when they come again: in the channel, and after a restart that
// kept the store.
TEST(hostile, replays_are_refused) {
  mesh net{2};
  recorder wire{net};
  net.line();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(net[0].send(1, "m" + std::to_string(i)));
  net.run(2s);
  ASSERT_EQ(net[1].deliveries.size(), 20u);
  for (const chunk_view& f : wire.frames) EXPECT_EQ(give(net, 1, 0, f), ec::replayed);
  EXPECT_EQ(net[1].deliveries.size(), 20u);
  EXPECT_EQ(dropped(net, 1, drop_reason::replayed), wire.frames.size());
  const auto recorded = wire.frames;
  net.run(1s);
  net[1].restart();
  for (const chunk_view& f : recorded) EXPECT_NE(give(net, 1, 0, f), ec::none);
  EXPECT_EQ(net[1].deliveries.size(), 20u);
  EXPECT_GT(dropped(net, 1, drop_reason::replayed), 0u) << "the opening is remembered by the store";
}

// Goal: a frame that was held back is stale; one from a clock that runs ahead too.
TEST(hostile, stale_frames_are_refused) {
  mesh net{2};
  recorder wire{net};
  net.line();
  ASSERT_TRUE(net[0].send(1, "a"));
  net.run(1s);
  wire.swallow = true;
  wire.frames.clear();
  ASSERT_TRUE(net[0].send(1, "held"));
  const chunk_view held = wire.frames.at(0);
  net.wall_start += 10min;
  EXPECT_EQ(give(net, 1, 0, held), ec::stale);
  net.wall_start -= 20min;
  mesh fresh{2};
  recorder early{fresh};
  early.swallow = true;
  fresh.line();
  ASSERT_TRUE(fresh[0].send(1, "early"));
  fresh.wall_start -= 20min;
  EXPECT_EQ(give(fresh, 1, 0, early.frames.at(0)), ec::stale);
  EXPECT_EQ(dropped(fresh, 1, drop_reason::stale), 1u);
  EXPECT_EQ(net[1].shown("held"), 0u);
}

// Goal: a message for another node is passed on or refused, never shown; one whose destination was
// rewritten to us fails.
TEST(hostile, wrong_destination) {
  mesh net{3};
  recorder wire{net};
  net.line();
  wire.swallow = true;
  ASSERT_TRUE(net[0].send(2, "for two"));
  const chunk_view frame = wire.frames.at(0);
  byte_buffer rewritten = to_buffer(frame);
  const auto& own = net[1].key.public_key();
  std::copy(own.begin(), own.end(), rewritten.begin() + 4);
  EXPECT_EQ(give(net, 1, 0, chunk_view::copy(rewritten)), ec::bad_seal);
  net[1].config.forward = false;
  net[1].restart();
  EXPECT_EQ(give(net, 1, 0, frame), ec::wrong_destination);
  EXPECT_EQ(dropped(net, 1, drop_reason::wrong_destination), 1u);
  EXPECT_TRUE(net[1].deliveries.empty());
}

// Goal: a frame without hops left is not passed on, and says so.
TEST(hostile, no_hops_left) {
  mesh net{3};
  recorder wire{net};
  net.line();
  wire.swallow = true;
  ASSERT_TRUE(net[0].send(2, "for two"));
  byte_buffer spent = to_buffer(wire.frames.at(0));
  spent[remaining_offset] = 0;
  EXPECT_EQ(give(net, 1, 0, chunk_view::copy(spent)), ec::hop_limit);
  EXPECT_EQ(dropped(net, 1, drop_reason::hop_limit), 1u);
  EXPECT_EQ(net[1].metrics->forwarded.value(), 0u);
}

// Goal: what a core keeps or passes on holds no reference to the slab a frame arrived in: one
// message must not keep 64 KiB alive. Openings, answers, messages of both classes, fragments and
// forwarded frames, those out of order included, each arrive in a slab of their own.
TEST(hostile, frames_do_not_pin_their_slab) {
  mesh net{3};
  net.line();
  ASSERT_TRUE(net[0].send(2, "first"));
  net.run(1s);
  std::vector<chunk> slabs;
  net.tap = [&](std::size_t, std::size_t, chunk_view& frame) {
    chunk slab = chunk::allocate(64 * 1024);
    std::copy_n(frame.data(), frame.size(), slab.mutable_data());
    frame = chunk_view{slab, 0, frame.size()};
    slabs.push_back(std::move(slab));
    return true;
  };
  net.options.jitter = 8ms;
  net.options.loss = 0.1;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(net[0].send(2, "volatile"));
    ASSERT_TRUE(net[0].send(2, "durable", message_class::durable));
  }
  ASSERT_TRUE(net[0].send(2, chunk_view::copy(byte_buffer(300'000, 7)), message_class::volatile_));
  ASSERT_TRUE(net[0].send_file(2, "file", byte_buffer(300'000, 9)));
  // In the middle of it: fragments are missing, messages wait for commits.
  net.run(40ms);
  net.tap = nullptr;
  for (auto& n : net.nodes) n->settle();
  net.unlink(0, 1);
  net.unlink(1, 2);
  net.run(100ms);
  ASSERT_GT(slabs.size(), 100u);
  EXPECT_GT(net[2].deliveries.size(), 20u);
  const auto pinned
      = std::count_if(slabs.begin(), slabs.end(), [](const chunk& slab) { return !slab.unique(); });
  EXPECT_EQ(pinned, 0);
}

// Goal: routes that run in a circle end by the hop limit; a limit too small for the path never
// delivers.
TEST(hostile, hop_limit_ends_loops) {
  mesh net{4};
  net.line();
  net.link(3, 1);
  net.run(1s);
  // 1 -> 2 -> 3 -> 1 for the destination 0, seen from node 2's messages.
  net.route_override = [](std::size_t at, std::size_t to) -> std::optional<std::size_t> {
    if (to != 0) return std::nullopt;
    return at == 1 ? 2 : at == 2 ? 3 : at == 3 ? 1 : std::optional<std::size_t>{};
  };
  const std::size_t before = net.frames;
  ASSERT_TRUE(net[2].send(0, "circle"));
  net.run(100ms);
  EXPECT_LE(net.frames - before, 20u);
  std::uint64_t limited = 0;
  for (std::size_t i = 1; i < 4; ++i)
    limited += dropped(net, i, drop_reason::hop_limit) + dropped(net, i, drop_reason::loop);
  EXPECT_GE(limited, 1u);
  net.route_override = nullptr;
  ASSERT_TRUE(net[0].send(3, "short", message_class::volatile_, 1));
  net.run(40s);
  EXPECT_EQ(net[3].shown("short"), 0u);
  EXPECT_EQ(net[0].count(receipt_status::failed), 1u);
  EXPECT_EQ(net[0].send(3, "x", message_class::volatile_, 200).error().code, ec::bad_argument);
}

// Goal: sizes, destinations and queues are limited at `send`, and the sender hears when there is
// room again.
TEST(hostile, sends_are_limited) {
  messaging_config config;
  config.queue_messages_max = 100;
  mesh net{2, 1, config};
  EXPECT_EQ(net[0].send(0, "self").error().code, ec::bad_argument);
  chunk big = chunk::allocate(17u << 20);
  const chunk_view body{big, 0, 17u << 20};
  EXPECT_EQ(net[0].send(1, body, message_class::volatile_).error().code, ec::oversized);
  EXPECT_EQ(net[0].send(1, body.part(0, 100'000), message_class::durable).error().code,
            ec::oversized);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(net[0].send(1, std::to_string(i)));
  EXPECT_EQ(net[0].send(1, "one more").error().code, ec::queue_full);
  EXPECT_EQ(dropped(net, 0, drop_reason::queue_full), 1u);
  EXPECT_EQ(dropped(net, 0, drop_reason::oversized), 2u);
  net.line();
  net.run(3s);
  ASSERT_EQ(net[0].writable.size(), 1u);
  EXPECT_EQ(net[0].writable[0], net[1].key.id());
  EXPECT_TRUE(net[0].send(1, "one more"));
  EXPECT_EQ(give(net, 1, 0, body.part(0, frame_bytes_max + 1)), ec::oversized);
}

// Goal: openings from one neighbour are limited per second; channels in number.
TEST(hostile, openings_are_limited) {
  messaging_config config;
  config.opens_per_second = 10;
  config.opens_burst = 20;
  config.channels_max = 8;
  mesh net{2, 1, config};
  net.line();
  std::size_t refused = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    std::array<std::uint8_t, 32> seed{};
    seed[5] = static_cast<std::uint8_t>(i + 1);
    const auto key = crypto::ed25519_private_key::from_seed(seed);
    const identity_keys sybil{key};
    auto opened = channel::initiate(sybil, net[1].key.public_key(), crypto::random_bytes);
    ASSERT_TRUE(opened);
    payload_head h;
    h.sealed = net.wall();
    h.created = net.wall();
    std::array<std::uint8_t, payload_head::bytes_max> head{};
    const std::size_t size = h.encode(head);
    const auto sealed = opened->seal(sybil, 8, {head.data(), size}, as_bytes("hi"), true);
    refused += give(net, 1, 0, sealed.frame) == ec::limit ? 1 : 0;
  }
  EXPECT_EQ(refused, 40u);
  EXPECT_EQ(dropped(net, 1, drop_reason::open_rate), 40u);
  EXPECT_LE(net[1].core->channel_count(), 8u);
  EXPECT_EQ(net[1].metrics->channels_evicted.value(), 12u);
}

// Goal: a receiver whose store refuses does not acknowledge; the message comes through when the
// store works again. The sender's own failing store is told at once.
TEST(hostile, store_failures) {
  mesh net{2};
  net.line();
  net[1].store.failure = ec::disk_full;
  ASSERT_TRUE(net[0].send(1, "wait", message_class::durable));
  net.run(5s);
  EXPECT_EQ(net[0].count(receipt_status::delivered), 0u);
  EXPECT_GE(dropped(net, 1, drop_reason::store_refused), 1u);
  net[1].store.failure = ec::none;
  net.run(70s);
  EXPECT_EQ(net[0].count(receipt_status::delivered), 1u);
  EXPECT_EQ(net[1].shown("wait"), 1u);
  net[0].store.failure = ec::disk_full;
  ASSERT_TRUE(net[0].send(1, "never", message_class::durable));
  net.run(1s);
  ASSERT_EQ(net[0].count(receipt_status::failed), 1u);
  EXPECT_EQ(net[0].receipts.back().why, ec::disk_full);
}

// -- fragments, written by hand over a real channel ---

struct fragmenter {
  explicit fragmenter(mesh& n)
      : net(n),
        keys(n[0].key),
        open(std::move(*channel::initiate(keys, n[1].key.public_key(), crypto::random_bytes))) {}

  ec send(std::uint64_t id, const payload_shape& shape, std::uint32_t index, bytes_view data,
          message_class klass = message_class::volatile_) {
    payload_head h;
    h.kind = payload_kind::fragment;
    h.klass = klass;
    h.sealed = net.wall();
    h.created = net.wall();
    h.id = message_id::from_parts(77, id);
    h.shape = shape;
    h.index = index;
    std::array<std::uint8_t, payload_head::bytes_max> head{};
    const std::size_t size = h.encode(head);
    return give(net, 1, 0, open.seal(keys, 8, {head.data(), size}, data, true).frame);
  }

  mesh& net;
  identity_keys keys;
  channel open;
};

// Goal: wrong sizes, changed shapes, wrong digests, too many and never finished payloads are
// refused, counted, forgotten.
TEST(hostile, fragments_are_checked) {
  messaging_config config;
  config.reassemblies_per_peer_max = 3;
  mesh net{2, 1, config};
  net.line();
  fragmenter f{net};
  const byte_buffer body(5000, 9);
  const payload_shape shape{body.size(), 2048, crypto::sha256(body)};
  const bytes_view all{body};
  EXPECT_EQ(f.send(1, shape, 0, all.first(2048)), ec::none);
  EXPECT_EQ(f.send(1, shape, 2, all.first(2048)), ec::malformed) << "the last one is shorter";
  payload_shape other = shape;
  other.size = 5001;
  EXPECT_EQ(f.send(1, other, 1, all.first(2048)), ec::protocol_violation);
  EXPECT_EQ(f.send(1, shape, 0, all.first(2048)), ec::none) << "a second copy is acknowledged";
  EXPECT_EQ(net[1].metrics->duplicates.value(), 1u);
  EXPECT_EQ(f.send(1, shape, 2, all.first(904)), ec::none);
  EXPECT_EQ(f.send(1, shape, 1, all.first(2048)), ec::none);
  ASSERT_EQ(net[1].deliveries.size(), 1u);
  EXPECT_EQ(f.send(1, shape, 1, all.first(2048)), ec::none) << "after the end: again acknowledged";
  EXPECT_EQ(net[1].deliveries.size(), 1u) << "and not shown";

  payload_shape lie = shape;
  lie.digest[3] ^= 1;
  f.send(2, lie, 0, all.first(2048));
  f.send(2, lie, 1, all.first(2048));
  f.send(2, lie, 2, all.first(904));
  EXPECT_EQ(dropped(net, 1, drop_reason::digest_mismatch), 1u);
  EXPECT_EQ(net[1].deliveries.size(), 1u);

  for (std::uint64_t id = 10; id < 13; ++id)
    EXPECT_EQ(f.send(id, shape, 0, all.first(2048)), ec::none);
  EXPECT_EQ(f.send(13, shape, 0, all.first(2048)), ec::limit);
  EXPECT_EQ(dropped(net, 1, drop_reason::reassembly_limit), 1u);
  EXPECT_EQ(net[1].metrics->reassembly_bytes.value(), 15000);
  net.run(40s);
  EXPECT_EQ(dropped(net, 1, drop_reason::reassembly_timeout), 3u);
  EXPECT_EQ(net[1].metrics->reassemblies.value(), 0);
  EXPECT_EQ(net[1].metrics->reassembly_bytes.value(), 0);

  const payload_shape huge{17u << 20, 48 * 1024, {}};
  EXPECT_EQ(f.send(20, huge, 0, byte_buffer(48 * 1024)), ec::oversized);
  const payload_shape crumbs{1'000'000, 10, {}};
  EXPECT_EQ(f.send(21, crumbs, 0, all.first(10)), ec::malformed) << "fragments have a least size";
  EXPECT_EQ(net[1].metrics->dropped[drop_reason::fragment_mismatch].value(), 2u);
}

// Goal: forged acknowledgements of frames never sent, and absurd ranges, change nothing.
TEST(hostile, acknowledgements_of_nothing) {
  mesh net{2};
  net.line();
  fragmenter f{net};
  acknowledgement ack;
  ack.sealed = net.wall();
  ack.ranges.push_back({0, std::uint64_t{1} << 61, 1, net.wall()});
  ack.haves.push_back({message_id::from_parts(1, 1), 0xffffffff});
  ack.dones.push_back({message_id::from_parts(1, 1), payload_verdict::complete, 1});
  byte_buffer text;
  ack.encode(text);
  EXPECT_EQ(give(net, 1, 0, f.open.seal(f.keys, 8, text, {}, true).frame), ec::none);
  text.push_back(0);
  EXPECT_EQ(give(net, 1, 0, f.open.seal(f.keys, 8, text, {}, true).frame), ec::malformed);
  EXPECT_EQ(net[1].core->in_flight(), 0u);
  EXPECT_TRUE(net[1].receipts.empty());
}

}  // namespace
}  // namespace weft::messaging
