// SPDX-License-Identifier: MIT
#pragma once

#include "messaging/core_types.hpp"
#include "messaging/messaging_core.hpp"

#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

/// The inside of `messaging_core`, spread over core_*.cpp by idea. Internal to messaging/.
namespace weft::messaging {

/// What every step gets: the time, and where effects go.
struct step {
  instant now;
  wall_time wall;
  outbox& out;
};

struct channel_id_hash {
  std::uint64_t secret = 0;
  std::size_t operator()(const channel_id& id) const noexcept;
};

class core_state {
 public:
  core_state(const crypto::ed25519_private_key& identity, const messaging_config& config,
             rng random, byte_source secrets, messaging_metrics& metrics,
             const next_hop_source& hops);

  // -- core_send.cpp ---
  result<message_id> send(const peer_id& to, chunk_view body, const send_options& options,
                          const step& s);
  result<message_id> send_file(const peer_id& to, const payload_file& file,
                               const send_options& options, const step& s);
  void pump(std::uint32_t peer, const step& s);

  // -- core_receive.cpp ---
  ec on_frame(const peer_id& from, const chunk_view& frame, const step& s);

  // -- core_store.cpp ---
  void restore(stored_state&& state, const step& s);
  void on_stored(store_batch&& batch, const step& s);

  // -- core_timers.cpp ---
  void on_peer_up(const peer_id& peer, const step& s);
  void on_peer_down(const peer_id& peer, const step& s);
  void on_route_change(const step& s);
  void on_deadline(const step& s);
  std::optional<instant> next_deadline() const;

  // -- core_acks.cpp ---
  void on_batch_end(const step& s);

  const identity_keys& identity() const noexcept { return identity_; }
  const peer_state* find_peer(const peer_id& id) const;
  std::size_t outstanding() const noexcept;
  std::size_t in_flight() const noexcept { return in_flight_; }
  std::size_t channel_count() const noexcept { return by_channel_.size(); }

 private:
  struct held {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };
  using payload_key = std::pair<peer_id, message_id>;
  using payload_table = std::map<payload_key, reassembly>;

  // -- core_tables.cpp: peers, channels, messages ---
  result<std::uint32_t> need_peer(const peer_id& id, const step& s);
  bool evict_idle_peer();
  void forget_peer(std::uint32_t index);
  channel_state* channel_of(std::uint64_t token);
  std::uint64_t token_of(std::uint32_t channel) const;
  std::uint32_t add_channel(channel keys, std::uint32_t peer, const step& s);
  void make_room_for_channel(std::uint32_t peer);
  void drop_channel(std::uint32_t index);
  /// The channel new frames to a peer go through, opened when needed; null when it cannot be.
  channel_state* sending_channel(std::uint32_t peer, const step& s);
  handle add_message(std::uint32_t peer);
  outgoing* message_of(handle h);
  /// Ends a message: receipt, store, tables.
  void finish(handle h, receipt_status status, ec why, std::uint8_t hops, wall_time received,
              const step& s);
  /// Counts an accepted message in its lane and in the totals.
  void hold(const outgoing& m);
  std::size_t held_bytes() const noexcept;
  void show_held();
  void release(handle h, const step& s);

  // -- core_send.cpp ---
  result<std::uint32_t> admit(const peer_id& to, message_class klass, std::size_t bytes, bool large,
                              const step& s);
  /// What a lane may hold now.
  held room_of(message_class klass) const;
  void tell_writable(const peer_state& p, message_class klass, lane& l, const step& s);
  bool window_open(const lane& l, const channel_state& c, std::size_t bytes) const;
  bool transmit_one(std::uint32_t peer, const work& w, bytes_view body, const step& s);
  bool send_again(std::uint32_t peer, const work& w, const step& s);
  /// Sends one message of a lane; false when there is none or it has to wait.
  bool pump_lane(std::uint32_t peer, message_class klass, const step& s);
  bool span_open(const peer_state& p, const outgoing& m) const;

  // -- core_payloads.cpp: both ends of large payloads ---
  void pump_payloads(std::uint32_t peer, const step& s);
  bool pump_payload(std::uint32_t peer, handle h, const step& s);
  std::optional<std::uint32_t> peek_fragment(large_payload& l) const;
  void take_fragment(large_payload& l);
  void read_ahead(const lane& l, handle h, const step& s);
  bytes_view memory_fragment(const outgoing& m, std::uint32_t index) const;
  void fragment_acked(handle h, std::uint32_t index, const step& s);
  void on_have(std::uint32_t peer, const ack_have& have, const step& s);
  void on_done(std::uint32_t peer, const ack_done& done, const step& s);
  handle find_payload(std::uint32_t peer, const message_id& id);
  void report_outbound(outgoing& m, bool last, const step& s);
  ec on_fragment(std::uint32_t channel, const envelope_header& header, const payload_head& head,
                 chunk_view data, const step& s);
  ec refuse_fragment(std::uint32_t channel, const envelope_header& header, const payload_head& head,
                     payload_verdict verdict, const step& s);
  payload_table::iterator need_reassembly(std::uint32_t peer, const payload_head& head,
                                          const step& s);
  ec volatile_fragment(payload_table::iterator at, std::uint64_t sequence, const payload_head& head,
                       bytes_view data, const step& s);
  void complete_volatile(payload_table::iterator at, const step& s);
  ec durable_fragment(payload_table::iterator at, std::uint64_t sequence, const payload_head& head,
                      chunk_view data, const step& s);
  void complete_durable(const payload_key& key, reassembly& r, const step& s);
  void drop_reassembly(payload_table::iterator at);
  void report_inbound(const payload_key& key, reassembly& r, const step& s);

  // -- core_receive.cpp ---
  ec drop(drop_reason reason, ec code);
  ec forward(const peer_id& from, const envelope_header& header, const chunk_view& frame,
             const step& s);
  ec on_open(const peer_id& from, const envelope_header& header, const chunk_view& frame,
             const step& s);
  ec on_sealed(std::uint32_t channel, const envelope_header& header, const chunk_view& frame,
               const step& s);
  ec on_payload(std::uint32_t channel, const envelope_header& header, const chunk_view& payload,
                const step& s);
  ec on_message(std::uint32_t channel, const envelope_header& header, const payload_head& head,
                chunk_view body, const step& s);
  bool fresh_time(wall_time sealed, const step& s) const;
  bool allow_open(const peer_id& from, const step& s);
  void remember(const channel_id& id, wall_time sealed, const step& s);
  /// Whether a volatile message was shown before; `mark` records it.
  bool seen_volatile(peer_state& p, const message_id& id, bool mark, const step& s);

  // -- core_store.cpp ---
  void stored_outbound_message(store_operation& op, const step& s);
  void stored_read(store_operation& op, const step& s);
  void stored_inbound_message(store_operation& op, const step& s);
  void stored_fragment(store_operation& op, const step& s);
  void stored_payload(store_operation& op, const step& s);
  void restore_outbound(stored_outbound&& row, const step& s);

  // -- core_acks.cpp ---
  ec on_acknowledgement(std::uint32_t channel, bytes_view plain, const step& s);
  bool settle_lane(std::uint32_t channel, message_class klass, const step& s);
  void settle(flight& f, const ack_range& range, const step& s);
  void detect_losses(std::uint32_t peer, message_class klass, const step& s);
  void owe_ack(std::uint64_t channel, std::uint64_t sequence, std::uint8_t hops, wall_time received,
               const step& s);
  void owe_have(std::uint64_t channel, const message_id& id, std::uint32_t prefix, const step& s);
  void owe_done(std::uint64_t channel, const message_id& id, payload_verdict verdict,
                std::uint8_t hops, const step& s);
  void list_ack(std::uint32_t channel, const step& s);
  void build_ranges(channel_state& c);
  void send_ack(std::uint32_t channel, const step& s);

  // -- core_timers.cpp ---
  duration timeout_of(const lane& l) const;
  /// The time-out with the lane's back-off.
  duration patience_of(const lane& l) const;
  std::optional<instant> oldest_flight(const peer_state& p, message_class klass) const;
  void arm(std::uint32_t peer, message_class klass);
  void on_timeout(std::uint32_t peer, message_class klass, const step& s);
  void touch(std::uint32_t peer);
  void pump_touched(const step& s);
  void lose(flight& f, lane& l);
  void compact(lane& l);
  void lose_lane(std::uint32_t peer, message_class klass);
  void lose_queue(flight_queue& q, lane& l);
  void lose_channel(channel_state& c);
  bool refuses(const peer_state& p, message_class klass) const;
  void retry(std::uint32_t peer, const step& s);
  void sweep(const step& s);
  void sweep_messages(const step& s);
  void sweep_channels(const step& s);
  void sweep_reassemblies(const step& s);
  void need_sweep(instant now);

  const identity_keys identity_;
  const messaging_config config_;
  rng random_;
  const byte_source secrets_;
  messaging_metrics& metrics_;
  const next_hop_source& hops_;

  std::vector<std::unique_ptr<peer_state>> peers_;
  std::vector<std::uint32_t> free_peers_;
  std::unordered_map<peer_id, std::uint32_t, peer_id_hash> by_peer_;

  std::vector<std::unique_ptr<channel_state>> channels_;
  std::vector<std::uint32_t> free_channels_;
  std::unordered_map<channel_id, std::uint32_t, channel_id_hash> by_channel_;
  std::uint32_t channel_generation_ = 0;

  std::vector<outgoing> messages_;
  std::vector<std::uint32_t> free_messages_;
  by_class<held> held_;
  std::size_t in_flight_ = 0;

  /// Openings seen: refused when they come again. Oldest first in `remembered_order_`.
  std::unordered_map<channel_id, wall_time, channel_id_hash> remembered_;
  ring_queue<channel_id> remembered_order_;
  /// Openings sealed before this were forgotten for lack of room, and are refused.
  wall_time remembered_floor_{};
  std::unordered_map<peer_id, open_allowance, peer_id_hash> allowances_;

  payload_table reassemblies_;
  by_class<std::size_t> reassembling_;
  std::uint64_t reassembly_bytes_ = 0;
  std::size_t storing_messages_ = 0;
  std::size_t storing_bytes_ = 0;

  timer_wheel timers_;
  std::vector<std::uint32_t> ack_list_;
  std::vector<std::uint32_t> touched_;
  acknowledgement ack_in_;
  acknowledgement ack_out_;
  byte_buffer ack_text_;
  std::optional<instant> sweep_at_;
};

}  // namespace weft::messaging
