// SPDX-License-Identifier: MIT
#include "tests/transport_io/raw_peer.hpp"

#include "base/wire.hpp"

#include <poll.h>

namespace weft::transport::io::test {
namespace {

class recorder final : public stream_handler {
 public:
  explicit recorder(raw_peer& owner) : owner_(owner) {}
  void on_data(quic_stream& stream, bytes_view data, bool fin) override {
    auto& r = owner_.records[stream.id()];
    append(r.received, data);
    r.finished = r.finished || fin;
    stream.consume(data.size());
  }
  void on_close(quic_stream& stream, ec why) override { owner_.records[stream.id()].closed = why; }

 private:
  raw_peer& owner_;
};

}  // namespace

raw_peer::raw_peer(const ip_endpoint& target, const tls_certificate* certificate,
                   certificate_key preferred)
    : key_(crypto::ed25519_private_key::generate()) {
  auto tls = certificate != nullptr ? tls_context::make(std::span(certificate, 1), preferred)
                                    : tls_context::make(key_, wall_now());
  tls_.emplace(std::move(*tls));
  profile_.emplace(quic_profile{*tls_, bounds_, metrics, congestion_control::cubic, 1452, {}});
  ip_endpoint any;
  any.address[0] = 127;
  any.address[3] = 1;
  socket_.emplace(std::move(*udp_socket::open(any, {1 << 20, false})));
  path_ = {&*socket_, socket_->bound(), socket_address(target)};
  conn = std::move(*quic_conn::dial(*profile_, path_, std::nullopt, *this, now()));
}

std::unique_ptr<stream_handler> raw_peer::on_inbound_stream(quic_stream&) {
  return std::make_unique<recorder>(*this);
}

byte_buffer raw_peer::take_packet() {
  byte_buffer room(16'384);
  net_path path;
  std::uint8_t ecn = 0;
  room.resize(conn->write(room, now(), path, ecn));
  conn->written(now());
  return room;
}

void raw_peer::send_raw(bytes_view datagram) {
  socket_->send({datagram, datagram.size(), path_.local, path_.remote, 0});
}

void raw_peer::write_all() {
  for (;;) {
    const byte_buffer packet = take_packet();
    if (packet.empty()) return;
    send_raw(packet);
  }
}

bool raw_peer::run(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const instant until = now() + limit;
  byte_buffer room(udp_socket::receive_bytes);
  while (!done()) {
    if (now() > until) return false;
    write_all();
    pollfd waiting{socket_->descriptor(), POLLIN, 0};
    ::poll(&waiting, 1, 1);
    received_run run;
    while (socket_->receive(room, run) == socket_status::done)
      conn->on_packet({&*socket_, run.local, run.remote}, run.ecn, run.bytes, now());
    if (!conn->end() && conn->expiry() <= now()) conn->on_expiry(now());
    if (conn->end() && !conn->end()->farewell.empty()) {
      send_raw(conn->end()->farewell);
      return done();
    }
  }
  if (!conn->end()) write_all();
  return true;
}

std::int64_t raw_peer::open(bytes_view first, bool finish) {
  auto s = conn->open_stream(std::make_unique<recorder>(*this), now());
  if (!s) return -1;
  if (!first.empty()) (*s)->write(first);
  if (finish) (*s)->finish();
  return (*s)->id();
}

byte_buffer negotiation_line(std::string_view text) {
  byte_buffer out;
  wire_writer w(out);
  w.uvarint(text.size() + 1).bytes(as_bytes(text)).u8('\n');
  return out;
}

byte_buffer propose(std::string_view protocol) {
  byte_buffer out = negotiation_line("/multistream/1.0.0");
  append(out, negotiation_line(protocol));
  return out;
}

}  // namespace weft::transport::io::test
