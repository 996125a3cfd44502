// SPDX-License-Identifier: MIT
// What a handshake costs both ends in processor time: two connections joined in memory, one thread,
// no sockets.
#include "transport/io/clock.hpp"
#include "transport/io/quic_conn.hpp"
#include "transport/transport_metrics.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace {

using namespace weft;
using namespace weft::transport;
using namespace weft::transport::io;

class quiet_listener final : public conn_listener {
 public:
  void on_handshake() override {}
  void on_confirmed() override {}
  std::unique_ptr<stream_handler> on_inbound_stream(quic_stream&) override { return nullptr; }
  bool on_stream_gone(quic_stream&) override { return false; }
  void on_path_changed(const socket_address&) override {}
  void on_id_issued(const connection_id&) override {}
  void on_id_retired(const connection_id&) override {}
};

/// A node without a reactor.
struct half {
  half(std::uint16_t port, certificate_key kind)
      : tls(make_tls(kind)),
        profile{tls, bounds, metrics},
        address(*multiaddr::parse("/ip4/127.0.0.1/udp/" + std::to_string(port) + "/quic-v1")
                     ->quic_v1_endpoint()) {}
  tls_context make_tls(certificate_key kind) const {
    const auto certificate = tls_certificate::make(key, wall_now(), {.kind = kind});
    return std::move(*tls_context::make(std::span(&*certificate, 1), kind));
  }
  crypto::ed25519_private_key key = crypto::ed25519_private_key::generate();
  limits bounds;
  transport_metrics metrics;
  tls_context tls;
  quic_profile profile;
  socket_address address;
  quiet_listener listener;
};

initial_packet take_apart(bytes_view packet) {
  ngtcp2_pkt_hd head;
  if (ngtcp2_accept(&head, packet.data(), packet.size()) != 0) std::abort();
  initial_packet first;
  first.version = head.version;
  first.destination = connection_id(bytes_view(head.dcid.data, head.dcid.datalen));
  first.source = connection_id(bytes_view(head.scid.data, head.scid.datalen));
  return first;
}

/// Moves everything `from` has to say to `to`; true when there was something.
bool pass(quic_conn& from, quic_conn& to, const net_path& seen_there, byte_buffer& room) {
  bool moved = false;
  net_path path;
  std::uint8_t ecn = 0;
  while (const std::size_t n = from.write(room, now(), path, ecn)) {
    to.on_packet(seen_there, 0, bytes_view(room).first(n), now());
    moved = true;
  }
  from.written(now());
  return moved;
}

/// Until the dialler knows that it was accepted.
void handshake(half& a, half& b, byte_buffer& room) {
  const net_path at_a{nullptr, a.address, b.address};
  const net_path at_b{nullptr, b.address, a.address};
  auto client = std::move(*quic_conn::dial(a.profile, at_a, b.key.id(), a.listener, now()));
  net_path path;
  std::uint8_t ecn = 0;
  const std::size_t n = client->write(room, now(), path, ecn);
  const bytes_view first = bytes_view(room).first(n);
  auto server
      = std::move(*quic_conn::accept(b.profile, at_b, take_apart(first), b.listener, now()));
  server->on_packet(at_b, 0, first, now());
  while (!client->confirmed())
    if (!pass(*server, *client, at_a, room) && !pass(*client, *server, at_b, room)) std::abort();
}

void handshake_both_ends(benchmark::State& state) {
  const auto kind = static_cast<certificate_key>(state.range(0));
  half a(1001, kind);
  half b(1002, kind);
  byte_buffer room(2048);
  for (auto _ : state) handshake(a, b, room);
}
BENCHMARK(handshake_both_ends)
    ->ArgName("key")
    ->Arg(static_cast<int>(certificate_key::p256))
    ->Arg(static_cast<int>(certificate_key::ed25519))
    ->Unit(benchmark::kMicrosecond);

}  // namespace
