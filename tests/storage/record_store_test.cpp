// SPDX-License-Identifier: MIT
// The DHT's records on disk: what goes in comes out, in order, over restarts, crashes and damage.
#include "storage/record_store.hpp"

#include "tests/storage/store_fixture.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::storage {
namespace {

using testing::peer;
using testing::temporary_folder;

wall_time at(std::int64_t seconds) { return wall_time(std::chrono::seconds(seconds)); }

dht::store_operation record(std::string_view key, std::string_view value, bool own = false) {
  return dht::put_record{{.key = to_buffer(as_bytes(key)),
                          .value = chunk_view::copy(as_bytes(value)),
                          .sender = peer(1),
                          .received = at(1),
                          .expires = at(100),
                          .own = own}};
}

std::unique_ptr<record_store> open(const temporary_folder& folder) {
  auto store = record_store::open({.directory = folder.path()});
  EXPECT_TRUE(store) << to_string(store.error());
  return std::move(*store);
}

TEST(record_store, keeps_records_providers_and_peers) {
  const temporary_folder folder;
  const auto address = *multiaddr::parse("/ip4/127.0.0.1/udp/4001/quic-v1");
  {
    auto store = open(folder);
    std::vector<dht::store_operation> ops;
    ops.push_back(record("a", "one"));
    ops.push_back(record("b", "two", true));
    ops.push_back(record("a", "three"));
    ops.emplace_back(dht::put_provider{{to_buffer(as_bytes("k")), peer(2), {address}, at(5)}});
    ops.emplace_back(dht::put_provider{{to_buffer(as_bytes("k")), peer(3), {}, at(6)}});
    ops.emplace_back(dht::remove_provider{to_buffer(as_bytes("k")), peer(3)});
    ops.emplace_back(dht::replace_peers{{{peer(4), {address, address}, at(7)}}});
    store->submit(std::move(ops));
  }
  const auto state = open(folder)->load();
  ASSERT_TRUE(state);
  ASSERT_EQ(state->records.size(), 2u);
  EXPECT_EQ(as_text(state->records[0].value), "three");
  EXPECT_FALSE(state->records[0].own);
  EXPECT_TRUE(state->records[1].own);
  EXPECT_EQ(state->records[1].expires, at(100));
  ASSERT_EQ(state->providers.size(), 1u);
  EXPECT_EQ(state->providers[0].provider, peer(2));
  EXPECT_EQ(state->providers[0].addresses, std::vector{address});
  ASSERT_EQ(state->peers.size(), 1u);
  EXPECT_EQ(state->peers[0].addresses.size(), 2u);
  EXPECT_EQ(state->peers[0].last_answer, at(7));
}

TEST(record_store, replaces_all_peers_and_removes_records) {
  const temporary_folder folder;
  auto store = open(folder);
  std::vector<dht::store_operation> ops;
  ops.push_back(record("a", "one"));
  ops.emplace_back(dht::replace_peers{{{peer(1), {}, at(1)}, {peer(2), {}, at(2)}}});
  ops.emplace_back(dht::replace_peers{{{peer(3), {}, at(3)}}});
  ops.emplace_back(dht::remove_record{to_buffer(as_bytes("a"))});
  store->submit(std::move(ops));
  const auto state = store->load();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->records.empty());
  ASSERT_EQ(state->peers.size(), 1u);
  EXPECT_EQ(state->peers[0].peer, peer(3));
}

TEST(record_store, drops_and_counts_what_its_queue_cannot_hold) {
  const temporary_folder folder;
  auto opened = record_store::open({.directory = folder.path(), .queue_bytes_max = 1000});
  ASSERT_TRUE(opened);
  std::vector<dht::store_operation> ops;
  ops.push_back(record("small", "x"));
  ops.push_back(record("large", std::string(2000, 'x')));
  (*opened)->submit(std::move(ops));
  const auto state = (*opened)->load();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->records.size(), 1u);
  EXPECT_EQ((*opened)->metrics().dropped.value(), 1u);
  (*opened)->stop();
  std::vector<dht::store_operation> late;
  late.push_back(record("late", "x"));
  (*opened)->submit(std::move(late));
  EXPECT_EQ((*opened)->metrics().dropped.value(), 2u);
}

// Goal: a kill at any point leaves a store that opens clean and holds whole transactions. Method: a
// child writes pairs of records, each pair in one submission, and is killed after some of them.
TEST(record_store, opens_clean_after_kill_9) {
  const temporary_folder folder;
  for (int round = 0; round < 8; ++round) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = record_store::open({.directory = folder.path()});
      for (std::uint64_t n = 0; store; ++n) {
        std::vector<dht::store_operation> pair;
        pair.push_back(record("left", std::to_string(n)));
        pair.push_back(record("right", std::to_string(n)));
        (*store)->submit(std::move(pair));
        (*store)->flush();
        if (::write(told[1], "x", 1) != 1) break;
      }
      ::_exit(1);
    }
    ::close(told[1]);
    char byte = 0;
    for (int n = 0; n <= 3 * round; ++n) ASSERT_EQ(::read(told[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    ::close(told[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto state = open(folder)->load();
    ASSERT_TRUE(state);
    if (state->records.empty()) continue;
    ASSERT_EQ(state->records.size(), 2u);
    EXPECT_EQ(as_text(state->records[0].value), as_text(state->records[1].value));
  }
}

TEST(record_store, sets_a_damaged_file_aside) {
  const temporary_folder folder;
  {
    auto store = open(folder);
    std::vector<dht::store_operation> ops;
    ops.push_back(record("a", "one"));
    store->submit(std::move(ops));
  }
  const auto file = folder.path() / "records.db";
  std::filesystem::remove(folder.path() / "records.db-wal");
  std::ofstream(file, std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  const auto state = open(folder)->load();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->records.empty());
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "records.db.damaged"));
}

}  // namespace
}  // namespace weft::storage
