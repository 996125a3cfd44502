// SPDX-License-Identifier: MIT
#include "transport/io/quic_conn.hpp"

#include "base/crypto.hpp"
#include "transport/io/quic_callbacks.hpp"
#include "transport/transport_metrics.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::transport::io {
namespace {

ngtcp2_tstamp stamp(instant t) noexcept {
  return static_cast<ngtcp2_tstamp>(t.time_since_epoch().count());
}

ngtcp2_duration span_of(duration d) noexcept {
  return static_cast<ngtcp2_duration>(std::max<duration::rep>(d.count(), 0));
}

ngtcp2_cid to_cid(const connection_id& id) noexcept {
  ngtcp2_cid out;
  ngtcp2_cid_init(&out, id.data.data(), id.size);
  return out;
}

ngtcp2_path to_path(const net_path& path) noexcept {
  return {{const_cast<sockaddr*>(path.local.data()), path.local.size()},
          {const_cast<sockaddr*>(path.remote.data()), path.remote.size()},
          path.socket};
}

ngtcp2_cid random_cid(std::size_t size) {
  std::array<std::uint8_t, connection_id::bytes_max> bytes{};
  crypto::random_bytes(bytes_span(bytes).first(size));
  ngtcp2_cid out;
  ngtcp2_cid_init(&out, bytes.data(), size);
  return out;
}

constexpr std::size_t initial_destination_bytes = 16;
/// Payloads that path MTU discovery tries, largest first: jumbo frames, then Ethernet less common
/// tunnels.
constexpr std::array<std::uint16_t, 5> probe_sizes{16'384, 8'952, 1'452, 1'406, 1'342};
/// One call of writev takes this many pieces of a stream.
constexpr std::size_t slices_max = 32;

}  // namespace

quic_conn::quic_conn(const quic_profile& profile, const net_path& path, bool is_inbound,
                     conn_listener& listener)
    : profile_(profile), listener_(listener), inbound_(is_inbound), path_(path) {
  ngtcp2_path_storage_zero(&write_path_);
}

quic_conn::~quic_conn() {
  if (conn_ != nullptr) ngtcp2_conn_del(conn_);
}

void quic_conn::fill_settings(ngtcp2_settings& settings, instant now) const {
  ngtcp2_settings_default(&settings);
  settings.initial_ts = stamp(now);
  settings.cc_algo
      = profile_.congestion == congestion_control::bbr ? NGTCP2_CC_ALGO_BBR : NGTCP2_CC_ALGO_CUBIC;
  settings.handshake_timeout = span_of(profile_.bounds.handshake_timeout);
  settings.max_window = profile_.bounds.session_window_max;
  settings.max_stream_window = profile_.bounds.stream_window_max;
  settings.max_tx_udp_payload_size = profile_.datagram_bytes_max;
  const auto* first = probe_sizes.data();
  while (first != probe_sizes.data() + probe_sizes.size() && *first > profile_.datagram_bytes_max)
    ++first;
  settings.pmtud_probes = first;
  settings.pmtud_probeslen
      = static_cast<std::size_t>(probe_sizes.data() + probe_sizes.size() - first);
  if (settings.pmtud_probeslen == 0) settings.no_pmtud = 1;
}

void quic_conn::fill_parameters(ngtcp2_transport_params& params) const {
  const limits& b = profile_.bounds;
  ngtcp2_transport_params_default(&params);
  params.initial_max_streams_bidi = b.streams_per_session_max;
  params.initial_max_streams_uni = 0;
  params.initial_max_data = b.session_window_initial;
  params.initial_max_stream_data_bidi_local = b.stream_window_initial;
  params.initial_max_stream_data_bidi_remote = b.stream_window_initial;
  params.max_idle_timeout = span_of(b.idle_timeout);
  params.active_connection_id_limit = 4;
  params.disable_active_migration = 0;
  params.grease_quic_bit = 1;
}

result<void> quic_conn::attach(result<tls_session> session) {
  if (!session) return fail(std::move(session.error()));
  tls_ = std::move(*session);
  ngtcp2_conn_set_tls_native_handle(conn_, tls_.get());
  if (profile_.bounds.keep_alive > duration::zero())
    ngtcp2_conn_set_keep_alive_timeout(conn_, span_of(profile_.bounds.keep_alive));
  return {};
}

result<std::unique_ptr<quic_conn>> quic_conn::dial(const quic_profile& profile,
                                                   const net_path& path,
                                                   std::optional<peer_id> expected,
                                                   conn_listener& listener, instant now) {
  std::unique_ptr<quic_conn> c(new quic_conn(profile, path, false, listener));
  ngtcp2_settings settings;
  ngtcp2_transport_params params;
  c->fill_settings(settings, now);
  c->fill_parameters(params);
  const ngtcp2_cid destination = random_cid(initial_destination_bytes);
  const ngtcp2_cid source = random_cid(connection_id::issued_bytes);
  const ngtcp2_path where = to_path(path);
  if (ngtcp2_conn_client_new(&c->conn_, &destination, &source, &where, NGTCP2_PROTO_VER_V1,
                             &quic_callbacks::client(), &settings, &params, nullptr, c.get())
      != 0)
    return fail(ec::crypto, "QUIC client");
  c->tls_peer_.expected = std::move(expected);
  c->tls_peer_.link
      = {[](ngtcp2_crypto_conn_ref* ref) { return static_cast<quic_conn*>(ref->user_data)->conn_; },
         c.get()};
  WEFT_TRY_VOID(c->attach(profile.tls.client(c->tls_peer_)));
  listener.on_id_issued(connection_id(bytes_view(source.data, source.datalen)));
  return c;
}

result<std::unique_ptr<quic_conn>> quic_conn::accept(const quic_profile& profile,
                                                     const net_path& path,
                                                     const initial_packet& first,
                                                     conn_listener& listener, instant now) {
  std::unique_ptr<quic_conn> c(new quic_conn(profile, path, true, listener));
  ngtcp2_settings settings;
  ngtcp2_transport_params params;
  c->fill_settings(settings, now);
  c->fill_parameters(params);
  const ngtcp2_cid destination = to_cid(first.source);
  const ngtcp2_cid source = random_cid(connection_id::issued_bytes);
  params.original_dcid_present = 1;
  params.original_dcid = to_cid(first.original_destination.value_or(first.destination));
  if (first.original_destination) {
    params.retry_scid_present = 1;
    params.retry_scid = to_cid(first.destination);
    settings.token = first.token.data();
    settings.tokenlen = first.token.size();
    settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
  }
  params.stateless_reset_token_present = 1;
  if (ngtcp2_crypto_generate_stateless_reset_token(params.stateless_reset_token,
                                                   profile.reset_secret.data(),
                                                   profile.reset_secret.size(), &source)
      != 0)
    return fail(ec::crypto, "stateless reset token");
  const ngtcp2_path where = to_path(path);
  if (ngtcp2_conn_server_new(&c->conn_, &destination, &source, &where, first.version,
                             &quic_callbacks::server(), &settings, &params, nullptr, c.get())
      != 0)
    return fail(ec::crypto, "QUIC server");
  c->tls_peer_.link
      = {[](ngtcp2_crypto_conn_ref* ref) { return static_cast<quic_conn*>(ref->user_data)->conn_; },
         c.get()};
  WEFT_TRY_VOID(c->attach(profile.tls.server(c->tls_peer_)));
  listener.on_id_issued(connection_id(bytes_view(source.data, source.datalen)));
  // Until the client has our id its packets carry the one that it chose.
  listener.on_id_issued(first.destination);
  if (first.original_destination) listener.on_id_issued(*first.original_destination);
  return c;
}

void quic_conn::on_packet(const net_path& path, std::uint8_t ecn, bytes_view packet, instant now) {
  if (end_) return;
  now_ = now;
  const ngtcp2_path where = to_path(path);
  const ngtcp2_pkt_info info{ecn};
  const int rc
      = ngtcp2_conn_read_pkt(conn_, &where, &info, packet.data(), packet.size(), stamp(now));
  if (rc != 0) return fail_with(rc);
  if (data_blocked_ && ngtcp2_conn_get_max_data_left(conn_) != 0) {
    data_blocked_ = false;
    unblock_all();
  }
}

void quic_conn::on_expiry(instant now) {
  if (end_) return;
  now_ = now;
  if (const int rc = ngtcp2_conn_handle_expiry(conn_, stamp(now)); rc != 0) fail_with(rc);
}

instant quic_conn::expiry() const {
  const ngtcp2_tstamp at = ngtcp2_conn_get_expiry(conn_);
  const auto max = static_cast<ngtcp2_tstamp>(instant::max().time_since_epoch().count());
  return instant(duration(static_cast<duration::rep>(std::min(at, max))));
}

std::size_t quic_conn::write(bytes_span room, instant now, net_path& path, std::uint8_t& ecn) {
  if (end_) return 0;
  now_ = now;
  std::size_t size = 0;
  const bool may_send = ngtcp2_conn_get_max_data_left(conn_) != 0;
  data_blocked_ = !may_send && !(ready_.empty() && ready_late_.empty());
  while (write_stream(may_send ? next_ready() : nullptr, room, size)) {
  }
  if (size == 0 || end_) return 0;
  path.socket = static_cast<udp_socket*>(write_path_.path.user_data);
  if (path.socket == nullptr) path.socket = path_.socket;
  path.local = socket_address(write_path_.path.local.addr, write_path_.path.local.addrlen);
  path.remote = socket_address(write_path_.path.remote.addr, write_path_.path.remote.addrlen);
  ecn = write_info_.ecn;
  return size;
}

bool quic_conn::write_stream(quic_stream* s, bytes_span room, std::size_t& size) {
  std::array<send_buffer::slice, slices_max> slices;
  std::array<ngtcp2_vec, slices_max> vectors;
  std::size_t total = 0;
  std::size_t count = 0;
  std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
  bool fin = false;
  if (s != nullptr) {
    count = s->out.gather(slices, total);
    for (std::size_t i = 0; i < count; ++i)
      vectors[i] = {const_cast<std::uint8_t*>(slices[i].data), slices[i].size};
    fin = s->fin_ && total == s->out.unsent();
    flags = NGTCP2_WRITE_STREAM_FLAG_MORE | (fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0u);
  }
  ngtcp2_ssize taken = -1;
  const ngtcp2_ssize n = ngtcp2_conn_writev_stream(
      conn_, &write_path_.path, &write_info_, room.data(), room.size(), &taken, flags,
      s != nullptr ? s->id() : -1, vectors.data(), count, stamp(now_));
  if (s != nullptr && taken >= 0) {
    s->out.advance(static_cast<std::size_t>(taken));
    if (fin && static_cast<std::size_t>(taken) == total) s->fin_sent_ = true;
    const bool asks = s->handler() != nullptr && s->handler()->wants_room() && s->has_room();
    if (!s->sendable() && !asks) unready(*s);
  }
  if (n >= 0) {
    size = static_cast<std::size_t>(n);
    return false;
  }
  switch (n) {
    case NGTCP2_ERR_WRITE_MORE:
      return true;
    case NGTCP2_ERR_STREAM_DATA_BLOCKED:
      unready(*s);
      s->flow_blocked_ = true;
      blocked_.push_back(s);
      return true;
    case NGTCP2_ERR_STREAM_NOT_FOUND:
    case NGTCP2_ERR_STREAM_SHUT_WR:
      s->write_closed_ = true;
      unready(*s);
      return true;
    default:
      fail_with(static_cast<int>(n));
      return false;
  }
}

quic_stream* quic_conn::next_ready() {
  quic_stream* s = next_ready(ready_);
  return s != nullptr ? s : next_ready(ready_late_);
}

quic_stream* quic_conn::next_ready(std::deque<quic_stream*>& queue) {
  while (!queue.empty()) {
    quic_stream* s = queue.front();
    if (s->handler() != nullptr && s->handler()->wants_room() && s->has_room() && s->writable())
      s->handler()->on_room(*s);
    if (s->sendable()) {
      // Round robin: the next packet begins with the next stream.
      if (queue.size() > 1) {
        queue.pop_front();
        queue.push_back(s);
      }
      return s;
    }
    unready(*s);
  }
  return nullptr;
}

void quic_conn::unready(quic_stream& s) {
  if (!s.ready_) return;
  s.ready_ = false;
  std::erase(s.late_ ? ready_late_ : ready_, &s);
}

void quic_conn::mark_ready(quic_stream& s) {
  if (s.ready_ || s.write_closed_ || s.flow_blocked_ || end_) return;
  s.ready_ = true;
  (s.late_ ? ready_late_ : ready_).push_back(&s);
}

void quic_conn::unblock_all() {
  for (quic_stream* s : std::exchange(blocked_, {})) {
    s->flow_blocked_ = false;
    mark_ready(*s);
  }
}

void quic_conn::written(instant now) {
  if (!end_) ngtcp2_conn_update_pkt_tx_time(conn_, stamp(now));
}

std::size_t quic_conn::send_quantum() const { return ngtcp2_conn_get_send_quantum(conn_); }

std::uint64_t quic_conn::packets_lost() const {
  std::uint64_t total = packets_lost_;
  for (const auto& [id, stream] : streams_) total += ngtcp2_conn_get_stream_loss_count(conn_, id);
  return total;
}

byte_buffer quic_conn::peer_certificate() const {
  unsigned count = 0;
  const gnutls_datum_t* chain = gnutls_certificate_get_peers(tls_.get(), &count);
  if (chain == nullptr || count == 0) return {};
  return byte_buffer(chain->data, chain->data + chain->size);
}

ngtcp2_conn_info quic_conn::info() const {
  ngtcp2_conn_info out{};
  ngtcp2_conn_get_conn_info(conn_, &out);
  return out;
}

}  // namespace weft::transport::io
