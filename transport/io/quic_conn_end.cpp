// SPDX-License-Identifier: MIT
#include "transport/io/quic_conn.hpp"
#include "transport/transport_metrics.hpp"

#include <algorithm>
#include <string>
#include <utility>

/// The streams' book-keeping of a connection, and every way it ends.
namespace weft::transport::io {
namespace {

std::string reason_text(const ngtcp2_ccerr& e) {
  std::string text
      = e.type == NGTCP2_CCERR_TYPE_APPLICATION ? "application code " : "transport code ";
  text += std::to_string(e.error_code);
  if (e.reasonlen == 0) return text;
  text += ": ";
  // The peer's text: keep what a log line can take.
  for (std::size_t i = 0; i < std::min<std::size_t>(e.reasonlen, 128); ++i) {
    const char c = static_cast<char>(e.reason[i]);
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

}  // namespace

result<quic_stream*> quic_conn::open_stream(std::unique_ptr<stream_handler> handler, instant now) {
  if (end_ || !handshake_done_) return fail(ec::closed);
  std::int64_t id = -1;
  const int rc = ngtcp2_conn_open_bidi_stream(conn_, &id, nullptr);
  if (rc == NGTCP2_ERR_STREAM_ID_BLOCKED) return fail(ec::limit, "the peer allows no more streams");
  if (rc != 0) return fail(ec::closed, ngtcp2_strerror(rc));
  now_ = now;
  quic_stream& s = add_stream(id, true);
  ngtcp2_conn_set_stream_user_data(conn_, id, &s);
  s.handler_ = std::move(handler);
  return &s;
}

quic_stream* quic_conn::find_stream(std::int64_t id) noexcept {
  const auto it = streams_.find(id);
  return it == streams_.end() ? nullptr : it->second.get();
}

quic_stream& quic_conn::add_stream(std::int64_t id, bool local) {
  auto& slot = streams_[id];
  slot = std::make_unique<quic_stream>(*this, id, local, now_);
  if (local) ++local_streams_;
  const direction side = local ? direction::outbound : direction::inbound;
  profile_.metrics.streams[side].add(1);
  ++profile_.metrics.streams_opened[side];
  return *slot;
}

void quic_conn::remove_stream(quic_stream& s) {
  unready(s);
  if (s.flow_blocked_) std::erase(blocked_, &s);
  if (s.local_) --local_streams_;
  profile_.metrics.streams[s.local_ ? direction::outbound : direction::inbound].add(-1);
  streams_.erase(s.id_);
}

void quic_conn::drop_streams() {
  while (!streams_.empty()) {
    quic_stream& s = *streams_.begin()->second;
    if (auto handler = s.exchange_handler(nullptr)) handler->on_close(s, ec::closed);
    listener_.on_stream_gone(s);
    remove_stream(s);
  }
}

void quic_conn::allow_streams(std::size_t count) {
  ngtcp2_conn_extend_max_streams_bidi(conn_, count);
}

void quic_conn::shut_stream(quic_stream& s, std::uint64_t code) {
  unready(s);
  if (!end_) ngtcp2_conn_shutdown_stream(conn_, 0, s.id_, code);
}

void quic_conn::extend_stream(quic_stream& s, std::size_t bytes) {
  if (!end_) ngtcp2_conn_extend_max_stream_offset(conn_, s.id_, bytes);
}

void quic_conn::end_with(close_reason reason, ec code, std::string detail) {
  conn_end e;
  e.reason = reason;
  e.code = code;
  e.detail = std::move(detail);
  e.path = path_;
  end_ = std::move(e);
}

void quic_conn::write_farewell(const ngtcp2_ccerr& error) {
  byte_buffer packet(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
  ngtcp2_path_storage where;
  ngtcp2_path_storage_zero(&where);
  ngtcp2_pkt_info info{};
  const auto n = ngtcp2_conn_write_connection_close(
      conn_, &where.path, &info, packet.data(), packet.size(), &error,
      static_cast<ngtcp2_tstamp>(now_.time_since_epoch().count()));
  if (n <= 0) return;
  packet.resize(static_cast<std::size_t>(n));
  end_->farewell = std::move(packet);
  end_->path.local = socket_address(where.path.local.addr, where.path.local.addrlen);
  end_->path.remote = socket_address(where.path.remote.addr, where.path.remote.addrlen);
}

void quic_conn::close(close_reason reason, session_error code, std::string_view text, instant now) {
  if (end_) return;
  now_ = now;
  end_with(reason, ec::closed, std::string(text));
  ngtcp2_ccerr error;
  ngtcp2_ccerr_set_application_error(&error, static_cast<std::uint64_t>(code),
                                     reinterpret_cast<const std::uint8_t*>(text.data()),
                                     text.size());
  write_farewell(error);
}

void quic_conn::end_by_peer() {
  const ngtcp2_ccerr* e = ngtcp2_conn_get_ccerr(conn_);
  close_reason reason = close_reason::remote;
  ec code = ec::closed;
  if (stateless_reset_)
    return end_with(close_reason::reset, ec::reset, "the peer lost the session");
  if (!confirmed_) {
    reason = close_reason::handshake_failed;
    // 0x100 + TLS alert (RFC 9001 section 4.8): the peer did not accept our certificate, or the
    // like.
    code = e->error_code >= 0x100 && e->error_code < 0x200 ? ec::bad_certificate : ec::reset;
    if (e->type == NGTCP2_CCERR_TYPE_APPLICATION || e->error_code == NGTCP2_CONNECTION_REFUSED)
      code = ec::denied;
  } else if (e->type == NGTCP2_CCERR_TYPE_APPLICATION
             && e->error_code == static_cast<std::uint64_t>(session_error::supplanted)) {
    reason = close_reason::superseded;
  } else if (e->error_code != 0
             && e->error_code != static_cast<std::uint64_t>(session_error::shutdown)) {
    code = ec::reset;
  }
  end_with(reason, code, "closed by the peer, " + reason_text(*e));
}

void quic_conn::fail_with(int rc) {
  if (end_) return;
  ngtcp2_ccerr error;
  ngtcp2_ccerr_default(&error);
  switch (rc) {
    case NGTCP2_ERR_DRAINING:
      return end_by_peer();
    case NGTCP2_ERR_IDLE_CLOSE:
      if (!confirmed_) return end_with(close_reason::handshake_failed, ec::timeout, "no answer");
      return end_with(close_reason::idle, ec::timeout, "nothing heard for the idle timeout");
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      return end_with(close_reason::handshake_failed, ec::timeout, "the handshake took too long");
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_CLOSING:
      return end_with(close_reason::handshake_failed, ec::malformed, ngtcp2_strerror(rc));
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      return end_with(close_reason::handshake_failed, ec::unsupported,
                      "the peer does not speak QUIC version 1");
    case NGTCP2_ERR_CRYPTO:
      if (tls_peer_.failure.code != ec::none)
        end_with(close_reason::handshake_failed, tls_peer_.failure.code, tls_peer_.failure.detail);
      else
        end_with(close_reason::handshake_failed, ec::bad_certificate,
                 "TLS alert " + std::to_string(ngtcp2_conn_get_tls_alert(conn_)));
      ngtcp2_ccerr_set_tls_alert(&error, ngtcp2_conn_get_tls_alert(conn_), nullptr, 0);
      return write_farewell(error);
    default:
      break;
  }
  if (!confirmed_)
    end_with(close_reason::handshake_failed, ec::protocol_violation, ngtcp2_strerror(rc));
  else
    end_with(close_reason::protocol_violation, ec::protocol_violation, ngtcp2_strerror(rc));
  ngtcp2_ccerr_set_liberr(&error, rc, nullptr, 0);
  write_farewell(error);
}

}  // namespace weft::transport::io
