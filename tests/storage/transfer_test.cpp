// SPDX-License-Identifier: MIT
#include "messaging/messaging_core.hpp"
#include "tests/storage/store_fixture.hpp"

#include <chrono>
#include <fstream>

namespace weft::storage {
namespace {

using namespace messaging;
using namespace std::chrono_literals;
using testing::running_store;
using testing::temporary_folder;

/// A core with its real store. Virtual time for the core; commits are waited for.
struct durable_node : next_hop_source {
  durable_node(std::uint8_t n, const temporary_folder& folder)
      : key(crypto::ed25519_private_key::from_seed(std::array<std::uint8_t, 32>{n})) {
    config.directory = folder.path() / std::to_string(n);
    start();
  }
  std::optional<peer_id> next_hop(const peer_id& to) const override { return to; }
  void start() {
    metrics = std::make_unique<messaging_metrics>();
    store = std::make_unique<running_store>(config);
    core = std::make_unique<messaging_core>(key, messaging_config{}, rng{key.seed()[0]},
                                            crypto::random_bytes, *metrics, *this);
  }
  void restart(instant now, wall_time wall) {
    out.clear();
    core.reset();
    store.reset();
    start();
    core->restore(std::move(store->state), now, wall, out);
  }

  crypto::ed25519_private_key key;
  store_config config;
  std::unique_ptr<messaging_metrics> metrics;
  std::unique_ptr<running_store> store;
  std::unique_ptr<messaging_core> core;
  outbox out;
  std::vector<delivery> deliveries;
  std::vector<receipt> receipts;
  std::uint64_t progress_bytes = 0;
};

struct pair {
  temporary_folder folder;
  durable_node nodes[2]{{1, folder}, {2, folder}};
  instant now{};
  wall_time wall{std::chrono::system_clock::now().time_since_epoch()};

  void round() {
    for (int i = 0; i < 2; ++i) {
      durable_node& n = nodes[i];
      durable_node& other = nodes[1 - i];
      std::vector<transmit> frames;
      frames.swap(n.out.transmits);
      for (auto& d : n.out.deliveries) n.deliveries.push_back(std::move(d));
      for (const auto& r : n.out.receipts) n.receipts.push_back(r);
      for (const auto& p : n.out.progresses) n.progress_bytes = p.done_bytes;
      store_batch batch = std::exchange(n.out.store, {});
      n.out.clear();
      for (const transmit& t : frames)
        other.core->on_frame(n.key.id(), t.frame, now, wall, other.out);
      other.core->on_batch_end(now, wall, other.out);
      if (!batch.empty()) {
        EXPECT_TRUE(n.store->store->submit(batch));
        store_batch back;
        back.operations = n.store->take();
        n.core->on_stored(std::move(back), now, wall, n.out);
        n.core->on_batch_end(now, wall, n.out);
      }
    }
    now += 1ms;
    wall += 1ms;
    for (durable_node& n : nodes) n.core->on_deadline(now, wall, n.out);
  }
};

// Goal: 100 MB arrive intact through two real stores, across a restart of the receiver and of the
// sender on the way, with the fragments that were committed not sent again.
TEST(transfer, hundred_megabytes_with_restarts) {
  pair net;
  durable_node& a = net.nodes[0];
  durable_node& b = net.nodes[1];
  const auto source = net.folder.path() / "source";
  constexpr std::uint64_t size = 100'000'000;
  {
    std::ofstream file(source, std::ios::binary);
    byte_buffer block(1'000'000);
    rng random{42};
    for (int i = 0; i < 100; ++i) {
      for (auto& byte : block) byte = static_cast<std::uint8_t>(random.next());
      file.write(reinterpret_cast<const char*>(block.data()), 1'000'000);
    }
  }
  const auto file = a.store->store->import_file(source);
  ASSERT_TRUE(file);
  ASSERT_EQ(file->size, size);
  const auto id = a.core->send_file(b.key.id(), *file, {}, net.now, net.wall, a.out);
  ASSERT_TRUE(id);
  for (int i = 0; i < 20'000 && b.progress_bytes < size / 4; ++i) net.round();
  ASSERT_GE(b.progress_bytes, size / 4);
  b.restart(net.now, net.wall);
  a.core->on_peer_down(b.key.id(), net.now, net.wall, a.out);
  a.core->on_peer_up(b.key.id(), net.now, net.wall, a.out);
  for (int i = 0; i < 20'000 && b.progress_bytes < size / 2; ++i) net.round();
  ASSERT_GE(b.progress_bytes, size / 2);
  a.restart(net.now, net.wall);
  for (int i = 0; i < 20'000 && b.deliveries.empty(); ++i) net.round();
  for (int i = 0; i < 20 && a.core->outstanding() > 0; ++i) net.round();
  ASSERT_EQ(b.deliveries.size(), 1u);
  EXPECT_EQ(b.deliveries[0].id, *id);
  EXPECT_EQ(b.deliveries[0].size, size);
  EXPECT_EQ(a.core->outstanding(), 0u);
  EXPECT_LT(a.metrics->fragments_sent.value(), 1300u) << "about half of 2035, not all of them";
  const std::string compare = "cmp -s " + source.string() + " " + b.deliveries[0].file_path;
  EXPECT_EQ(std::system(compare.c_str()), 0);
}

// Goal: durable messages through real stores are shown once, and once more after a restart until
// they are marked.
TEST(transfer, inbox_survives_until_shown) {
  pair net;
  durable_node& a = net.nodes[0];
  durable_node& b = net.nodes[1];
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(a.core->send(b.key.id(), chunk_view::copy(as_bytes(std::to_string(i))), {}, net.now,
                             net.wall, a.out));
  for (int i = 0; i < 50; ++i) net.round();
  ASSERT_EQ(b.deliveries.size(), 100u);
  EXPECT_EQ(a.core->outstanding(), 0u);
  for (int i = 0; i < 60; ++i)
    b.store->run(mark_shown{b.deliveries[static_cast<std::size_t>(i)].inbox_row});
  b.deliveries.clear();
  b.restart(net.now, net.wall);
  net.round();
  EXPECT_EQ(b.deliveries.size(), 40u);
  EXPECT_EQ(a.store->store->metrics().outbox_rows.value(), 0);
}

}  // namespace
}  // namespace weft::storage
