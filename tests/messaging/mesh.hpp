// SPDX-License-Identifier: MIT
#pragma once

#include "messaging/messaging_core.hpp"

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <vector>

/// A network of messaging cores under virtual time: links with delay, jitter, loss and duplication,
/// a store per node that commits after a delay and survives restarts, routes by shortest path over
/// the links that are up.
namespace weft::messaging::testing {

/// Keeps what the real store keeps, in memory.
class memory_store {
 public:
  void execute(store_operation& op);
  stored_state load() const;

  std::map<message_id, stored_outbound> outbound;
  /// Every message ever committed to the outbox.
  std::set<message_id> accepted;
  std::map<std::uint64_t, stored_inbound> inbound;
  std::set<std::pair<peer_id, message_id>> seen;
  std::map<std::pair<peer_id, message_id>, std::pair<stored_reassembly, byte_buffer>> pieces;
  std::map<std::string, byte_buffer> files;
  std::vector<remember_channel> channels;
  std::uint64_t next_row = 1;
  /// When set, appends and writes fail with it.
  ec failure = ec::none;
};

class mesh;

struct node : next_hop_source {
  node(mesh& owner, std::size_t number, const messaging_config& config);
  std::optional<peer_id> next_hop(const peer_id& destination) const override;
  /// A new process: the core's memory is lost, the store stays unless `lose_store`.
  void restart(bool lose_store = false);
  result<message_id> send(std::size_t to, std::string_view text,
                          message_class klass = message_class::volatile_, std::uint8_t hops = 0);
  result<message_id> send(std::size_t to, chunk_view body, message_class klass);
  result<message_id> send_file(std::size_t to, const std::string& name, byte_buffer bytes);
  /// Drains the outbox into the mesh.
  void settle();
  void start();

  mesh& net;
  std::size_t index;
  messaging_config config;
  crypto::ed25519_private_key key;
  std::unique_ptr<messaging_metrics> metrics;
  std::unique_ptr<messaging_core> core;
  memory_store store;
  outbox out;
  std::vector<delivery> deliveries;
  std::vector<receipt> receipts;
  std::vector<progress> progresses;
  std::vector<peer_id> writable;
  std::uint64_t life = 0;

  std::size_t count(receipt_status status) const;
  std::size_t shown(std::string_view text) const;
};

/// What a link does to frames.
struct link_options {
  duration delay = std::chrono::milliseconds{5};
  duration jitter{};
  double loss = 0;
  double duplicate = 0;
};

class mesh {
 public:
  explicit mesh(std::size_t nodes, std::uint64_t seed = 1, messaging_config config = {});
  ~mesh();
  node& operator[](std::size_t i) { return *nodes[i]; }
  void link(std::size_t a, std::size_t b);
  void unlink(std::size_t a, std::size_t b);
  /// 0 - 1 - 2 - …
  void line();
  void run(duration time);
  /// Until `done` or the time is over; whether it was done.
  bool run_until(const std::function<bool()>& done, duration limit);
  void post(std::size_t from, const transmit& t);
  void commit(std::size_t at, store_batch&& batch);
  wall_time wall() const { return wall_start + (now - instant{}); }

  std::vector<std::unique_ptr<node>> nodes;
  link_options options;
  duration commit_delay = std::chrono::milliseconds{2};
  rng random;
  instant now{};
  wall_time wall_start{std::chrono::hours{24 * 365 * 55}};
  std::set<std::pair<std::size_t, std::size_t>> links;
  /// Sees every frame before it travels; false: swallowed. May replace the frame.
  std::function<bool(std::size_t from, std::size_t to, chunk_view& frame)> tap;
  std::size_t frames = 0;
  /// next hop of i towards j, or none
  std::optional<std::size_t> hop(std::size_t i, std::size_t j) const;
  std::size_t find(const peer_id& id) const;
  std::function<std::optional<std::size_t>(std::size_t, std::size_t)> route_override;

 private:
  struct item {
    instant at;
    std::uint64_t order;
    std::function<void()> action;
    bool operator<(const item& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  void push(instant at, std::function<void()> action);
  bool advance(instant limit);
  void compute_routes();

  std::priority_queue<item> queue_;
  std::uint64_t order_ = 0;
  std::vector<std::vector<std::size_t>> routes_;
};

}  // namespace weft::messaging::testing
