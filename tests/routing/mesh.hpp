// SPDX-License-Identifier: MIT
#pragma once

#include "routing/routing_core.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// A network of routing cores in virtual time: sessions with delay, loss, duplicates and
/// reordering; cuts, crashes, restarts. After each event that can change a path, all published
/// snapshots together are searched for loops.
namespace weft::routing::test {

/// Signatures as keyed hashes of a secret the tests' attackers do not use: Ed25519's role without
/// its cost.
class toy_crypto final : public announcement_crypto {
 public:
  explicit toy_crypto(const ed25519_public_key& self) : self_(self) {}
  crypto::ed25519_signature sign(bytes_view text) const override { return make(self_, text); }
  result<void> verify(const ed25519_public_key& key, bytes_view text,
                      bytes_view signature) const override;
  static crypto::ed25519_signature make(const ed25519_public_key& key, bytes_view text);

 private:
  ed25519_public_key self_;
};

ed25519_public_key key_of(std::uint64_t number);

/// Intervals shortened, so that a minute of virtual time shows ageing, refresh and loss recovery.
routing_config quick_config();

struct link_faults {
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;
};

class mesh {
 public:
  explicit mesh(std::uint64_t seed, routing_config config = quick_config());
  ~mesh();

  std::size_t add();
  void join(std::size_t a, std::size_t b, duration delay = std::chrono::milliseconds(1));
  void cut(std::size_t a, std::size_t b);
  void crash(std::size_t n);
  void restart(std::size_t n);
  /// The node begins anew, its clock put back by `back`, while its sessions go on: the others are
  /// told nothing.
  void restart_in_place(std::size_t n, duration back = {});
  void run(duration span);
  /// A node without a core: its frames are written by the test; `received` holds what it was sent.
  std::size_t add_puppet();
  void send_raw(std::size_t from, std::size_t to, bytes_view body);
  std::vector<byte_buffer>& received(std::size_t puppet) { return nodes_[puppet]->received; }

  routing_core& core(std::size_t n) { return *nodes_[n]->core; }
  routing_metrics& counters(std::size_t n) { return nodes_[n]->counters; }
  const ed25519_public_key& key(std::size_t n) const { return nodes_[n]->key; }
  peer_id id(std::size_t n) const { return nodes_[n]->id; }
  const std::vector<penalty>& penalties(std::size_t n) const { return nodes_[n]->penalties; }
  bool alive(std::size_t n) const { return nodes_[n]->alive; }
  bool linked(std::size_t a, std::size_t b) const;
  std::size_t size() const { return nodes_.size(); }
  instant now() const { return now_; }
  wall_time wall(std::size_t n) const;

  /// The metric of the path that `next_hop` of each node on the way forms; none when it does not
  /// arrive.
  std::optional<metric> follow(std::size_t from, std::size_t to) const;
  /// Every pair of nodes: connected exactly when there is a path that arrives. Names the first that
  /// differs.
  std::string differences() const;
  /// Shortest possible metric between two nodes over the links' costs.
  std::optional<metric> shortest(std::size_t from, std::size_t to) const;
  /// The first loop ever seen, or empty.
  const std::string& loop() const { return loop_; }
  std::size_t checks() const { return checks_; }
  std::size_t frames() const { return frames_; }

  link_faults faults;
  /// Frames of an ended session arrive all the same when their receiver has the next one.
  bool late_frames = false;
  /// Longest time until a node learns that its session broke.
  duration notice_max = std::chrono::seconds(2);
  rng random;

 private:
  struct node {
    ed25519_public_key key;
    peer_id id;
    std::unique_ptr<toy_crypto> crypto;
    routing_metrics counters;
    std::unique_ptr<routing_core> core;
    std::shared_ptr<const routing_snapshot> snapshot;
    bool alive = true;
    bool puppet = false;
    std::uint64_t boot = 0;
    duration skew{};
    std::vector<penalty> penalties;
    std::vector<byte_buffer> received;
  };
  struct session {
    std::uint64_t id = 0;  // 0: none
    duration delay{};
    std::map<std::size_t, std::uint64_t> seen;  // what each end believes
  };
  enum class kind : std::uint8_t { frame, up, down };
  struct event {
    instant at;
    std::uint64_t order;
    kind what;
    std::size_t from;
    std::size_t to;
    std::uint64_t session;
    chunk_view body;
    bool operator>(const event& o) const { return std::tie(at, order) > std::tie(o.at, o.order); }
  };
  using pair = std::pair<std::size_t, std::size_t>;
  static pair ends(std::size_t a, std::size_t b) { return {std::min(a, b), std::max(a, b)}; }

  void boot(std::size_t n);
  bool arrives(const session& s, const event& e) const;
  void push(duration in, kind what, std::size_t from, std::size_t to, std::uint64_t over,
            chunk_view body = {});
  void handle(const event& e);
  void drain(std::size_t n);
  void transmit(std::size_t from, const send& s);
  bool live(std::size_t a, std::size_t b) const;
  void check_loops();
  bool cyclic(std::size_t at, const ed25519_public_key& to, std::vector<int>& colour) const;
  std::size_t number_of(const peer_id& id) const;

  routing_config config_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::map<peer_id, std::size_t> by_id_;
  std::map<pair, session> sessions_;
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  instant now_{std::chrono::seconds(1000)};
  std::uint64_t order_ = 0;
  std::uint64_t next_session_ = 1;
  outbox out_;
  std::string loop_;
  std::size_t checks_ = 0;
  std::size_t frames_ = 0;
  bool paths_changed_ = false;
};

}  // namespace weft::routing::test
