// SPDX-License-Identifier: MIT
#include "transport/io/quic_endpoint.hpp"

#include <algorithm>
#include <utility>

/// Packets going out: runs of segments per path, the sockets' back-pressure, and the timers behind.
namespace weft::transport::io {
namespace {

/// No packet of a handshake needs more.
constexpr std::size_t handshake_datagram_bytes_max = 1'452;

}  // namespace

void quic_endpoint::send_single(const net_path& path, bytes_view packet) {
  if (path.socket == nullptr || packet.empty()) return;
  auto& m = context_.metrics;
  const auto status = path.socket->send({packet, packet.size(), path.local, path.remote, 0});
  bandwidth_.sent(packet.size());
  ++m.socket_calls.out;
  ++m.packets.out;
  m.bytes.out += packet.size();
  if (status == socket_status::blocked) ++m.socket_blocked;
  if (status == socket_status::refused) ++m.packets_dropped[packet_drop::send_error];
}

void quic_endpoint::send_run(const net_path& path, std::uint8_t ecn, std::size_t from,
                             std::size_t size, std::size_t segment) {
  auto& m = context_.metrics;
  const bytes_view bytes = bytes_view(send_room_).subspan(from, size);
  const auto before = path.socket->send_calls();
  const auto status = path.socket->send({bytes, segment, path.local, path.remote, ecn});
  m.socket_calls.out += path.socket->send_calls() - before;
  m.packets.out += (size + segment - 1) / segment;
  m.bytes.out += size;
  if (status == socket_status::blocked) ++m.socket_blocked;
  if (status == socket_status::refused) ++m.packets_dropped[packet_drop::send_error];
}

void quic_endpoint::flush(session& s) {
  s.pump(true);
  struct {
    net_path path;
    std::uint8_t ecn = 0;
    std::size_t size = 0;
    std::size_t segment = 0;
    std::size_t count = 0;
  } run;
  const auto emit = [&] {
    if (run.size != 0) send_run(run.path, run.ecn, 0, run.size, run.segment);
    run.size = run.count = 0;
  };
  // A probe of the path's size would go out ahead of the packets that end the handshake, and the
  // peer would take in its kilobytes first: it has time until the next round.
  const bool may_probe = std::exchange(s.may_probe, s.confirmed_at != instant{});
  const std::size_t packet_max
      = may_probe ? profile_.datagram_bytes_max
                  : std::min(profile_.datagram_bytes_max, handshake_datagram_bytes_max);
  const std::size_t quantum = std::min(s.conn->send_quantum(), bandwidth_.turn_bytes());
  std::size_t total = 0;
  while (total < quantum) {
    if (!bandwidth_.may_send(context_.now)) {
      wait_for_upload(s, total != 0);
      break;
    }
    if (s.conn->path().socket->blocked()) {
      waiting_for_socket_.push_back(s.id());
      break;
    }
    net_path path;
    std::uint8_t ecn = 0;
    const std::size_t size = s.conn->write(bytes_span(send_room_).subspan(run.size, packet_max),
                                           context_.now, path, ecn);
    if (size == 0) break;
    total += size;
    bandwidth_.sent(size);
    s.bytes_out += size;
    const bool joins = run.size != 0 && size <= run.segment && path.socket == run.path.socket
                       && path.remote == run.path.remote && path.local == run.path.local
                       && ecn == run.ecn;
    if (run.size != 0 && !joins) {
      // The packet lies behind a run it cannot join: send that, then begin with this one.
      const std::size_t at = run.size;
      emit();
      std::copy_n(send_room_.begin() + static_cast<std::ptrdiff_t>(at), size, send_room_.begin());
    }
    if (run.size == 0) {
      run.path = path;
      run.ecn = ecn;
      run.segment = size;
    }
    run.size += size;
    ++run.count;
    const bool last = size < run.segment || run.count == udp_socket::run_segments_max
                      || run.size + run.segment > udp_socket::run_bytes_max;
    if (last) emit();
  }
  emit();
  s.conn->written(context_.now);
}

void quic_endpoint::wait_for_upload(session& s, bool wrote) {
  if (std::exchange(s.waits_for_upload, true)) return;
  bandwidth_.wait(s.id(), wrote);
  if (upload_timer_ != 0) return;
  ++context_.metrics.bandwidth_waits.out;
  upload_timer_ = call_at(bandwidth_.send_again(context_.now), [this] {
    upload_timer_ = 0;
    for (const session_id id : bandwidth_.take_waiting()) {
      const auto it = sessions_.find(id);
      if (it == sessions_.end()) continue;
      it->second->waits_for_upload = false;
      touch(*it->second);
    }
  });
}

void quic_endpoint::arm(session& s) {
  // It is written to when its turn comes; until then its timer could only find that it has to wait.
  if (s.waits_for_upload) return;
  const instant at = s.conn->expiry();
  // An earlier timer is left to fire and be armed again: cheaper than moving it with each packet.
  if (at >= s.timer_at) return;
  if (s.timer_at != instant::max()) wheel_.cancel(s.timer);
  s.timer_at = at;
  s.timer = wheel_.arm(at, s.id() << 1);
}

void quic_endpoint::on_writable(udp_socket& socket) {
  if (socket.flush() == socket_status::blocked) return;
  for (const session_id id : std::exchange(waiting_for_socket_, {}))
    if (const auto it = sessions_.find(id); it != sessions_.end()) touch(*it->second);
}

void quic_endpoint::write_touched() {
  std::vector<session_id> ended;
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    session& s = *touched_[i];
    s.touched = false;
    if (s.wish() && !s.conn->end())
      s.conn->close(s.wish()->reason, s.wish()->code, s.wish()->text, context_.now);
    if (!s.conn->end()) flush(s);
    if (s.wish() && !s.conn->end()) touch(s);
    if (s.conn->end())
      ended.push_back(s.id());
    else
      arm(s);
  }
  touched_.clear();
  for (const session_id id : ended)
    if (const auto it = sessions_.find(id); it != sessions_.end()) end_session(*it->second);
}

void quic_endpoint::finish_round(event_listener& events) {
  for (const auto& w : context_.inbound.take_released()) {
    const auto it = sessions_.find(w.session);
    if (it == sessions_.end()) continue;
    quic_stream* stream = it->second->conn->find_stream(w.stream);
    if (stream == nullptr || stream->handler() == nullptr) continue;
    stream->handler()->on_credit(*stream);
    touch(*it->second);
  }
  // Ending a session may touch others, so until nothing is left.
  while (!touched_.empty()) write_touched();
  check_drained();
  if (!context_.events.empty()) events.on_events(std::exchange(context_.events, {}));
  context_.inbound.deliver();
  ++context_.metrics.reactor_rounds;
}

}  // namespace weft::transport::io
