// SPDX-License-Identifier: MIT
// Goal: a key file gives back its key or says why not; it is never half written and never readable
// by others.
#include "node/identity.hpp"

#include "node/files.hpp"
#include "tests/node/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace weft::node {
namespace {

constexpr passphrase_cost cheap{.memory_kib = 64, .passes = 1};

crypto::ed25519_private_key fixed_key() {
  std::array<std::uint8_t, 32> seed{};
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
  return crypto::ed25519_private_key::from_seed(seed);
}

TEST(identity, plain_file_round_trip_with_mode_0600) {
  const temporary_directory d;
  const auto path = d / "identity.key";
  const auto key = fixed_key();
  ASSERT_TRUE(write_identity(path, key, {}, false));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  const auto back = read_identity(path, {});
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_EQ(back->id(), key.id());
  const auto public_part = read_identity_info(path);
  ASSERT_TRUE(public_part);
  EXPECT_EQ(public_part->id, key.id());
  EXPECT_FALSE(public_part->encrypted);
}

TEST(identity, sealed_text_holds_no_seed_and_opens_with_its_passphrase_only) {
  const auto key = fixed_key();
  const auto text = format_identity(key, passphrase("correct horse"), cheap);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("000102030405"), std::string::npos);
  const auto back = parse_identity(*text, passphrase("correct horse"));
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_EQ(back->id(), key.id());
  EXPECT_EQ(parse_identity(*text, passphrase("wrong horse")).error().code, ec::denied);
  EXPECT_EQ(parse_identity(*text, {}).error().code, ec::denied);
  EXPECT_TRUE(parse_identity_info(*text)->encrypted);
}

TEST(identity, same_key_sealed_twice_differs) {
  const auto key = fixed_key();
  EXPECT_NE(*format_identity(key, passphrase("x"), cheap),
            *format_identity(key, passphrase("x"), cheap));
}

TEST(identity, every_truncation_is_noticed) {
  for (const auto* secret : {"", "x"}) {
    const auto text = *format_identity(fixed_key(), passphrase(secret), cheap);
    for (std::size_t size = 0; size < text.size(); ++size) {
      const auto back = parse_identity(text.substr(0, size), passphrase(secret));
      ASSERT_FALSE(back) << size;
      ASSERT_TRUE(back.error().code == ec::corrupt || back.error().code == ec::unsupported)
          << to_string(back.error());
    }
  }
}

TEST(identity, every_changed_byte_is_noticed) {
  const auto text = *format_identity(fixed_key(), {}, cheap);
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    ASSERT_FALSE(parse_identity(changed, {})) << at;
  }
}

TEST(identity, newer_format_is_told_apart_from_damage) {
  const auto back = parse_identity("weft-identity 2\nwhatever\n", {});
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ec::unsupported);
}

TEST(identity, lax_permissions_are_refused_with_the_remedy) {
  const temporary_directory d;
  const auto path = d / "identity.key";
  ASSERT_TRUE(write_identity(path, fixed_key(), {}, false));
  for (const unsigned mode : {0644U, 0660U, 0604U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto back = read_identity(path, {});
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, ec::denied);
    EXPECT_NE(back.error().detail.find("chmod 600 " + path), std::string::npos)
        << back.error().detail;
  }
}

TEST(identity, existing_file_is_kept_unless_told) {
  const temporary_directory d;
  const auto path = d / "identity.key";
  ASSERT_TRUE(write_identity(path, fixed_key(), {}, false));
  const auto before = content_of(path);
  const auto other = crypto::ed25519_private_key::generate();
  EXPECT_EQ(write_identity(path, other, {}, false).error().code, ec::exists);
  EXPECT_EQ(content_of(path), before);
  ASSERT_TRUE(write_identity(path, other, {}, true));
  EXPECT_EQ(read_identity(path, {})->id(), other.id());
}

TEST(identity, missing_and_oversized_files_are_named) {
  const temporary_directory d;
  EXPECT_EQ(read_identity(d / "none", {}).error().code, ec::not_found);
  put(d / "big", std::string(identity_file_bytes_max + 1, 'x'));
  ::chmod((d / "big").c_str(), 0600);
  const auto back = read_identity(d / "big", {});
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ec::oversized);
}

TEST(identity, hostile_cost_does_not_eat_the_machine) {
  auto text = *format_identity(fixed_key(), passphrase("x"), cheap);
  const auto at = text.find("memory_kib: 64");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 14, "memory_kib: 4294967295");
  text.resize(text.rfind("end: "));
  // Even with a right checksum the cost is refused before it is spent.
  const auto digest = crypto::sha256(as_bytes(text));
  std::string hex;
  for (std::size_t i = 0; i < 8; ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  const auto back = parse_identity(text + "end: " + hex + "\n", passphrase("x"));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ec::bad_argument);
}

TEST(passphrase_source, file_must_be_private_and_not_empty) {
  const temporary_directory d;
  put(d / "secret", "open sesame\n");
  ::chmod((d / "secret").c_str(), 0644);
  EXPECT_EQ(find_passphrase(d / "secret", false, "").error().code, ec::denied);
  ::chmod((d / "secret").c_str(), 0600);
  EXPECT_EQ(find_passphrase(d / "secret", false, "")->text(), "open sesame");
  put(d / "empty", "\n");
  ::chmod((d / "empty").c_str(), 0600);
  EXPECT_FALSE(find_passphrase(d / "empty", false, ""));
}

TEST(files, atomic_write_leaves_no_trace_when_it_fails) {
  const temporary_directory d;
  ASSERT_TRUE(write_file_atomically(d / "a", "one", 0600));
  ASSERT_TRUE(write_file_atomically(d / "a", "two", 0640));
  EXPECT_EQ(content_of(d / "a"), "two");
  // A folder cannot be replaced by a file: the temporary file must be gone afterwards.
  std::filesystem::create_directory(d / "folder");
  put(d / "folder/x", "x");
  EXPECT_FALSE(write_file_atomically(d / "folder", "three", 0600));
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(d.path())) ++entries;
  EXPECT_EQ(entries, 2U);
}

TEST(files, second_lock_of_a_directory_is_refused_and_names_the_owner) {
  const temporary_directory d;
  {
    const auto first = directory_lock::take(d.path());
    ASSERT_TRUE(first);
    const auto second = directory_lock::take(d.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ec::in_use);
    EXPECT_NE(second.error().detail.find("process " + std::to_string(::getpid())),
              std::string::npos)
        << second.error().detail;
  }
  EXPECT_TRUE(directory_lock::take(d.path()));
}

TEST(files, reading_is_bounded) {
  const temporary_directory d;
  put(d / "a", std::string(1000, 'x'));
  EXPECT_EQ(read_file(d / "a", 1000)->size(), 1000U);
  EXPECT_EQ(read_file(d / "a", 999).error().code, ec::oversized);
}

}  // namespace
}  // namespace weft::node
