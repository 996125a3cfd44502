// SPDX-License-Identifier: MIT
#include "dht/validator.hpp"

#include "base/crypto.hpp"
#include "base/envelope.hpp"
#include "dht/signed_record.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace weft;
using namespace weft::dht;
using namespace std::chrono_literals;

crypto::ed25519_private_key key_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(n);
  return crypto::ed25519_private_key::from_seed(seed);
}

constexpr wall_time today{std::chrono::hours(24 * 20'000)};
constexpr wall_time tomorrow = today + std::chrono::hours(24);

byte_buffer path_of(const crypto::ed25519_private_key& key, std::string_view name) {
  return *signed_record_key(key.id(), name);
}

// Goal: what the publisher sealed comes back, under its own key only.
TEST(signed_record, belongs_to_its_key) {
  const auto key = key_of(1);
  const auto path = path_of(key, "page");
  EXPECT_EQ(as_text(path), "/weft/" + key.id().to_string() + "/page");
  EXPECT_EQ(*signed_record_publisher(path), key.id());
  const auto sealed = *seal_record(key, "page", as_bytes("hello"), 7, tomorrow);
  const auto opened = open_record(path, sealed);
  ASSERT_TRUE(opened) << to_string(opened.error());
  EXPECT_EQ(as_text(opened->value), "hello");
  EXPECT_EQ(opened->sequence, 7u);
  EXPECT_EQ(opened->expires, tomorrow);
  EXPECT_EQ(opened->publisher, key.id());

  EXPECT_EQ(open_record(path_of(key, "other"), sealed).error(), ec::wrong_destination);
  EXPECT_EQ(open_record(path_of(key_of(2), "page"), sealed).error(), ec::wrong_peer);
  EXPECT_EQ(open_record(as_bytes("/weft/page"), sealed).error(), ec::malformed);
  EXPECT_EQ(open_record(as_bytes("/weft/" + key.id().to_string() + "/"), sealed).error(),
            ec::malformed);
}

// Goal: no change of a sealed record is accepted.
TEST(signed_record, cannot_be_changed) {
  const auto key = key_of(1);
  const auto path = path_of(key, "page");
  const auto sealed = *seal_record(key, "page", as_bytes("hello"), 7, tomorrow);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(open_record(path, changed)) << i;
    EXPECT_FALSE(open_record(path, bytes_view(sealed).first(i))) << i;
  }
  // An envelope for something else, by the right key.
  const auto peer_record = seal_peer_record(key, 1, {});
  EXPECT_EQ(open_record(path, peer_record).error(), ec::unsupported);
  const auto empty = seal_envelope(key, "weft-record", as_bytes("/weft/record/1"),
                                   as_bytes(std::string{"\xff"}));
  EXPECT_EQ(open_record(path, empty).error(), ec::malformed);
}

// Goal: names and sizes that would not fit are refused before anything is signed.
TEST(signed_record, has_limits) {
  const auto key = key_of(1);
  for (const std::string& name : {std::string{}, std::string{"a/b"}, std::string{"a b"},
                                  std::string{"\n"}, std::string(129, 'a')})
    EXPECT_EQ(seal_record(key, name, {}, 1, tomorrow).error(), ec::bad_argument) << name;
  EXPECT_EQ(seal_record(key, "a", byte_buffer(signed_value_bytes_max + 1), 1, tomorrow).error(),
            ec::oversized);
  EXPECT_EQ(seal_record(key, "a", {}, 1, wall_time{}).error(), ec::bad_argument);
  const std::string name(128, 'a');
  const auto largest = seal_record(key, name, byte_buffer(signed_value_bytes_max), 1, tomorrow);
  ASSERT_TRUE(largest);
  EXPECT_TRUE(open_record(path_of(key, name), *largest));
}

// Goal: expiry and sequence decide, as the validator of /weft/ says.
TEST(validators, rank_signed_records) {
  const auto set = validator_set::standard();
  const auto key = key_of(1);
  const auto path = path_of(key, "page");
  const auto older = *seal_record(key, "page", as_bytes("a"), 1, tomorrow);
  const auto newer = *seal_record(key, "page", as_bytes("b"), 2, tomorrow);
  const auto longer = *seal_record(key, "page", as_bytes("b"), 2, tomorrow + 1h);
  EXPECT_LT(*set->validate(path, older, today), *set->validate(path, newer, today));
  EXPECT_LT(*set->validate(path, newer, today), *set->validate(path, longer, today));
  EXPECT_EQ(set->validate(path, newer, tomorrow).error(), ec::stale);
  EXPECT_EQ(set->validate(path, newer, tomorrow - 24h * 40).error(), ec::oversized);
}

// Goal: public keys belong to their ids; other namespaces are refused.
TEST(validators, know_their_namespaces) {
  const auto set = validator_set::standard();
  const auto id = key_of(1).id();
  byte_buffer path = to_buffer(as_bytes("/pk/"));
  append(path, id.bytes());
  EXPECT_TRUE(set->knows(path));
  EXPECT_TRUE(
      set->validate(path, crypto::ed25519_public_key_protobuf(key_of(1).public_key()), today));
  EXPECT_EQ(set->validate(path, crypto::ed25519_public_key_protobuf(key_of(2).public_key()), today)
                .error(),
            ec::wrong_peer);
  EXPECT_FALSE(set->validate(path, as_bytes("no key"), today));
  EXPECT_FALSE(set->validate(as_bytes("/pk/x"), as_bytes("no key"), today));
  for (const auto text : {"", "/", "weft", "/weft", "pk/x", "/ipns/x", "//x"}) {
    EXPECT_FALSE(set->knows(as_bytes(text))) << text;
    EXPECT_EQ(set->validate(as_bytes(text), {}, today).error(), ec::unsupported) << text;
  }
}

}  // namespace
