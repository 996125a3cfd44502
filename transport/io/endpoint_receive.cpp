// SPDX-License-Identifier: MIT
#include "transport/io/quic_endpoint.hpp"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>
#include <array>
#include <utility>

/// Datagrams coming in, and the answers to those that belong to no session.
namespace weft::transport::io {
namespace {

constexpr std::size_t smallest_initial_bytes = 1200;
/// RFC 9000 section 10.3: shorter ones could be told from real packets.
constexpr std::size_t smallest_reset_bytes = 43;
/// More than the download's cap may come for so long before senders are told to slow down.
constexpr duration backlog_patience = std::chrono::milliseconds(20);
constexpr duration token_lifetime = std::chrono::seconds(10);

ngtcp2_cid to_cid(const connection_id& id) noexcept {
  ngtcp2_cid out;
  ngtcp2_cid_init(&out, id.data.data(), id.size);
  return out;
}

connection_id from_cid(const ngtcp2_cid& id) noexcept {
  return connection_id(bytes_view(id.data, id.datalen));
}

ngtcp2_tstamp stamp(instant t) noexcept {
  return static_cast<ngtcp2_tstamp>(t.time_since_epoch().count());
}

}  // namespace

bool quic_endpoint::on_readable(udp_socket& socket, std::size_t runs) {
  auto& m = context_.metrics;
  for (std::size_t i = 0; i < runs && reading_; ++i) {
    if (!bandwidth_.may_receive(context_.now)) {
      pause_reading();
      return true;
    }
    received_run run;
    const auto status = socket.receive(receive_room_, run);
    ++m.socket_calls.in;
    if (status == socket_status::blocked) {
      backlog_since_.reset();
      return false;
    }
    if (status == socket_status::refused) continue;
    m.bytes.in += run.bytes.size();
    bandwidth_.received(run.bytes.size());
    const std::uint8_t ecn = marked(run.ecn);
    if (run.ecn == 3) ++m.ecn_congestion_marks;
    const net_path path{&socket, run.local, run.remote};
    for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
      ++m.packets.in;
      on_datagram(path, ecn, run.bytes.subspan(at, std::min(run.segment, run.bytes.size() - at)));
    }
  }
  return true;
}

void quic_endpoint::pause_reading() {
  reading_ = false;
  ++context_.metrics.bandwidth_waits.in;
  if (!backlog_since_) backlog_since_ = context_.now;
  call_at(bandwidth_.receive_again(context_.now), [this] { reading_ = true; });
}

std::uint8_t quic_endpoint::marked(std::uint8_t ecn) const noexcept {
  constexpr std::uint8_t not_capable = 0;
  constexpr std::uint8_t congestion = 3;
  const bool late = backlog_since_ && context_.now - *backlog_since_ >= backlog_patience;
  return late && ecn != not_capable ? congestion : ecn;
}

void quic_endpoint::on_datagram(const net_path& path, std::uint8_t ecn, bytes_view packet) {
  ngtcp2_version_cid head;
  const int rc = ngtcp2_pkt_decode_version_cid(&head, packet.data(), packet.size(),
                                               connection_id::issued_bytes);
  if (rc == NGTCP2_ERR_VERSION_NEGOTIATION) {
    if (packet.size() < smallest_initial_bytes) {
      ++context_.metrics.packets_dropped[packet_drop::too_small];
      return;
    }
    return send_version_negotiation(path, packet);
  }
  if (rc != 0) {
    ++context_.metrics.packets_dropped[packet_drop::malformed];
    return;
  }
  const connection_id destination(bytes_view(head.dcid, head.dcidlen));
  const auto known = ids_.find(destination);
  if (known != ids_.end()) {
    session& s = *known->second;
    s.bytes_in += packet.size();
    s.conn->on_packet(path, ecn, packet, context_.now);
    return touch(s);
  }
  if (const auto dead = tombstones_.find(destination); dead != tombstones_.end())
    return on_tombstone(*dead->second);
  if (head.version != 0) return on_initial(path, ecn, packet);
  send_stateless_reset(path, packet);
}

void quic_endpoint::on_tombstone(tombstone& t) {
  ++context_.metrics.packets_dropped[packet_drop::draining];
  // Each answer needs twice as many packets as the one before.
  ++t.seen;
  if (!t.farewell.empty() && (t.seen & (t.seen - 1)) == 0) send_single(t.path, t.farewell);
}

void quic_endpoint::on_initial(const net_path& path, std::uint8_t ecn, bytes_view packet) {
  auto& m = context_.metrics;
  ngtcp2_pkt_hd head;
  if (packet.size() < smallest_initial_bytes) {
    ++m.packets_dropped[packet_drop::too_small];
    return;
  }
  if (ngtcp2_accept(&head, packet.data(), packet.size()) != 0) {
    ++m.packets_dropped[packet_drop::unknown_connection];
    return;
  }
  if (!admits(path.remote.endpoint())) {
    ++m.limit_rejections[limit_kind::access];
    ++m.packets_dropped[packet_drop::banned];
    return;
  }
  initial_packet first;
  first.version = head.version;
  first.destination = from_cid(head.dcid);
  first.source = from_cid(head.scid);
  first.token.assign(head.token, head.token + head.tokenlen);
  bool answered = false;
  const bool proven = check_token(first, path, answered);
  if (answered) return;
  if (drain_until_) return send_refusal(path, first, NGTCP2_CONNECTION_REFUSED);
  if (const auto limit = admission_.refuses(path.remote.endpoint())) {
    ++m.limit_rejections[*limit];
    ++m.packets_dropped[packet_drop::limit];
    return;
  }
  if (!proven && admission_.wants_retry()) return send_retry(path, first);
  if (context_.memory != memory_level::calm) {
    ++m.limit_rejections[limit_kind::memory];
    return send_refusal(path, first, NGTCP2_CONNECTION_REFUSED);
  }
  if (confirmed_ >= context_.bounds.sessions_max) {
    ++m.limit_rejections[limit_kind::sessions];
    return send_refusal(path, first, NGTCP2_CONNECTION_REFUSED);
  }
  accept(path, ecn, packet, first);
}

bool quic_endpoint::check_token(initial_packet& first, const net_path& path, bool& answered) {
  if (first.token.empty()) return false;
  if (first.token.front() != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2) {
    // From a NEW_TOKEN frame, which this node never sends: as good as none.
    first.token.clear();
    return false;
  }
  ngtcp2_cid original;
  const ngtcp2_cid destination = to_cid(first.destination);
  if (ngtcp2_crypto_verify_retry_token2(
          &original, first.token.data(), first.token.size(), token_secret_.data(),
          token_secret_.size(), first.version, path.remote.data(), path.remote.size(), &destination,
          static_cast<ngtcp2_duration>(token_lifetime.count()), stamp(context_.now))
      != 0) {
    ++context_.metrics.packets_dropped[packet_drop::bad_token];
    send_refusal(path, first, NGTCP2_INVALID_TOKEN);
    answered = true;
    return false;
  }
  first.original_destination = from_cid(original);
  return true;
}

void quic_endpoint::accept(const net_path& path, std::uint8_t ecn, bytes_view packet,
                           const initial_packet& first) {
  session& s = add_session(direction::inbound);
  auto conn = quic_conn::accept(profile_, path, first, s, context_.now);
  if (!conn) {
    for (const auto& id : s.ids) ids_.erase(id);
    sessions_.erase(s.id());
    ++context_.metrics.packets_dropped[packet_drop::other];
    return;
  }
  s.conn = std::move(*conn);
  s.half_open = true;
  s.admitted_from = path.remote.endpoint();
  admission_.handshake_started(s.admitted_from);
  context_.metrics.handshakes_in_progress.set(static_cast<std::int64_t>(admission_.half_open()));
  s.bytes_in += packet.size();
  s.conn->on_packet(path, ecn, packet, context_.now);
  touch(s);
}

bool quic_endpoint::take_stateless_token() {
  const auto rate = static_cast<double>(context_.bounds.stateless_answers_per_second);
  stateless_tokens_.refill(rate, rate, context_.now);
  // They are not worth waiting for: beyond the cap of the upload they are left out as well.
  if (!bandwidth_.may_send(context_.now) || !stateless_tokens_.take(1)) {
    ++context_.metrics.limit_rejections[limit_kind::stateless_answers];
    ++context_.metrics.packets_dropped[packet_drop::limit];
    return false;
  }
  return true;
}

void quic_endpoint::send_version_negotiation(const net_path& path, bytes_view packet) {
  ngtcp2_version_cid head{};
  // Fills the ids also when the version is unknown.
  ngtcp2_pkt_decode_version_cid(&head, packet.data(), packet.size(), connection_id::issued_bytes);
  ++context_.metrics.packets_dropped[packet_drop::unsupported_version];
  if (!take_stateless_token()) return;
  std::array<std::uint8_t, 256> room;
  std::array<std::uint8_t, 1> random;
  crypto::random_bytes(random);
  // A reserved version next to the real one keeps peers honest (RFC 9000 section 15).
  const std::array<std::uint32_t, 2> versions{0x1a2a3a4au, NGTCP2_PROTO_VER_V1};
  const auto n = ngtcp2_pkt_write_version_negotiation(
      room.data(), room.size(), random[0], head.scid, head.scidlen, head.dcid, head.dcidlen,
      versions.data(), versions.size());
  if (n <= 0) return;
  ++context_.metrics.version_negotiation_sent;
  send_single(path, bytes_view(room).first(static_cast<std::size_t>(n)));
}

void quic_endpoint::send_retry(const net_path& path, const initial_packet& first) {
  if (!take_stateless_token()) return;
  ngtcp2_cid retry_source;
  retry_source.datalen = connection_id::issued_bytes;
  crypto::random_bytes(bytes_span(retry_source.data, retry_source.datalen));
  const ngtcp2_cid source = to_cid(first.source);
  const ngtcp2_cid destination = to_cid(first.destination);
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2> token;
  const auto token_size = ngtcp2_crypto_generate_retry_token2(
      token.data(), token_secret_.data(), token_secret_.size(), first.version, path.remote.data(),
      path.remote.size(), &retry_source, &destination, stamp(context_.now));
  if (token_size < 0) return;
  std::array<std::uint8_t, 512> room;
  const auto n
      = ngtcp2_crypto_write_retry(room.data(), room.size(), first.version, &source, &retry_source,
                                  &destination, token.data(), static_cast<std::size_t>(token_size));
  if (n <= 0) return;
  ++context_.metrics.retry_sent;
  send_single(path, bytes_view(room).first(static_cast<std::size_t>(n)));
}

void quic_endpoint::send_refusal(const net_path& path, const initial_packet& first,
                                 std::uint64_t code) {
  if (!take_stateless_token()) return;
  const ngtcp2_cid source = to_cid(first.source);
  const ngtcp2_cid destination = to_cid(first.destination);
  std::array<std::uint8_t, 256> room;
  const auto n = ngtcp2_crypto_write_connection_close(room.data(), room.size(), first.version,
                                                      &source, &destination, code, nullptr, 0);
  if (n > 0) send_single(path, bytes_view(room).first(static_cast<std::size_t>(n)));
}

void quic_endpoint::send_stateless_reset(const net_path& path, bytes_view packet) {
  ++context_.metrics.packets_dropped[packet_drop::unknown_connection];
  if (packet.size() < smallest_reset_bytes || !take_stateless_token()) return;
  ngtcp2_cid id;
  ngtcp2_cid_init(&id, packet.data() + 1, connection_id::issued_bytes);
  std::array<std::uint8_t, NGTCP2_STATELESS_RESET_TOKENLEN> token;
  if (ngtcp2_crypto_generate_stateless_reset_token(token.data(), profile_.reset_secret.data(),
                                                   profile_.reset_secret.size(), &id)
      != 0)
    return;
  std::array<std::uint8_t, 64> room;
  std::array<std::uint8_t, smallest_reset_bytes - NGTCP2_STATELESS_RESET_TOKENLEN - 1> random;
  crypto::random_bytes(random);
  // One byte shorter than the smallest packet that causes it, so that two nodes cannot keep each
  // other busy.
  const auto n = ngtcp2_pkt_write_stateless_reset(room.data(), smallest_reset_bytes - 1,
                                                  token.data(), random.data(), random.size());
  if (n <= 0) return;
  ++context_.metrics.stateless_reset_sent;
  send_single(path, bytes_view(room).first(static_cast<std::size_t>(n)));
}

}  // namespace weft::transport::io
