// SPDX-License-Identifier: MIT
#pragma once

#include "gossip/gossip_core.hpp"
#include "gossip/rpc.hpp"
#include "tests/gossip/toy.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

/// A network of gossip cores in virtual time: sessions with delay, uplinks with a rate, pushes that
/// can be called off, crashes that are noticed late. What each node was delivered is kept and
/// checked: never twice, never of a topic it does not follow.
namespace weft::gossip::test {

struct link_model {
  duration delay_min = std::chrono::milliseconds(10);
  duration delay_max = std::chrono::milliseconds(50);
  /// Added to each frame, up to this.
  duration jitter{};
  /// Bytes per second of a node's uplink; 0: any number.
  std::uint64_t uplink = 0;
  /// How long a session outlives the node at its other end.
  duration notice = std::chrono::seconds(5);
};

/// What became of one published message, over all nodes.
struct spread {
  std::size_t publisher = 0;
  instant at{};
  std::uint64_t ticket = 0;
  message_id id;
  std::size_t delivered = 0;
  std::uint32_t hops_max = 0;
  instant last{};
  /// Hops by node; the publisher has 0, missing nodes are absent.
  std::unordered_map<std::size_t, std::uint32_t> hops;
};

class mesh {
 public:
  explicit mesh(std::uint64_t seed, gossip_config config = {}, link_model links = {});
  ~mesh();

  struct traits {
    bool weft = true;
    version speaks = version::v1_2;
    std::optional<ip_address> address;
  };
  std::size_t add();
  std::size_t add(traits t);
  /// A node without a core: its frames are written by the test; `received` holds what it was sent.
  std::size_t add_puppet(traits t);
  /// `a` dials `b`; both learn of it at once.
  void join(std::size_t a, std::size_t b);
  /// Every node dials `count` others at random.
  void join_at_random(std::size_t count);
  void part(std::size_t a, std::size_t b);
  /// Gone without a word.
  void crash(std::size_t n);
  void subscribe_all(std::string_view topic);
  /// The index of its `spread`.
  std::size_t publish(std::size_t n, std::string_view topic, chunk_view body);
  void run(duration span);

  void send_raw(std::size_t from, std::size_t to, const chunk_view& rpc);
  void push_raw(std::size_t from, std::size_t to, std::uint64_t tag, const chunk_view& rpc);
  std::vector<send>& received(std::size_t puppet) { return nodes_[puppet]->received; }
  std::vector<push_cancel>& cancels(std::size_t puppet) { return nodes_[puppet]->cancels; }

  /// Calls into a node's core, and its effects.
  void with(std::size_t n, const std::function<void(gossip_core&, outbox&)>& act);
  gossip_core& core(std::size_t n) { return *nodes_[n]->core; }
  gossip_metrics& counters(std::size_t n) { return nodes_[n]->counters; }
  const peer_id& id(std::size_t n) const { return nodes_[n]->id; }
  bool alive(std::size_t n) const { return nodes_[n]->alive; }
  std::size_t size() const { return nodes_.size(); }
  std::size_t live() const;
  std::vector<delivery>& deliveries(std::size_t n) { return nodes_[n]->deliveries; }
  std::vector<validation>& validations(std::size_t n) { return nodes_[n]->validations; }
  std::vector<published>& outcomes(std::size_t n) { return nodes_[n]->outcomes; }
  std::vector<expulsion>& expulsions(std::size_t n) { return nodes_[n]->expulsions; }
  std::vector<connect_wish>& connects(std::size_t n) { return nodes_[n]->connects; }
  const spread& of(std::size_t message) const { return spreads_[message]; }
  std::uint64_t dropped(std::size_t n, drop_reason reason) const {
    return nodes_[n]->counters.dropped[reason].value();
  }
  instant now() const { return now_; }

  /// Sums over all living nodes.
  std::uint64_t total(metrics::counter gossip_metrics::*counter) const;
  /// Payload copies, and bytes, beyond the first per node since the last call.
  struct redundancy {
    double copies = 0;
    double bytes = 0;
  };
  redundancy take_redundancy();
  /// Bytes of pushes that left before they were called off, since the last call above.
  std::uint64_t wasted_push_bytes = 0;

  /// The first broken rule, or empty.
  std::string fault;
  rng random;
  /// Bodies need not be kept in large runs.
  bool keep_deliveries = true;

 private:
  struct node {
    peer_id id;
    traits is;
    std::unique_ptr<toy_crypto> crypto;
    gossip_metrics counters;
    std::unique_ptr<gossip_core> core;
    bool alive = true;
    std::map<std::size_t, duration> links;
    std::optional<instant> timer;
    instant uplink_free{};
    std::set<std::pair<std::uint64_t, std::uint64_t>> called_off;
    std::vector<send> received;
    std::vector<push_cancel> cancels;
    std::vector<delivery> deliveries;
    std::vector<validation> validations;
    std::vector<published> outcomes;
    std::vector<expulsion> expulsions;
    std::vector<connect_wish> connects;
    std::set<message_id> seen;
  };
  enum class kind : std::uint8_t { frame, push, cancel, fate, push_fate, down, timer };
  struct event {
    instant at;
    std::uint64_t order;
    kind what;
    std::size_t from;
    std::size_t to;
    std::uint64_t tag;
    fate fate_told;
    chunk_view body;
    instant begun;
    bool operator>(const event& o) const { return std::tie(at, order) > std::tie(o.at, o.order); }
  };

  instant leave(std::size_t from, std::size_t bytes);
  instant arrive(std::size_t from, std::size_t to, instant left, bool ordered);
  void schedule(instant at, kind what, std::size_t from, std::size_t to, std::uint64_t tag = 0,
                chunk_view body = {}, fate told = fate::sent, instant begun = {});
  void drain(std::size_t n);
  void transmit(std::size_t n);
  void record(std::size_t n);
  void handle(event&& e);
  void handle_push(event&& e);
  void arm(std::size_t n);
  neighbour known(std::size_t n, std::size_t other, bool outbound) const;

  gossip_config config_;
  link_model links_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::unordered_map<peer_id, std::size_t, peer_id_hash> by_id_;
  std::map<std::pair<std::size_t, std::size_t>, instant> last_arrival_;
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::vector<spread> spreads_;
  std::map<message_id, std::size_t> by_message_;
  instant now_{std::chrono::seconds(1000)};
  std::uint64_t order_ = 0;
  outbox out_;
  std::uint64_t counted_first_ = 0;
  std::uint64_t counted_again_ = 0;
  std::uint64_t counted_first_bytes_ = 0;
  std::uint64_t counted_again_bytes_ = 0;
};

}  // namespace weft::gossip::test
