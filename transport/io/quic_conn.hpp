// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "transport/io/connection_id.hpp"
#include "transport/io/quic_stream.hpp"
#include "transport/io/reactor.hpp"
#include "transport/io/tls.hpp"
#include "transport/io/udp_socket.hpp"
#include "transport/limits.hpp"
#include "transport/port.hpp"

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weft::transport::io {

/// Error codes of libp2p on sessions (go-libp2p's list).
enum class session_error : std::uint64_t {
  none = 0,
  negotiation_failed = 0x1000,
  resource_limit = 0x1001,
  rate_limited = 0x1002,
  protocol_violation = 0x1003,
  supplanted = 0x1004,
  garbage_collected = 0x1005,
  shutdown = 0x1006,
  gated = 0x1007,
};

/// What every connection of a node has in common.
struct quic_profile {
  const tls_context& tls;
  const limits& bounds;
  transport_metrics& metrics;
  congestion_control congestion = congestion_control::cubic;
  std::size_t datagram_bytes_max = 1452;
  /// Keys stateless reset tokens; the same after a restart, so that peers learn of it.
  std::array<std::uint8_t, 32> reset_secret{};
};

/// Where a packet comes from or goes to.
struct net_path {
  udp_socket* socket = nullptr;
  socket_address local;
  socket_address remote;
};

/// How a connection ended.
struct conn_end {
  close_reason reason = close_reason::local;
  ec code = ec::closed;
  std::string detail;
  /// What to send to the peer, once now and again when it goes on talking; empty: nothing.
  byte_buffer farewell;
  net_path path;
};

/// The first packet of an unknown connection, checked and taken apart.
struct initial_packet {
  std::uint32_t version = 0;
  connection_id destination;
  connection_id source;
  /// After a Retry: the id the client chose first, and the token.
  std::optional<connection_id> original_destination;
  byte_buffer token;
};

/// Told what happens on a connection, during `on_packet`, `on_expiry` and `write`. Must not close
/// or destroy it there.
class conn_listener {
 public:
  virtual ~conn_listener() = default;
  /// TLS is done on this side and the peer's certificate passed: streams may be opened.
  virtual void on_handshake() = 0;
  /// The peer has accepted us as well.
  virtual void on_confirmed() = 0;
  /// The peer opened a stream; none refuses it.
  virtual std::unique_ptr<stream_handler> on_inbound_stream(quic_stream& stream) = 0;
  /// A stream of either side is gone. True: the peer may open another one in its place now.
  virtual bool on_stream_gone(quic_stream& stream) = 0;
  virtual void on_path_changed(const socket_address& remote) = 0;
  virtual void on_id_issued(const connection_id& id) = 0;
  virtual void on_id_retired(const connection_id& id) = 0;
};

/// One QUIC version 1 connection (RFC 9000) over ngtcp2. Has no clock and no socket: packets and
/// the time are passed in, packets are asked for. No ngtcp2 error leaves it; a connection that
/// failed has an `end()`.
class quic_conn {
 public:
  /// ec::crypto.
  static result<std::unique_ptr<quic_conn>> dial(const quic_profile& profile, const net_path& path,
                                                 std::optional<peer_id> expected,
                                                 conn_listener& listener, instant now);
  static result<std::unique_ptr<quic_conn>> accept(const quic_profile& profile,
                                                   const net_path& path,
                                                   const initial_packet& first,
                                                   conn_listener& listener, instant now);
  ~quic_conn();
  quic_conn(const quic_conn&) = delete;
  quic_conn& operator=(const quic_conn&) = delete;

  void on_packet(const net_path& path, std::uint8_t ecn, bytes_view packet, instant now);
  void on_expiry(instant now);
  /// When `on_expiry` has something to do.
  instant expiry() const;
  /// Writes one packet into `room` (1200 bytes at least; probes of the path's size wait until it
  /// has `datagram_bytes_max`); returns its size, 0 when there is nothing to send now. Stream data
  /// of several streams shares a packet.
  std::size_t write(bytes_span room, instant now, net_path& path, std::uint8_t& ecn);
  /// Call after a burst of `write`.
  void written(instant now);
  /// Bytes that may leave in one burst (pacing).
  std::size_t send_quantum() const;
  /// Ends the connection; `end()` holds the farewell to send.
  void close(close_reason reason, session_error code, std::string_view text, instant now);

  /// Set when the connection is over.
  const std::optional<conn_end>& end() const noexcept { return end_; }
  bool handshake_done() const noexcept { return handshake_done_; }
  bool confirmed() const noexcept { return confirmed_; }
  bool inbound() const noexcept { return inbound_; }
  /// The authenticated peer; after `on_handshake`.
  const std::optional<peer_id>& peer() const noexcept { return tls_peer_.verified; }
  /// What the peer presented, in DER; empty before it has.
  byte_buffer peer_certificate() const;
  const net_path& path() const noexcept { return path_; }
  ngtcp2_conn_info info() const;
  /// Packets with stream data that were declared lost.
  std::uint64_t packets_lost() const;

  /// ec::limit when the peer allows no more streams now.
  result<quic_stream*> open_stream(std::unique_ptr<stream_handler> handler, instant now);
  quic_stream* find_stream(std::int64_t id) noexcept;
  std::size_t stream_count() const noexcept { return streams_.size(); }
  /// Streams of the given side that are open.
  std::size_t stream_count(bool local) const noexcept {
    return local ? local_streams_ : streams_.size() - local_streams_;
  }
  template <class F>
  void each_stream(F&& f) {
    for (auto& [id, stream] : streams_) f(*stream);
  }
  /// Lets the peer open `count` more streams.
  void allow_streams(std::size_t count);
  /// Tells every handler that the session is over and frees the streams.
  void drop_streams();

  // -- for quic_stream ---
  void mark_ready(quic_stream& stream);
  void unready(quic_stream& stream);
  void shut_stream(quic_stream& stream, std::uint64_t code);
  void extend_stream(quic_stream& stream, std::size_t bytes);
  std::size_t unacked_bytes_max() const noexcept {
    return profile_.bounds.stream_unacked_bytes_max;
  }

 private:
  friend struct quic_callbacks;
  quic_conn(const quic_profile& profile, const net_path& path, bool inbound,
            conn_listener& listener);
  void fill_settings(ngtcp2_settings& settings, instant now) const;
  void fill_parameters(ngtcp2_transport_params& params) const;
  result<void> attach(result<tls_session> session);
  quic_stream& add_stream(std::int64_t id, bool local);
  void remove_stream(quic_stream& stream);
  /// Gives the stream's data to the packet being built. True: the packet may take more.
  bool write_stream(quic_stream* stream, bytes_span room, std::size_t& size);
  quic_stream* next_ready();
  quic_stream* next_ready(std::deque<quic_stream*>& queue);
  void unblock_all();
  void fail_with(int code);
  void end_with(close_reason reason, ec code, std::string detail);
  void write_farewell(const ngtcp2_ccerr& error);
  void end_by_peer();

  const quic_profile& profile_;
  conn_listener& listener_;
  const bool inbound_;
  net_path path_;
  tls_peer tls_peer_;
  ngtcp2_conn* conn_ = nullptr;
  tls_session tls_;
  std::unordered_map<std::int64_t, std::unique_ptr<quic_stream>> streams_;
  std::size_t local_streams_ = 0;
  /// Streams with something to send, in turn: the late ones after all others.
  std::deque<quic_stream*> ready_;
  std::deque<quic_stream*> ready_late_;
  std::deque<quic_stream*> blocked_;
  bool data_blocked_ = false;
  bool handshake_done_ = false;
  bool confirmed_ = false;
  bool stateless_reset_ = false;
  std::optional<conn_end> end_;
  std::uint64_t packets_lost_ = 0;
  instant now_{};
  ngtcp2_path_storage write_path_{};
  ngtcp2_pkt_info write_info_{};
};

}  // namespace weft::transport::io
