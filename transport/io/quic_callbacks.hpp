// SPDX-License-Identifier: MIT
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <cstddef>
#include <cstdint>

namespace weft::transport::io {

class quic_conn;

/// The table that joins ngtcp2 to `quic_conn`.
struct quic_callbacks {
  static const ngtcp2_callbacks& client();
  static const ngtcp2_callbacks& server();

 private:
  static ngtcp2_callbacks common();
  static int on_handshake_completed(ngtcp2_conn*, void* user);
  static int on_handshake_confirmed(ngtcp2_conn*, void* user);
  static int on_stream_open(ngtcp2_conn*, std::int64_t id, void* user);
  static int on_stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t id,
                            std::uint64_t offset, const std::uint8_t* data, std::size_t size,
                            void* user, void* stream);
  static int on_acknowledged(ngtcp2_conn*, std::int64_t id, std::uint64_t offset,
                             std::uint64_t size, void* user, void* stream);
  static int on_stream_close(ngtcp2_conn*, std::uint32_t flags, std::int64_t id, std::uint64_t code,
                             void* user, void* stream);
  static int on_stream_reset(ngtcp2_conn*, std::int64_t id, std::uint64_t final_size,
                             std::uint64_t code, void* user, void* stream);
  static int on_stop_sending(ngtcp2_conn*, std::int64_t id, std::uint64_t code, void* user,
                             void* stream);
  static int on_stream_credit(ngtcp2_conn*, std::int64_t id, std::uint64_t max, void* user,
                              void* stream);
  static int on_new_id(ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token, std::size_t size,
                       void* user);
  static int on_remove_id(ngtcp2_conn*, const ngtcp2_cid* cid, void* user);
  static int on_path_validation(ngtcp2_conn*, std::uint32_t flags, const ngtcp2_path* path,
                                const ngtcp2_path* old, ngtcp2_path_validation_result outcome,
                                void* user);
  static int on_stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user);
  static void on_random(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx*);
};

}  // namespace weft::transport::io
