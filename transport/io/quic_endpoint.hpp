// SPDX-License-Identifier: MIT
#pragma once

#include "base/timer_wheel.hpp"
#include "transport/io/admission.hpp"
#include "transport/io/bandwidth.hpp"
#include "transport/io/connection_id.hpp"
#include "transport/io/endpoint_parts.hpp"
#include "transport/io/session.hpp"
#include "transport/io/udp_socket.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace weft::transport::io {

/// Every socket and session of a node: routes datagrams by connection id, accepts, dials, reduces
/// doubled sessions to one, keeps the timers. Single-threaded; told the time.
class quic_endpoint final : public session_host {
 public:
  /// Connection ids of ended sessions that are remembered.
  static constexpr std::size_t tombstones_max = 8'192;
  /// Runs received before what they caused is sent.
  static constexpr std::size_t runs_per_flush = 16;
  /// An actor that answers later than this finds its request gone.
  static constexpr duration request_answer_timeout = std::chrono::seconds(60);
  /// A doubled session is closed when quiet after the first, and in any case after the second.
  static constexpr duration supersede_grace = std::chrono::milliseconds(500);
  static constexpr duration supersede_max = std::chrono::seconds(30);
  /// Sessions of opposite directions closer than this crossed each other.
  static constexpr duration crossing_span = std::chrono::seconds(5);

  /// `add_socket` registers a new socket with the poller. The references outlive the endpoint.
  quic_endpoint(const reactor_options& options, limits& bounds,
                const std::vector<protocol>& protocols, const tls_context& tls,
                std::function<void()> wake, std::function<void(udp_socket&)> add_socket);
  ~quic_endpoint() override;

  /// Fills the table of inbound protocol names. ec::bad_config for a bad or doubled name.
  result<void> announce_protocols();

  // -- one round, in this order ---
  void begin_round(instant now) { context_.now = now; }
  void execute(command_batch& batch);
  /// Drains the socket, at most `runs` runs; true when more may wait.
  bool on_readable(udp_socket& socket, std::size_t runs);
  void on_writable(udp_socket& socket);
  /// False while the cap of the download is used up: leave the sockets alone.
  bool reading() const noexcept { return reading_; }
  void on_timers();
  /// Writes for every session that was touched, then hands over events and batches.
  void finish_round(event_listener& events);
  std::optional<instant> next_deadline() const { return wheel_.next(); }

  /// Closes every session with the shutdown code.
  void shut_down();
  /// Counts sends and pushes that found no place before this thread, and tells of those that had a
  /// tag.
  void give_up(std::size_t sends, const std::vector<told_fate>& tagged);
  /// Tells of the tagged commands that are not run any more.
  void abandon(const command_batch& batch);
  std::size_t credit_level(std::size_t concern) const noexcept {
    return context_.inbound.level(concern);
  }

  // -- session_host ---
  void on_id_issued(session& s, const connection_id& id) override;
  void on_id_retired(session& s, const connection_id& id) override;
  void on_confirmed(session& s) override;
  void on_moved(session& s) override;
  void touch(session& s) override;
  send_queue* queue_for(session& s) override;
  identify describe(const multiaddr& observed) const override;
  bool take_unwanted(session& s, protocol_index protocol, std::uint64_t tag) override;
  std::uint64_t add_request(session& s, std::int64_t stream, std::uint64_t slot) override;
  std::uint64_t call_at(instant at, std::function<void()> task) override;
  void cancel_call(std::uint64_t token) override;

 private:
  // datagrams in (endpoint_receive.cpp)
  void on_datagram(const net_path& path, std::uint8_t ecn, bytes_view packet);
  session* find_session(bytes_view packet, bool& long_header, const net_path& path);
  void on_unknown(const net_path& path, std::uint8_t ecn, bytes_view packet, bool long_header);
  void on_initial(const net_path& path, std::uint8_t ecn, bytes_view packet);
  bool check_token(initial_packet& first, const net_path& path, bool& answered);
  void accept(const net_path& path, std::uint8_t ecn, bytes_view packet,
              const initial_packet& first);
  void send_version_negotiation(const net_path& path, bytes_view packet);
  void send_retry(const net_path& path, const initial_packet& first);
  void send_refusal(const net_path& path, const initial_packet& first, std::uint64_t code);
  void send_stateless_reset(const net_path& path, bytes_view packet);
  bool take_stateless_token();
  void send_single(const net_path& path, bytes_view packet);
  void on_tombstone(tombstone& t);
  void pause_reading();
  /// The congestion mark that this node puts on what came over the cap (RFC 3168 section 5).
  std::uint8_t marked(std::uint8_t ecn) const noexcept;

  // packets out (endpoint_send.cpp)
  void flush(session& s);
  void send_run(const net_path& path, std::uint8_t ecn, std::size_t from, std::size_t size,
                std::size_t segment);
  void arm(session& s);
  void write_touched();
  void wait_for_upload(session& s, bool wrote);

  // life of sessions (quic_endpoint.cpp)
  session& add_session(direction side);
  void end_session(session& s);
  void choose(peer_slot& slot);
  void announce_chosen(const peer_slot& slot);
  static session* better(session* a, session* b, bool self_is_lower) noexcept;
  void reduce();
  void on_tick();
  void measure_bandwidth();
  void check_drained();

  // access rules (endpoint_access.cpp)
  void set_access(std::shared_ptr<const access_rules> rules);
  bool admits(const ip_endpoint& address) const;
  bool admits(const session& s) const;
  bool bans(const peer_id& peer) const;
  /// Counts it, and closes a session that the rules keep out.
  void turn_away(session& s);
  void turn_away_all();

  // memory (endpoint_memory.cpp)
  void watch_memory();
  void on_memory(memory_level level);
  /// Ends the session that brought most since the last look.
  void shed_heaviest();
  /// Whether a frame of that class may still be queued.
  bool memory_admits(priority klass) const noexcept;

  // dialling and commands (endpoint_dial.cpp, endpoint_commands.cpp)
  void dial(dial_command&& c);
  void dial_next(std::uint64_t number);
  void dial_failed(session& s, error why);
  void dial_done(session& s);
  void give_up_dial(std::uint64_t number, error why);
  error try_address(std::uint64_t number, dial_state& d, const multiaddr& address);
  result<net_path> path_towards(const ip_endpoint& remote);
  result<udp_socket*> open_socket(const ip_endpoint& endpoint);
  void listen(const multiaddr& address);
  /// Signs the addresses listened on, for every identify from now on.
  void certify_addresses();
  void run(control_command& c);
  void set_limits(const live_limits& bounds);
  void send(send_command& c);
  void push(push_command& c);
  void cancel_push(const cancel_push_command& c);
  void tell(const told_fate& fate);
  void respond(respond_command& c);
  void inspect(request_id id);
  session* session_of(const peer_id& peer);

  const reactor_options& options_;
  live_limits& live_bounds_;
  io_context context_;
  quic_profile profile_;
  identify identity_;
  const crypto::ed25519_private_key& host_key_;
  std::function<void(udp_socket&)> add_socket_;
  std::vector<std::unique_ptr<udp_socket>> sockets_;
  std::vector<multiaddr> listening_;
  std::uint64_t hash_key_;
  std::unordered_map<session_id, std::unique_ptr<session>> sessions_;
  std::unordered_map<connection_id, session*, connection_id_hash> ids_;
  std::unordered_map<connection_id, std::shared_ptr<tombstone>, connection_id_hash> tombstones_;
  std::deque<std::pair<instant, connection_id>> tombstone_order_;
  std::unordered_map<peer_id, std::unique_ptr<peer_slot>, peer_id_hash> peers_;
  std::unordered_map<std::uint64_t, dial_state> dials_;
  std::unordered_map<std::uint64_t, open_request> requests_;
  std::unordered_map<std::uint64_t, std::function<void()>> calls_;
  std::unordered_map<std::uint64_t, timer_wheel::token> call_tokens_;
  admission admission_;
  std::shared_ptr<const access_rules> access_;
  std::uint64_t access_timer_ = 0;
  timer_wheel wheel_;
  std::vector<session*> touched_;
  std::vector<session_id> waiting_for_socket_;
  std::array<std::uint8_t, 32> token_secret_{};
  byte_buffer receive_room_;
  byte_buffer send_room_;
  std::uint64_t next_session_ = 1;
  std::uint64_t next_number_ = 1;
  std::size_t confirmed_ = 0;
  token_bucket stateless_tokens_;
  bandwidth bandwidth_;
  memory_guard memory_;
  std::uint64_t memory_timer_ = 0;
  instant trimmed_at_{};
  std::uint64_t upload_timer_ = 0;
  bool reading_ = true;
  /// Bytes in datagrams at the last tick.
  by_direction<std::uint64_t> bytes_before_{};
  instant ticked_at_{};
  /// Since when more has come than may be read.
  std::optional<instant> backlog_since_;
  std::optional<instant> drain_until_;
  bool drained_told_ = false;
};

}  // namespace weft::transport::io
