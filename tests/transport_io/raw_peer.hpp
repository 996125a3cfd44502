// SPDX-License-Identifier: MIT
#pragma once

#include "transport/io/clock.hpp"
#include "transport/io/quic_conn.hpp"
#include "transport/transport_metrics.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace weft::transport::io::test {

/// A QUIC client without Weft's rules on top: opens streams at will and writes any bytes. Runs in
/// the test's thread.
class raw_peer final : public conn_listener {
 public:
  struct stream_record {
    byte_buffer received;
    bool finished = false;
    std::optional<ec> closed;
  };
  /// Uses a fresh identity and its certificates unless one is given.
  explicit raw_peer(const ip_endpoint& target, const tls_certificate* certificate = nullptr,
                    certificate_key preferred = certificate_key::ed25519);

  /// Exchanges packets until `done` holds; false after `limit`.
  bool run(const std::function<bool()>& done,
           std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Until the server has accepted the handshake.
  bool connect() {
    return run([this] { return confirmed || conn->end(); }) && confirmed && !conn->end();
  }
  /// A stream with these first bytes; -1 when the other side allows none.
  std::int64_t open(bytes_view first, bool finish = false);
  quic_stream* stream(std::int64_t id) { return conn->find_stream(id); }
  /// The next packet of the connection, not sent.
  byte_buffer take_packet();
  void send_raw(bytes_view datagram);
  /// Stops answering from now on, as a peer that vanished.
  udp_socket& socket() { return *socket_; }

  std::map<std::int64_t, stream_record> records;
  bool confirmed = false;
  std::unique_ptr<quic_conn> conn;
  transport_metrics metrics;

  void on_handshake() override {}
  void on_confirmed() override { confirmed = true; }
  std::unique_ptr<stream_handler> on_inbound_stream(quic_stream&) override;
  bool on_stream_gone(quic_stream&) override { return true; }
  void on_path_changed(const socket_address&) override {}
  void on_id_issued(const connection_id&) override {}
  void on_id_retired(const connection_id&) override {}

 private:
  void write_all();
  limits bounds_;
  crypto::ed25519_private_key key_;
  std::optional<tls_context> tls_;
  std::optional<quic_profile> profile_;
  std::optional<udp_socket> socket_;
  net_path path_;
};

/// A multistream message: length, text, newline.
byte_buffer negotiation_line(std::string_view text);
/// Header and proposal.
byte_buffer propose(std::string_view protocol);

}  // namespace weft::transport::io::test
