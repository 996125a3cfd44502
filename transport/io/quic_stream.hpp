// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace weft::transport::io {

class quic_conn;
class quic_stream;

/// Error codes of libp2p on streams (go-libp2p's list; a session's codes are one less each).
enum class stream_error : std::uint64_t {
  none = 0,
  negotiation_failed = 0x1001,
  resource_limit = 0x1002,
  rate_limited = 0x1003,
  protocol_violation = 0x1004,
  supplanted = 0x1005,
  garbage_collected = 0x1006,
  shutdown = 0x1007,
  gated = 0x1008,
};

/// What a stream carries. Owned by its stream. Called on the reactor thread, also from inside
/// ngtcp2: a handler may write, finish, reset and consume, but must not close the session.
class stream_handler {
 public:
  virtual ~stream_handler() = default;
  /// Bytes in order; `fin`: no more will come. The handler calls `quic_stream::consume` when it is
  /// done with them.
  virtual void on_data(quic_stream& stream, bytes_view data, bool fin) = 0;
  /// True while the handler could write more than it has.
  virtual bool wants_room() const noexcept { return false; }
  /// Little is left to send: write more. Must not open streams.
  virtual void on_room(quic_stream&) {}
  /// The peer's transport has acknowledged every byte of a finished stream.
  virtual void on_arrived(quic_stream&) {}
  /// The concern behind the handler takes bytes again (see `inbound_frames`).
  virtual void on_credit(quic_stream&) {}
  /// The last call. ec::none: both sides finished. ec::reset: the peer gave up; ec::closed: the
  /// session ended; ec::cancelled: this side gave up.
  virtual void on_close(quic_stream& stream, ec why) = 0;
};

/// Bytes of one direction: pieces at stable addresses that are kept until acknowledged.
class send_buffer {
 public:
  struct slice {
    const std::uint8_t* data;
    std::size_t size;
  };

  void push(chunk_view piece);
  /// For writers that extend the last piece in place; `added` tells how much.
  std::vector<chunk_view>& pieces() noexcept { return pieces_; }
  void added(std::size_t bytes) noexcept { unsent_ += bytes; }

  /// The next unsent bytes; returns the slices filled and their total in `total`.
  std::size_t gather(std::span<slice> out, std::size_t& total) const noexcept;
  void advance(std::size_t bytes) noexcept;
  /// Everything below stream offset `end` arrived.
  void acknowledge(std::uint64_t end) noexcept;
  void clear() noexcept;

  std::size_t unsent() const noexcept { return unsent_; }
  /// Bytes kept: sent and not acknowledged, and unsent ones.
  std::size_t held() const noexcept { return in_flight_ + unsent_; }

 private:
  std::vector<chunk_view> pieces_;
  /// First piece kept, and where its first byte is in the stream.
  std::size_t head_ = 0;
  std::uint64_t head_offset_ = 0;
  /// Next piece to send from, and the position inside it.
  std::size_t next_ = 0;
  std::size_t next_at_ = 0;
  std::size_t unsent_ = 0;
  std::size_t in_flight_ = 0;
};

/// One bidirectional stream of a session.
class quic_stream {
 public:
  /// A handler is asked for more when less than this is unsent.
  static constexpr std::size_t low_bytes = 128 * 1024;

  quic_stream(quic_conn& owner, std::int64_t number, bool local_side, instant now) noexcept
      : conn_(owner), id_(number), local_(local_side), opened_(now) {}
  quic_stream(const quic_stream&) = delete;
  quic_stream& operator=(const quic_stream&) = delete;

  quic_conn& conn() noexcept { return conn_; }
  std::int64_t id() const noexcept { return id_; }
  /// This side opened it.
  bool local() const noexcept { return local_; }
  instant opened() const noexcept { return opened_; }

  stream_handler* handler() noexcept { return handler_.get(); }
  /// Returns the one in place before, which the caller keeps alive while its functions run.
  std::unique_ptr<stream_handler> exchange_handler(std::unique_ptr<stream_handler> next) noexcept;

  void write(chunk_view piece);
  void write(std::span<const chunk_view> pieces);
  /// Copies; for a few bytes.
  void write(bytes_view bytes);
  /// No more will be written; FIN follows what is queued.
  void finish();
  /// Gives both directions up. The handler still gets `on_close`.
  void reset(stream_error code);
  /// The consumer is done with `bytes`: the peer may send as many more.
  void consume(std::size_t bytes);
  /// The handler has more to write, or bytes were put into `out`.
  void wake();
  /// From now on packets take its bytes only when no other stream has any.
  void set_late();

  send_buffer out;

  /// More may be written now without holding too much.
  bool has_room() const noexcept;
  bool writable() const noexcept { return !write_closed_ && !fin_; }
  bool was_reset() const noexcept { return reset_; }

 private:
  friend class quic_conn;
  friend struct quic_callbacks;
  bool sendable() const noexcept {
    return !write_closed_ && (out.unsent() != 0 || (fin_ && !fin_sent_));
  }

  quic_conn& conn_;
  const std::int64_t id_;
  const bool local_;
  const instant opened_;
  std::unique_ptr<stream_handler> handler_;
  bool fin_ = false;
  bool fin_sent_ = false;
  bool write_closed_ = false;
  bool reset_ = false;
  bool peer_reset_ = false;
  bool ready_ = false;
  bool flow_blocked_ = false;
  bool late_ = false;
};

}  // namespace weft::transport::io
