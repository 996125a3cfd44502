// SPDX-License-Identifier: MIT
#include "transport/io/quic_callbacks.hpp"

#include "base/crypto.hpp"
#include "transport/io/quic_conn.hpp"
#include "transport/transport_metrics.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

#include <utility>

namespace weft::transport::io {
namespace {

quic_conn& conn_of(void* user) noexcept { return *static_cast<quic_conn*>(user); }
quic_stream* stream_of(void* stream) noexcept { return static_cast<quic_stream*>(stream); }

}  // namespace

int quic_callbacks::on_handshake_completed(ngtcp2_conn*, void* user) {
  quic_conn& c = conn_of(user);
  // A peer without a judged certificate or with another ALPN never gets this far by GnuTLS's rules;
  // checked all the same.
  if (!c.tls_peer_.verified || !speaks_libp2p(c.tls_.get())) return NGTCP2_ERR_CALLBACK_FAILURE;
  c.handshake_done_ = true;
  c.listener_.on_handshake();
  if (c.inbound_) {
    c.confirmed_ = true;
    c.listener_.on_confirmed();
  }
  return 0;
}

int quic_callbacks::on_handshake_confirmed(ngtcp2_conn*, void* user) {
  quic_conn& c = conn_of(user);
  if (c.confirmed_) return 0;
  c.confirmed_ = true;
  c.listener_.on_confirmed();
  return 0;
}

int quic_callbacks::on_stream_open(ngtcp2_conn* conn, std::int64_t id, void* user) {
  quic_conn& c = conn_of(user);
  quic_stream& stream = c.add_stream(id, false);
  ngtcp2_conn_set_stream_user_data(conn, id, &stream);
  auto handler = c.listener_.on_inbound_stream(stream);
  if (!handler) {
    stream.reset(stream_error::resource_limit);
    return 0;
  }
  stream.handler_ = std::move(handler);
  return 0;
}

int quic_callbacks::on_stream_data(ngtcp2_conn* conn, std::uint32_t flags, std::int64_t,
                                   std::uint64_t, const std::uint8_t* data, std::size_t size, void*,
                                   void* stream) {
  quic_stream* s = stream_of(stream);
  // The session's window is refilled at once: each stream's own window bounds what a slow consumer
  // lets wait, and must not stop others.
  ngtcp2_conn_extend_max_offset(conn, size);
  if (s == nullptr || s->was_reset() || s->handler() == nullptr) return 0;
  s->handler()->on_data(*s, bytes_view(data, size), (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
  return 0;
}

int quic_callbacks::on_acknowledged(ngtcp2_conn*, std::int64_t, std::uint64_t offset,
                                    std::uint64_t size, void* user, void* stream) {
  quic_stream* s = stream_of(stream);
  if (s == nullptr) return 0;
  s->out.acknowledge(offset + size);
  if (s->fin_sent_ && s->out.held() == 0 && s->handler() != nullptr) s->handler()->on_arrived(*s);
  if (s->handler() != nullptr && s->handler()->wants_room() && s->has_room())
    conn_of(user).mark_ready(*s);
  return 0;
}

int quic_callbacks::on_stream_close(ngtcp2_conn* conn, std::uint32_t flags, std::int64_t id,
                                    std::uint64_t, void* user, void* stream) {
  quic_stream* s = stream_of(stream);
  if (s == nullptr) return 0;
  quic_conn& c = conn_of(user);
  ec why = ec::none;
  if (s->peer_reset_)
    why = ec::reset;
  else if (s->reset_)
    why = ec::cancelled;
  else if ((flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0)
    why = ec::reset;
  const bool local = s->local();
  const std::uint64_t lost = ngtcp2_conn_get_stream_loss_count(conn, id);
  c.packets_lost_ += lost;
  c.profile_.metrics.packets_lost.add(lost);
  if (auto handler = s->exchange_handler(nullptr)) handler->on_close(*s, why);
  const bool again = c.listener_.on_stream_gone(*s);
  c.remove_stream(*s);
  if (!local && again) c.allow_streams(1);
  return 0;
}

int quic_callbacks::on_stream_reset(ngtcp2_conn* conn, std::int64_t id, std::uint64_t,
                                    std::uint64_t code, void* user, void* stream) {
  quic_stream* s = stream_of(stream);
  if (s == nullptr) return 0;
  ++conn_of(user).profile_.metrics.streams_reset;
  s->peer_reset_ = true;
  s->write_closed_ = true;
  ngtcp2_conn_shutdown_stream_write(conn, 0, id, code);
  return 0;
}

int quic_callbacks::on_stop_sending(ngtcp2_conn* conn, std::int64_t id, std::uint64_t code, void*,
                                    void* stream) {
  quic_stream* s = stream_of(stream);
  if (s == nullptr) return 0;
  s->peer_reset_ = true;
  s->write_closed_ = true;
  // Half a stream is of no use to any of our protocols.
  ngtcp2_conn_shutdown_stream_read(conn, 0, id, code);
  return 0;
}

int quic_callbacks::on_stream_credit(ngtcp2_conn*, std::int64_t, std::uint64_t, void* user,
                                     void* stream) {
  if (quic_stream* s = stream_of(stream)) {
    if (std::exchange(s->flow_blocked_, false)) std::erase(conn_of(user).blocked_, s);
    conn_of(user).mark_ready(*s);
  }
  return 0;
}

int quic_callbacks::on_new_id(ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token, std::size_t size,
                              void* user) {
  quic_conn& c = conn_of(user);
  crypto::random_bytes(bytes_span(cid->data, size));
  cid->datalen = size;
  const auto& secret = c.profile_.reset_secret;
  if (ngtcp2_crypto_generate_stateless_reset_token(token, secret.data(), secret.size(), cid) != 0)
    return NGTCP2_ERR_CALLBACK_FAILURE;
  c.listener_.on_id_issued(connection_id(bytes_view(cid->data, cid->datalen)));
  return 0;
}

int quic_callbacks::on_remove_id(ngtcp2_conn*, const ngtcp2_cid* cid, void* user) {
  conn_of(user).listener_.on_id_retired(connection_id(bytes_view(cid->data, cid->datalen)));
  return 0;
}

int quic_callbacks::on_path_validation(ngtcp2_conn*, std::uint32_t, const ngtcp2_path* path,
                                       const ngtcp2_path*, ngtcp2_path_validation_result outcome,
                                       void* user) {
  if (outcome != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS) return 0;
  quic_conn& c = conn_of(user);
  const socket_address remote(path->remote.addr, path->remote.addrlen);
  if (remote == c.path_.remote) return 0;
  c.path_.remote = remote;
  c.path_.local = socket_address(path->local.addr, path->local.addrlen);
  c.listener_.on_path_changed(remote);
  return 0;
}

int quic_callbacks::on_stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*,
                                       void* user) {
  conn_of(user).stateless_reset_ = true;
  return 0;
}

void quic_callbacks::on_random(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx*) {
  crypto::random_bytes(bytes_span(out, size));
}

ngtcp2_callbacks quic_callbacks::common() {
  ngtcp2_callbacks t{};
  t.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
  t.encrypt = ngtcp2_crypto_encrypt_cb;
  t.decrypt = ngtcp2_crypto_decrypt_cb;
  t.hp_mask = ngtcp2_crypto_hp_mask_cb;
  t.update_key = ngtcp2_crypto_update_key_cb;
  t.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
  t.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
  t.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
  t.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
  t.handshake_completed = on_handshake_completed;
  t.handshake_confirmed = on_handshake_confirmed;
  t.stream_open = on_stream_open;
  t.recv_stream_data = on_stream_data;
  t.acked_stream_data_offset = on_acknowledged;
  t.stream_close = on_stream_close;
  t.stream_reset = on_stream_reset;
  t.stream_stop_sending = on_stop_sending;
  t.extend_max_stream_data = on_stream_credit;
  t.get_new_connection_id = on_new_id;
  t.remove_connection_id = on_remove_id;
  t.path_validation = on_path_validation;
  t.recv_stateless_reset = on_stateless_reset;
  t.rand = on_random;
  return t;
}

const ngtcp2_callbacks& quic_callbacks::client() {
  static const ngtcp2_callbacks table = [] {
    ngtcp2_callbacks t = common();
    t.client_initial = ngtcp2_crypto_client_initial_cb;
    t.recv_retry = ngtcp2_crypto_recv_retry_cb;
    return t;
  }();
  return table;
}

const ngtcp2_callbacks& quic_callbacks::server() {
  static const ngtcp2_callbacks table = [] {
    ngtcp2_callbacks t = common();
    t.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    return t;
  }();
  return table;
}

}  // namespace weft::transport::io
