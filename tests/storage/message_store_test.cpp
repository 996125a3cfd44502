// SPDX-License-Identifier: MIT
#include "storage/message_store.hpp"

#include "storage/database.hpp"
#include "tests/storage/store_fixture.hpp"

#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <set>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::storage {
namespace {

using namespace messaging;
using testing::config_in;
using testing::inbound;
using testing::outbound;
using testing::peer;
using testing::running_store;
using testing::temporary_folder;

payload_shape shape_of(bytes_view payload, std::uint32_t piece) {
  return {payload.size(), piece, crypto::sha256(payload)};
}

byte_buffer payload_bytes(std::size_t size) {
  byte_buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + (i >> 10));
  return bytes;
}

write_fragment fragment(const byte_buffer& payload, std::uint32_t piece, std::uint32_t index) {
  const payload_shape shape = shape_of(payload, piece);
  return {peer(1), message_id::from_parts(9, 9), shape, index,
          chunk_view::copy(
              bytes_view{payload}.subspan(std::size_t{index} * piece, shape.bytes_of(index)))};
}

complete_payload completion_of(const byte_buffer& payload, std::uint32_t piece) {
  return {peer(1), message_id::from_parts(9, 9), shape_of(payload, piece), {}, {}, 2};
}

// Goal: rows come back after a reopen exactly as they went in; removed and shown ones do not.
TEST(message_store, keeps_rows_over_a_reopen) {
  temporary_folder folder;
  {
    running_store s{config_in(folder)};
    const auto done = s.run(outbound(1, "one"), outbound(2, "two"), inbound(1, "in"),
                            inbound(2, "gone"), remember_channel{{7}, wall_time{duration{99}}});
    ASSERT_EQ(done.size(), 5u);
    for (const auto& op : done) EXPECT_EQ(op.outcome, ec::none);
    EXPECT_NE(done[2].row, done[3].row);
    s.run(remove_outbound{message_id::from_parts(1, 1)}, mark_shown{done[3].row});
    EXPECT_EQ(s.store->metrics().outbox_rows.value(), 1);
    EXPECT_EQ(s.store->metrics().inbox_rows.value(), 1);
  }
  running_store s{config_in(folder)};
  ASSERT_EQ(s.state.outbound.size(), 1u);
  EXPECT_EQ(as_text(s.state.outbound[0].body), "two");
  EXPECT_EQ(s.state.outbound[0].to, peer(1));
  EXPECT_EQ(s.state.outbound[0].hop_limit, 16);
  EXPECT_EQ(s.state.outbound[0].created, wall_time{duration{2}});
  ASSERT_EQ(s.state.inbound.size(), 1u);
  EXPECT_EQ(as_text(s.state.inbound[0].body), "in");
  EXPECT_EQ(s.state.inbound[0].hops, 3);
  ASSERT_EQ(s.state.channels.size(), 1u);
  EXPECT_EQ(s.state.channels[0].channel[0], 7);
  const auto rows = s.store->inbox(0, 10);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].row, s.state.inbound[0].row);
  EXPECT_TRUE(s.store->inbox(rows->front().row, 10)->empty());
}

// Goal: (sender, id) is taken once, also after the message was shown and after a reopen.
TEST(message_store, recognises_duplicates) {
  temporary_folder folder;
  {
    running_store s{config_in(folder)};
    const auto first = s.run(inbound(1, "a"), inbound(1, "a"), inbound(1, "a", 2));
    EXPECT_FALSE(first[0].duplicate);
    EXPECT_TRUE(first[1].duplicate);
    EXPECT_FALSE(first[2].duplicate) << "another sender may use the same id";
    s.run(mark_shown{first[0].row});
    EXPECT_TRUE(s.run(inbound(1, "a"))[0].duplicate);
    EXPECT_EQ(s.run(outbound(1, "x"), outbound(1, "x"))[1].outcome, ec::exists);
  }
  running_store s{config_in(folder)};
  EXPECT_TRUE(s.run(inbound(1, "a"))[0].duplicate);
  EXPECT_EQ(s.store->metrics().duplicates.value(), 1u);
}

// Goal: the limits of the boxes refuse, and a known message is still recognised when the inbox is
// full.
TEST(message_store, refuses_above_its_limits) {
  temporary_folder folder;
  auto config = config_in(folder);
  config.outbox_rows_max = 2;
  config.inbox_rows_max = 2;
  running_store s{config};
  auto done = s.run(outbound(1, "a"), outbound(2, "b"), outbound(3, "c"), inbound(1, "a"),
                    inbound(2, "b"), inbound(3, "c"), inbound(2, "b"));
  EXPECT_EQ(done[1].outcome, ec::none);
  EXPECT_EQ(done[2].outcome, ec::limit);
  EXPECT_EQ(done[5].outcome, ec::limit);
  EXPECT_TRUE(done[6].duplicate);
  EXPECT_EQ(done[6].outcome, ec::none);
  EXPECT_EQ(s.store->metrics().refused.value(), 2u);
  s.run(remove_outbound{message_id::from_parts(1, 1)}, mark_shown{done[3].row});
  done = s.run(outbound(3, "c"), inbound(3, "c"));
  EXPECT_EQ(done[0].outcome, ec::none);
  EXPECT_EQ(done[1].outcome, ec::none);
}

// Goal: ids are forgotten by number, the oldest first.
TEST(message_store, prunes_seen_ids) {
  temporary_folder folder;
  auto config = config_in(folder);
  config.seen_rows_max = 1000;
  config.sync = false;
  running_store s{config};
  for (std::uint64_t round = 0; round < 10; ++round) {
    store_batch batch;
    for (std::uint64_t i = 0; i < 1000; ++i)
      batch.operations.emplace_back(inbound(round * 1000 + i, "x"));
    ASSERT_TRUE(s.store->submit(batch));
    for (const auto& op : s.take()) EXPECT_EQ(op.outcome, ec::none);
  }
  EXPECT_GE(s.store->metrics().seen_pruned.value(), 4000u);
  EXPECT_TRUE(s.run(inbound(9999, "x"))[0].duplicate);
  EXPECT_FALSE(s.run(inbound(0, "x"))[0].duplicate);
}

// Goal: a queue that is full refuses and leaves the batch with the caller.
TEST(message_store, refuses_when_the_writer_is_behind) {
  temporary_folder folder;
  auto config = config_in(folder);
  config.queue_operations_max = 10;
  auto store = message_store::open(config);
  ASSERT_TRUE(store);
  store_batch batch;  // not started: nothing drains
  for (std::uint64_t i = 0; i < 8; ++i) batch.operations.emplace_back(outbound(i, "x"));
  ASSERT_TRUE((*store)->submit(batch));
  EXPECT_TRUE(batch.empty());
  for (std::uint64_t i = 8; i < 12; ++i) batch.operations.emplace_back(outbound(i, "x"));
  EXPECT_FALSE((*store)->submit(batch));
  ASSERT_EQ(batch.operations.size(), 4u);
  for (const auto& op : batch.operations) EXPECT_EQ(op.outcome, ec::queue_full);
  EXPECT_EQ((*store)->metrics().queue_full.value(), 4u);
  (*store)->stop();
  EXPECT_FALSE((*store)->submit(batch));
  EXPECT_EQ(batch.operations[0].outcome, ec::stopping);
}

// Goal: a second opener of the folder is told that it is in use; after the first is gone it may.
TEST(message_store, one_process_per_folder) {
  temporary_folder folder;
  auto first = message_store::open(config_in(folder));
  ASSERT_TRUE(first);
  const auto second = message_store::open(config_in(folder));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ec::in_use);
  first->reset();
  EXPECT_TRUE(message_store::open(config_in(folder)));
}

// Goal: a full database says disk_full, loses nothing it had, and works again once there is room.
TEST(message_store, full_database) {
  temporary_folder folder;
  auto config = config_in(folder);
  config.database_bytes_max = 512 * 1024;
  running_store s{config};
  const std::string body(8000, 'x');
  std::vector<std::uint64_t> kept;
  bool full = false;
  for (std::uint64_t i = 0; i < 200 && !full; ++i) {
    const auto done = s.run(outbound(i, body));
    full = done[0].outcome == ec::disk_full;
    if (!full) {
      ASSERT_EQ(done[0].outcome, ec::none);
      kept.push_back(i);
    }
  }
  ASSERT_TRUE(full);
  ASSERT_GT(kept.size(), 10u);
  EXPECT_GE(s.store->metrics().disk_full.value(), 1u);
  for (std::size_t i = 0; i < 5; ++i) s.run(remove_outbound{message_id::from_parts(1, kept[i])});
  EXPECT_EQ(s.run(outbound(500, body))[0].outcome, ec::none);
  EXPECT_EQ(s.store->metrics().outbox_rows.value(), static_cast<std::int64_t>(kept.size()) - 4);
}

/// Runs `body` in a process of its own; its return value is the exit status.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Goal: writes that the system refuses (a file size limit stands for a full disk) become disk_full,
// and the same store goes on when the limit is lifted; the removal that failed meanwhile is made
// good.
TEST(message_store, disk_refuses_writes_then_recovers) {
  temporary_folder folder;
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    running_store s{config_in(folder)};
    if (s.run(outbound(1, "before"))[0].outcome != ec::none) return 1;
    rlimit old{};
    ::getrlimit(RLIMIT_FSIZE, &old);
    rlimit tight = old;
    tight.rlim_cur = 64 * 1024;
    ::setrlimit(RLIMIT_FSIZE, &tight);
    const std::string big(200'000, 'x');
    if (s.run(outbound(2, big))[0].outcome != ec::disk_full) return 2;
    if (s.store->import_bytes(as_bytes(big)).error().code != ec::disk_full) return 3;
    const byte_buffer payload = payload_bytes(100'000);
    if (s.run(fragment(payload, 60'000, 1))[0].outcome != ec::disk_full) return 4;
    const auto mixed = s.run(remove_outbound{message_id::from_parts(1, 1)}, outbound(3, big));
    if (mixed[1].outcome != ec::disk_full) return 5;
    ::setrlimit(RLIMIT_FSIZE, &old);
    if (s.run(outbound(4, big))[0].outcome != ec::none) return 6;
    if (s.store->metrics().outbox_rows.value() != 1) return 7;
    return 0;
  });
  EXPECT_EQ(status, 0);
  running_store s{config_in(folder)};
  ASSERT_EQ(s.state.outbound.size(), 1u);
  EXPECT_EQ(s.state.outbound[0].body.size(), 200'000u);
}

// Goal: the log has its size from the start, is emptied again and again, and stays near that size.
TEST(message_store, log_keeps_its_size) {
  temporary_folder folder;
  auto config = config_in(folder);
  config.log_bytes = 512 * 1024;
  const auto log = config.directory / "messages.db-wal";
  {
    running_store s{config};
    EXPECT_EQ(std::filesystem::file_size(log), config.log_bytes);
    for (std::uint64_t i = 0; i < 400; ++i) {
      ASSERT_EQ(s.run(outbound(i, std::string(8000, 'x')))[0].outcome, ec::none);
      if (i >= 10) s.run(remove_outbound{message_id::from_parts(1, i - 10)});
    }
    EXPECT_GE(s.store->metrics().checkpoints.value(), 5u);
    EXPECT_LE(std::filesystem::file_size(log), config.log_bytes);
  }
  EXPECT_EQ(std::filesystem::file_size(log), config.log_bytes);
  running_store s{config};
  EXPECT_EQ(s.state.outbound.size(), 10u);
}

// Goal: a file system without room makes every kind of write say disk_full, keeps what it had, and
// the same store works again when there is room. On a small tmpfs of a mount namespace of its own.
TEST(message_store, full_file_system) {
  temporary_folder folder;
  constexpr int not_permitted = 77;
  const int status = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0) return not_permitted;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return not_permitted;
    if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=2m") != 0) return not_permitted;
    auto config = config_in(folder);
    config.log_bytes = 0;
    std::size_t kept = 0;
    {
      running_store s{config};
      const std::string body(30'000, 'x');
      ec last = ec::none;
      for (std::uint64_t i = 0; i < 100 && last == ec::none; ++i) {
        last = s.run(outbound(i, body))[0].outcome;
        kept += last == ec::none ? 1 : 0;
      }
      if (last != ec::disk_full || kept < 5) return 1;
      if (s.store->metrics().disk_full.value() == 0) return 2;
      byte_buffer payload = payload_bytes(3'000'000);
      if (s.store->import_bytes(payload).error().code != ec::disk_full) return 3;
      if (s.run(fragment(payload, 2'500'000, 0))[0].outcome != ec::disk_full) return 4;
      if (::mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=16m") != 0) return 5;
      if (s.run(outbound(1000, body))[0].outcome != ec::none) return 6;
    }
    running_store s{config};
    return s.state.outbound.size() == kept + 1 ? 0 : 7;
  });
  if (status == not_permitted)
    GTEST_SKIP() << "mounting a tmpfs in a namespace of its own needs root";
  EXPECT_EQ(status, 0);
}

// Goal: a folder we may not use is refused with its name.
TEST(message_store, folder_without_permission) {
  temporary_folder folder;
  std::filesystem::create_directory(folder.path() / "store");
  const int status = in_child([&] {
    if (::getuid() == 0) {
      std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
      std::filesystem::permissions(folder.path() / "store", std::filesystem::perms::owner_all);
      if (::setegid(65534) != 0 || ::seteuid(65534) != 0) return 1;
    } else {
      std::filesystem::permissions(folder.path() / "store", std::filesystem::perms::none);
    }
    const auto opened = message_store::open(config_in(folder));
    if (opened) return 2;
    if (opened.error().code != ec::denied) return 3;
    return opened.error().detail.find("store") == std::string::npos ? 4 : 0;
  });
  EXPECT_EQ(status, 0);
}

// Goal: damage and foreign versions are refused with a clear code.
TEST(message_store, damaged_or_newer_database) {
  temporary_folder folder;
  const auto file = config_in(folder).directory / "messages.db";
  {
    running_store s{config_in(folder)};
    for (std::uint64_t i = 0; i < 50; ++i) s.run(outbound(i, std::string(3000, 'x')));
  }
  {
    auto db = database::open(file, database::mode::read_write, true);
    ASSERT_TRUE(db);
    ASSERT_TRUE(db->execute("PRAGMA user_version=99"));
  }
  auto newer = message_store::open(config_in(folder));
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ec::unsupported);
  // The log holds good copies of the pages.
  std::filesystem::remove(file.string() + "-wal");
  {
    std::fstream f(file, std::ios::binary | std::ios::in | std::ios::out);
    f.seekp(4096);
    const std::string noise(40000, '\x5a');
    f.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  auto damaged = message_store::open(config_in(folder));
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ec::corrupt);
  {
    std::ofstream f(file, std::ios::binary | std::ios::trunc);
    f << "this was never a database, whatever its name says; long enough for a header ............";
  }
  auto foreign = message_store::open(config_in(folder));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ec::corrupt);
}

// Goal: pieces in any order, with a reopen in between, become the payload's file; a second copy is
// a duplicate.
TEST(message_store, payload_in_pieces) {
  temporary_folder folder;
  const byte_buffer payload = payload_bytes(250'000);
  {
    running_store s{config_in(folder)};
    EXPECT_EQ(s.run(fragment(payload, 100'000, 2))[0].outcome, ec::none);
    EXPECT_EQ(s.run(fragment(payload, 100'000, 0))[0].outcome, ec::none);
    auto torn = fragment(payload, 100'000, 1);
    torn.data = torn.data.part(1);
    EXPECT_EQ(s.run(torn)[0].outcome, ec::malformed);
  }
  running_store s{config_in(folder)};
  ASSERT_EQ(s.state.reassemblies.size(), 1u);
  EXPECT_EQ(s.state.reassemblies[0].received, byte_buffer{0b101});
  EXPECT_EQ(s.state.reassemblies[0].shape, shape_of(payload, 100'000));
  const auto done = s.run(fragment(payload, 100'000, 1), completion_of(payload, 100'000));
  ASSERT_EQ(done[1].outcome, ec::none);
  EXPECT_FALSE(done[1].duplicate);
  std::ifstream file(done[1].file_path, std::ios::binary);
  const byte_buffer read{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(read, payload);
  EXPECT_TRUE(s.run(fragment(payload, 100'000, 1))[0].duplicate);
  EXPECT_EQ(s.store->inbox(0, 10)->size(), 1u);
  s.run(mark_shown{done[1].row, true});
  EXPECT_FALSE(std::filesystem::exists(done[1].file_path));
}

// Goal: a payload whose digest differs is thrown away; a dropped one leaves nothing.
TEST(message_store, payload_with_wrong_digest) {
  temporary_folder folder;
  byte_buffer payload = payload_bytes(150'000);
  running_store s{config_in(folder)};
  auto first = fragment(payload, 100'000, 0);
  auto second = fragment(payload, 100'000, 1);
  first.shape.digest[0] ^= 1;
  second.shape.digest[0] ^= 1;
  auto complete = completion_of(payload, 100'000);
  complete.shape.digest[0] ^= 1;
  EXPECT_EQ(s.run(first, second, complete)[2].outcome, ec::corrupt);
  EXPECT_TRUE(std::filesystem::is_empty(config_in(folder).directory / "incoming"));
  EXPECT_TRUE(s.store->inbox(0, 10)->empty());
  s.run(fragment(payload, 100'000, 0));
  s.run(drop_payload{peer(1), message_id::from_parts(9, 9)});
  EXPECT_TRUE(std::filesystem::is_empty(config_in(folder).directory / "incoming"));
}

// Goal: an imported file is read piece by piece and removed with its row; one never sent goes at
// the next open.
TEST(message_store, outbound_files) {
  temporary_folder folder;
  const byte_buffer payload = payload_bytes(123'456);
  {
    running_store s{config_in(folder)};
    const auto sent = s.store->import_bytes(payload);
    const auto forgotten = s.store->import_bytes(payload);
    ASSERT_TRUE(sent);
    ASSERT_TRUE(forgotten);
    EXPECT_EQ(sent->size, payload.size());
    EXPECT_EQ(sent->digest, crypto::sha256(payload));
    auto row = outbound(1, "");
    row.file = *sent;
    s.run(row);
    EXPECT_EQ(s.store->import_file(folder.path() / "missing").error().code, ec::not_found);
  }
  running_store s{config_in(folder)};
  ASSERT_EQ(s.state.outbound.size(), 1u);
  const payload_file& file = s.state.outbound[0].file;
  EXPECT_EQ(file.digest, crypto::sha256(payload));
  const auto outgoing = config_in(folder).directory / "outgoing";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(outgoing), {}), 1);
  const auto read = s.run(read_outbound{message_id::from_parts(1, 1), file.name, 100'000, 23'456});
  ASSERT_EQ(read[0].outcome, ec::none);
  EXPECT_TRUE(std::ranges::equal(read[0].data.bytes(), bytes_view{payload}.subspan(100'000)));
  EXPECT_EQ(s.run(read_outbound{{}, "nothing", 0, 1})[0].outcome, ec::not_found);
  s.run(remove_outbound{message_id::from_parts(1, 1)});
  EXPECT_TRUE(std::filesystem::is_empty(outgoing));
}

// Goal: killed at random points, the store opens clean and holds every row whose commit was
// reported, none torn.
TEST(message_store, survives_kill_nine) {
  temporary_folder folder;
  auto config = config_in(folder);
  std::uint64_t next = 0;
  std::uint64_t seed = 12345;
  for (int round = 0; round < 25; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      auto opened = message_store::open(config);
      if (!opened) ::_exit(1);
      (*opened)->start([&](store_batch&& b) {
        for (const auto& op : b.operations)
          if (op.outcome == ec::none)
            if (const auto* a = std::get_if<append_outbound>(&op.action)) {
              const std::uint64_t n = a->id.counter();
              if (::write(ends[1], &n, sizeof n) != sizeof n) ::_exit(2);
            }
      });
      for (std::uint64_t n = next;; ++n) {
        store_batch batch;
        batch.operations.emplace_back(outbound(n, std::string(50 + n % 3000, char('a' + n % 26))));
        batch.operations.emplace_back(inbound(n, "in"));
        while (!(*opened)->submit(batch)) (*opened)->flush();
        if (n % 8 == 0) (*opened)->flush();
      }
    }
    ::close(ends[1]);
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const std::uint64_t wanted = 1 + (seed >> 33) % 200;
    std::uint64_t reported = 0;
    std::uint64_t n = 0;
    while (reported < wanted && ::read(ends[0], &n, sizeof n) == sizeof n) {
      ++reported;
      next = std::max(next, n + 1);
    }
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    while (::read(ends[0], &n, sizeof n) == sizeof n) next = std::max(next, n + 1);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    running_store s{config};
    std::set<std::uint64_t> present;
    for (const auto& row : s.state.outbound) {
      const std::uint64_t c = row.id.counter();
      present.insert(c);
      ASSERT_EQ(as_text(row.body), std::string(50 + c % 3000, char('a' + c % 26)));
    }
    for (std::uint64_t c = 0; c < next; ++c) ASSERT_TRUE(present.contains(c)) << "row " << c;
    // A batch is one piece: its inbound half is there exactly when its outbound half is.
    ASSERT_EQ(s.state.inbound.size(), s.state.outbound.size());
    next = std::max(next, present.empty() ? 0 : *present.rbegin() + 1);
  }
  EXPECT_GT(next, 100u);
}

}  // namespace
}  // namespace weft::storage
