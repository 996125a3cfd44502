// SPDX-License-Identifier: MIT
#pragma once

#include "base/rng.hpp"
#include "sim/endpoint.hpp"
#include "sim/link.hpp"
#include "sim/network_config.hpp"
#include "sim/record_table.hpp"
#include "sim/timeline.hpp"
#include "transport/port.hpp"
#include "transport/transport_metrics.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::sim {

/// Simulated sessions between nodes. Each node gets a `transport::port`; sessions are made,
/// doubled, reduced and lost, and events, frames and fates told, as the reactor does it. Delay,
/// bandwidth, congestion, loss, partitions and clogs shape when; bodies are passed on by reference.
class network {
 public:
  static constexpr std::size_t sides_max = 8;
  /// `protocols` are every node's; at most `protocols_max`.
  network(timeline& time, const network_config& config, std::vector<transport::protocol> protocols,
          rng random);
  network(const network&) = delete;
  ~network();

  // -- nodes ---
  /// Adds a node that is not running yet. `to` outlives the network.
  node_index add(membership who, endpoint& to);
  void start(node_index node);
  /// The process is gone at once: peers hear nothing of it.
  void crash(node_index node);
  bool running(node_index node) const { return members_[node]->alive; }
  transport::port& port_of(node_index node) { return *members_[node]; }
  const peer_id& id_of(node_index node) const { return ids_[node]; }
  const multiaddr& address_of(node_index node) const { return members_[node]->listen; }
  const site& site_of(node_index node) const { return members_[node]->who.where; }
  node_index find(const peer_id& id) const noexcept;
  std::size_t size() const noexcept { return members_.size(); }

  /// Asks memory for what the next events will touch.
  void expect(const event_queue& next) const noexcept;
  /// Everything of the kinds that belong to the network.
  void handle(event& e);

  // -- faults ---
  /// Each item a node receives costs it this much time; zero: none.
  void slow(node_index node, duration per_item) { members_[node]->slow = per_item; }
  /// Puts a node on a side; nodes start on side 0.
  void put_on_side(node_index node, std::uint8_t side) { members_[node]->side = side; }
  /// Stops or lets through what one side sends to the other.
  void block(std::uint8_t from, std::uint8_t to, bool blocked) { blocked_[from][to] = blocked; }
  /// Holds everything to and from a node.
  void clog(node_index node, bool clogged) { members_[node]->clogged = clogged; }
  /// Holds what one node sends to another.
  void clog_link(node_index from, node_index to, bool clogged);
  /// Deals with what the calls above changed: releases what was held, starts and stops idle
  /// timers.
  void reconsider();
  /// Ends all of them.
  void heal();
  /// Nodes that cannot be dialled, as behind a NAT.
  void set_reachable(node_index node, bool reachable) { members_[node]->reachable = reachable; }

  // -- observers ---
  const network_config& config() const noexcept { return config_; }
  const network_totals& totals() const noexcept { return totals_; }
  const transport::transport_metrics& metrics() const noexcept { return metrics_; }
  std::uint64_t bytes_of(transport::protocol_index p) const { return protocol_bytes_[p]; }
  /// One-way delay of an empty packet between two nodes.
  duration delay_between(node_index a, node_index b) const;
  /// Peers a node has a session with.
  std::vector<node_index> peers_of(node_index node) const;
  bool connected(node_index a, node_index b) const;
  /// The first thing that is not as it must be; empty when all is well.
  std::string first_violation() const;

 private:
  friend class backlog;
  struct member final : transport::port {
    member(network& of, node_index number, membership m, endpoint& listener);
    void post(transport::command_batch&& batch) override { in.execute(self, batch); }

    endpoint& to;
    const node_index self;
    bool alive = false;
    bool clogged = false;
    bool uplink_pending = false;
    bool round_pending = false;
    std::uint8_t side = 0;
    instant up_free{};
    instant down_free{};
    std::uint64_t down_bytes_per_second;
    duration slow{};
    peer_table peers;

    network& in;
    membership who;
    multiaddr listen;
    multiaddr listen_with_peer;
    /// What it tells of itself to whom it has a session with: an `identified_event`.
    std::vector<transport::event> introduction;
    bool started = false;
    bool reachable = true;
    bool draining = false;
    std::size_t dials = 0;
    /// Doubled ones count twice.
    std::size_t sessions = 0;
    instant slow_free{};
    /// Inbound sessions by the caller's IP address.
    std::map<std::array<std::uint8_t, 16>, std::size_t> callers;
    std::deque<end_name> ring;
    std::vector<transport::event> events;
    std::vector<transport::frame_batch> told;
    /// Pushes called off before they began; bounded.
    std::deque<std::pair<node_index, std::uint64_t>> unwanted;
  };

  // -- network.cpp ---
  void execute(node_index node, transport::command_batch& batch);
  void run(node_index node, transport::control_command& command);
  void on_round(node_index node);
  void raise(node_index node, transport::event e);
  void tell(node_index node, node_index peer, std::uint8_t protocol, std::uint64_t tag,
            transport::frame_fate fate);
  void need_round(member& m);
  void tell_pending(member& m);
  void now_event(member& m, transport::event e);
  link* find_link(const event& e);
  peer_slot* slot_of(member& m, node_index peer) { return m.peers.find(keys_[peer]); }
  std::uint8_t end_of(const link& l, node_index node) const {
    return l.ends[0].node == node ? 0 : 1;
  }
  bool speaks(std::uint8_t protocol, transport::stream_kind kind) const;

  // -- network_frames.cpp ---
  void send(node_index from, transport::send_command& c);
  bool goes_at_once(const member& m, const peer_slot& slot, link& l, link_end& end,
                    std::uint8_t protocol, std::size_t bytes);
  bool window_open(const link& l, link_end& end, std::size_t bytes);
  void say(std::uint32_t place, std::uint8_t e, item&& what);
  void enqueue(std::uint32_t place, std::uint8_t e);
  void arm_uplink(member& m);
  void on_uplink(node_index node);
  void wait_for_window(std::uint32_t place, std::uint8_t e);
  bool step(std::uint32_t place, std::uint8_t e);
  bool step_frames(std::uint32_t place, std::uint8_t e);
  bool step_transfer(std::uint32_t place, std::uint8_t e);
  instant put_on_wire(member& m, link_end& end, std::uint8_t protocol, std::size_t bytes);
  duration travel(const link& l, link_end& end, std::size_t bytes);
  void depart(std::uint32_t place, std::uint8_t e, item&& what, instant left);
  bool settle(event& e, link& l);
  void on_arrival(event& e);
  void on_frame(event& e, link& l);

  // -- network_streams.cpp ---
  void open_stream(std::uint32_t place, std::uint8_t e, item&& what);
  void on_stream_open(event& e, link& l);
  void ask(node_index from, transport::request_command& c);
  void respond(node_index from, transport::respond_command& c);
  void on_request(event& e, link& l);
  void on_response(event& e, link& l);
  void finish_request(std::uint64_t number, result<chunk_view> body);
  void push(node_index from, transport::push_command& c);
  void cancel_push(node_index from, transport::cancel_push_command& c);
  void on_push(event& e, link& l);
  void finish_push(std::uint64_t number, transport::frame_fate fate);
  void on_stream_event(event& e);
  void answer_later(event_kind kind, const link& l, std::uint32_t place, std::uint8_t to,
                    std::uint64_t number, duration wait);

  // -- network_sessions.cpp ---
  void dial(node_index from, transport::dial_command& c);
  void dial_next(std::uint64_t number);
  error try_address(std::uint64_t number, dial_record& d, const multiaddr& address);
  void give_up_dial(std::uint64_t number);
  void attempt_failed(std::uint32_t place, error why);
  node_index at_address(const ip_endpoint& endpoint) const;
  bool answers(const member& m) const;
  void on_dial_step(const event& e);
  void on_accept(event& e);
  void on_confirm(event& e);
  void on_identify(const event& e);
  void end_attempt(std::uint32_t place);
  bool refuses(const member& m, const link& l) const;
  void begin_session(std::uint32_t place, std::uint8_t e);
  void choose(member& m, peer_slot& slot);
  std::uint32_t better(const member& m, node_index peer, std::uint32_t a, std::uint32_t b) const;
  void send_reset(std::uint32_t place, std::uint8_t to, duration wait);
  void free_when_over(std::uint32_t place);
  void end_session(std::uint32_t place, std::uint8_t e, transport::close_reason reason,
                   std::string detail);
  void close(std::uint32_t place, std::uint8_t e, transport::close_reason reason,
             std::string detail);
  void on_close(const event& e);
  void on_reduce(const event& e);
  void disconnect(node_index node, const peer_id& peer, const std::string& reason);
  void ping(node_index node, const transport::ping_command& c);
  std::uint32_t new_link(node_index from, node_index to);
  void drop_streams(link& l, std::uint8_t e);

  // -- network_faults.cpp ---
  bool blocked(const link& l, std::uint8_t from) const;
  bool blocked(node_index from, node_index to) const;
  void reconsider_node(node_index node);
  void reconsider(std::uint32_t place);
  void hold(link_end& end, std::size_t bytes, event&& arrival);
  void release(std::uint32_t place, std::uint8_t e);
  void on_silence(const event& e);

  timeline& time_;
  network_config config_;
  std::vector<transport::protocol> protocols_;
  rng random_;
  transport::transport_metrics metrics_;
  network_totals totals_;
  std::array<std::uint64_t, protocols_max> protocol_bytes_{};
  std::vector<std::unique_ptr<member>> members_;
  /// By node; apart from the members because every frame needs them.
  std::vector<std::uint64_t> keys_;
  std::vector<peer_id> ids_;
  /// Open addressing by the peer's key.
  std::vector<node_index> by_id_;
  std::unordered_map<ip_endpoint, node_index, endpoint_hash> by_address_;
  link_table links_;
  std::vector<std::uint32_t> free_links_;
  record_table<exchange> exchanges_;
  record_table<push_record> pushes_;
  record_table<dial_record> dials_;
  std::array<std::array<bool, sides_max>, sides_max> blocked_{};
  std::set<std::pair<node_index, node_index>> clogged_pairs_;
  bool faulty_ = false;
  transport::session_id next_session_ = 1;
  std::vector<transport::event> one_event_;
  transport::frame_batch one_frame_;
};

}  // namespace weft::sim
