// SPDX-License-Identifier: MIT
#pragma once

#include "routing/route_frame.hpp"
#include "routing/route_table.hpp"
#include "routing/routing_core.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace weft::routing {

/// What the core keeps of one neighbour.
struct neighbour_state {
  peer_id peer;
  bool up = false;
  /// Broke the rules too often: neither heard nor told anything until its session ends.
  bool muted = false;
  metric cost = infinite_metric;
  duration smoothed_rtt{};
  /// The neighbour's run and the last frame of it that was taken.
  std::uint64_t incarnation = 0;
  std::uint64_t last_number = 0;
  /// A lower incarnation that is heard instead, and since when; 0: none.
  std::uint64_t challenger = 0;
  instant challenged_at{};
  double restart_tokens = 0;
  instant restart_tokens_at{};
  std::size_t violations = 0;
  /// Routes of the table that go through it.
  std::size_t routes = 0;

  struct waiting {
    std::uint64_t number = 0;
    std::vector<update_entry> entries;
    std::size_t next = 0;
  };
  /// Updates taken but not finished for want of budget.
  std::deque<waiting> inbox;
  std::vector<std::uint64_t> acks;

  struct in_flight {
    std::uint64_t number;
    instant sent;
  };
  std::vector<in_flight> unacknowledged;
  std::uint32_t timeouts = 0;
  /// Updates were lost or left out: the whole table is to be sent.
  bool resync = false;
  bool dumping = false;
  /// The dump tells retractions too: the neighbour may hold older news.
  bool dump_retractions = false;
  std::uint32_t dump_shard = 0;
  /// Frame under construction.
  byte_buffer frame;

  double request_tokens = 0;
  instant request_tokens_at{};
  std::uint64_t verify_step = 0;
  std::size_t verified_in_step = 0;
};

/// Refills a token bucket and takes one token.
bool take_token(double& tokens, instant& since, instant now, double per_second, double burst);

class routing_core::impl {
 public:
  impl(const ed25519_public_key& self, const announcement_crypto& crypto,
       const routing_config& config, rng random, routing_metrics& counters);

  /// The time of the present call; everything below reads it.
  void at(wall_time wall, instant now) noexcept;
  void at(instant now) noexcept { now_ = now; }

  // -- core_neighbours.cpp ---
  void start();
  void neighbour_up(const peer_id& peer, duration rtt);
  void neighbour_down(const peer_id& peer);
  void neighbour_rtt(const peer_id& peer, duration rtt);
  std::optional<instant> next_deadline() const;
  void deadline(outbox& out);

  // -- core_receive.cpp ---
  void frame(const peer_id& from, bytes_view body, outbox& out);

  // -- core_routes.cpp ---
  std::optional<route_info> lookup(const ed25519_public_key& destination) const;

  std::shared_ptr<const routing_snapshot> published;
  announcement own;

 private:
  using place = route_table::place;
  enum class verdict : std::uint8_t { done, deferred, violation };
  struct change {
    std::size_t offset;
    std::size_t size;
    bool retraction;
    std::uint16_t via;
    ed25519_public_key destination;
  };
  struct pending_request {
    std::uint64_t sequence = 0;
    instant next{};
    std::uint32_t tries = 0;
  };

  // -- core_neighbours.cpp ---
  std::optional<std::uint16_t> slot_of(const peer_id& peer) const;
  void clear_routes_via(std::uint16_t slot);
  void violation(std::uint16_t slot, ec reason, outbox& out);
  void renew();
  void request_renewal();

  // -- core_receive.cpp ---
  bool adopt_incarnation(std::uint16_t slot);
  bool outlasted(neighbour_state& of) const;
  void begin_anew(std::uint16_t slot);
  void take_update(std::uint16_t slot, outbox& out);
  void take_acks(neighbour_state& from);
  bool consume(std::uint16_t slot, neighbour_state::waiting& work, outbox& out);
  void work(outbox& out);
  void refill_step();
  verdict take_entry(std::uint16_t slot, const update_entry& entry);
  verdict take_new(std::uint16_t slot, const update_entry& entry, std::optional<place> where);
  verdict take_own(std::uint16_t slot, const update_entry& entry);
  std::optional<reject_reason> refuse(const update_entry& entry) const;
  bool may_verify(neighbour_state& from);
  bool verify(neighbour_state& from, const announcement& origin);

  // -- core_routes.cpp ---
  metric total(const packed_route& route) const;
  route_list ordered(const route_list& list, metric feasible_below) const;
  void settle(place where, const route_list& list);
  void add_route(place where, const packed_route& route);
  void remove_route(place where, std::uint16_t slot);
  void drop_routes(place where);
  void mark(place where);
  bool worth_telling(const route_state& state, const route_list& list) const;
  bool make_room();
  std::optional<std::uint16_t> heaviest() const;
  void visit(place where, bool again, std::vector<ed25519_public_key>& gone);
  void sweep();
  std::uint16_t short_time() const noexcept;
  bool rested(const route_state& state) const noexcept;
  std::uint64_t expiry_s(std::uint32_t issued_s, std::uint32_t lifetime_s) const noexcept;

  // -- core_flush.cpp ---
  void arm_flush(duration delay);
  void flush(outbox& out);
  void settle_changes();
  void publish(outbox& out);
  void tell(std::uint16_t slot, outbox& out);
  void dump(outbox& out);
  void dump_shard(std::uint16_t slot, outbox& out);
  void start_dump(neighbour_state& to, bool retractions);
  void append(neighbour_state& to, bytes_view entry, outbox& out);
  void finish_frame(neighbour_state& to, outbox& out);
  void post(const neighbour_state& to, bytes_view body, outbox& out);
  void answer(std::uint16_t slot, bytes_view entry, outbox& out);
  void send_acks(neighbour_state& to, outbox& out);
  void check_acks();
  bool window_open(const neighbour_state& to) const noexcept;
  duration patience(const neighbour_state& to) const noexcept;

  // -- core_requests.cpp ---
  void take_requests(std::uint16_t slot, outbox& out);
  void take_request(std::uint16_t slot, const request_entry& request, outbox& out);
  void forward(std::uint16_t slot, const request_entry& request, place where, outbox& out);
  void starve(place where);
  void ask_again(outbox& out);

  ed25519_public_key self_;
  const announcement_crypto& crypto_;
  routing_config config_;
  rng random_;
  routing_metrics& counters_;
  route_table table_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t next_number_ = 1;

  std::vector<neighbour_state> neighbours_;
  std::map<peer_id, std::uint16_t> by_peer_;
  std::vector<std::uint16_t> free_slots_;
  bool neighbours_changed_ = true;
  std::shared_ptr<const std::vector<neighbour_info>> published_neighbours_;

  instant now_{};
  wall_time wall_{};
  std::uint32_t wall_s_ = 0;

  std::vector<ed25519_public_key> dirty_;
  std::vector<change> changes_;
  bool own_dirty_ = false;
  std::map<ed25519_public_key, pending_request> starving_;
  std::map<ed25519_public_key, pending_request> forwarded_;
  route_frame scratch_;
  byte_buffer entries_;
  byte_buffer single_;
  std::size_t reachable_ = 0;
  std::size_t routes_ = 0;

  std::optional<instant> flush_at_;
  std::optional<instant> work_at_;
  std::optional<instant> dump_at_;
  std::optional<instant> refresh_at_;
  std::optional<instant> sweep_at_;
  std::optional<instant> ask_at_;
  std::optional<instant> ack_check_at_;
  instant last_flush_{};
  double flush_tokens_ = 0;
  double ask_tokens_ = 0;
  instant ask_tokens_at_{};
  instant last_renewal_{};
  /// Above what anyone has heard of us, also in an earlier life.
  std::uint64_t sequence_floor_ = 0;
  std::uint32_t sweep_shard_ = 0;
  /// Shards whose rows are still to be ordered by changed link costs.
  std::uint32_t resettle_shards_ = 0;

  instant step_at_{};
  bool stepped_ = false;
  std::uint64_t step_ = 0;
  std::size_t verifications_left_ = 0;
  std::size_t entries_left_ = 0;
  std::size_t next_inbox_ = 0;
};

}  // namespace weft::routing
