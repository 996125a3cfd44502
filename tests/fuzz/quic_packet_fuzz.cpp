// SPDX-License-Identifier: MIT
// Datagrams of any content at a client and a server connection, before and after a handshake:
// neither faults, and time goes on. Input: a mode byte, then datagrams behind two length bytes.
// Mode bit 0: the server's side; bit 1: only once both sides have shaken hands.
#include "base/assert.hpp"
#include "base/wire.hpp"
#include "transport/io/quic_conn.hpp"
#include "transport/transport_metrics.hpp"

#include <array>

namespace {

using namespace weft;
using namespace weft::transport;
using namespace weft::transport::io;

class sink final : public stream_handler {
 public:
  void on_data(quic_stream& stream, bytes_view data, bool) override { stream.consume(data.size()); }
  void on_close(quic_stream&, ec) override {}
};

class side final : public conn_listener {
 public:
  void on_handshake() override {}
  void on_confirmed() override {}
  std::unique_ptr<stream_handler> on_inbound_stream(quic_stream&) override {
    return std::make_unique<sink>();
  }
  bool on_stream_gone(quic_stream&) override { return true; }
  void on_path_changed(const socket_address&) override {}
  void on_id_issued(const connection_id&) override {}
  void on_id_retired(const connection_id&) override {}
};

struct world {
  world()
      : client_key(crypto::ed25519_private_key::generate()),
        tls(*tls_context::make(client_key, wall_time(std::chrono::seconds(1'700'000'000)))),
        profile{tls, bounds, metrics, congestion_control::cubic, 1452, {}} {
    ip_endpoint a;
    a.address[0] = 127;
    a.port = 1;
    here = {nullptr, socket_address(a), socket_address(a)};
  }
  crypto::ed25519_private_key client_key;
  tls_context tls;
  limits bounds;
  transport_metrics metrics;
  quic_profile profile;
  net_path here;
};

byte_buffer next_packet(quic_conn& c, instant now) {
  byte_buffer room(1500);
  net_path path;
  std::uint8_t ecn = 0;
  room.resize(c.write(room, now, path, ecn));
  c.written(now);
  return room;
}

void exchange(world& w, quic_conn& a, quic_conn& b, instant& now) {
  for (int i = 0; i < 20 && !a.end() && !b.end() && !(a.confirmed() && b.confirmed()); ++i) {
    for (byte_buffer p = next_packet(a, now); !p.empty(); p = next_packet(a, now))
      b.on_packet(w.here, 0, p, now);
    for (byte_buffer p = next_packet(b, now); !p.empty(); p = next_packet(b, now))
      a.on_packet(w.here, 0, p, now);
    now += std::chrono::milliseconds(1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static world w;
  if (size == 0) return 0;
  const std::uint8_t mode = data[0];
  wire_reader in(bytes_view(data, size).subspan(1));
  instant now{std::chrono::seconds(1)};
  side client_side;
  side server_side;
  auto client = quic_conn::dial(w.profile, w.here, std::nullopt, client_side, now);
  WEFT_ASSERT(client.has_value(), "a client can be made");
  const byte_buffer first = next_packet(**client, now);
  initial_packet head;
  head.version = 1;
  head.destination = connection_id(bytes_view(first).subspan(6, first[5]));
  const std::size_t source_at = 6u + first[5];
  head.source = connection_id(bytes_view(first).subspan(source_at + 1, first[source_at]));
  auto server = quic_conn::accept(w.profile, w.here, head, server_side, now);
  WEFT_ASSERT(server.has_value(), "a server can be made");
  if ((mode & 2) != 0) {
    (*server)->on_packet(w.here, 0, first, now);
    exchange(w, **client, **server, now);
  }
  quic_conn& target = (mode & 1) != 0 ? **server : **client;
  while (!in.at_end()) {
    const auto length = in.u16();
    if (!length) break;
    const auto datagram = in.bytes(std::min<std::size_t>(*length, in.remaining()));
    target.on_packet(w.here, 0, *datagram, now);
    next_packet(target, now);
    now += std::chrono::milliseconds(3);
    if (!target.end() && target.expiry() <= now) target.on_expiry(now);
  }
  target.close(close_reason::local, session_error::none, "done", now);
  WEFT_ASSERT(target.end().has_value(), "a closed connection has an end");
  (*client)->drop_streams();
  (*server)->drop_streams();
  return 0;
}
