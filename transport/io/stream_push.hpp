// SPDX-License-Identifier: MIT
#pragma once

#include "transport/io/stream_negotiation.hpp"
#include "transport/protocol.hpp"
#include "transport/push.hpp"
#include "transport/transport_metrics.hpp"

#include <cstddef>
#include <cstdint>

/// Pushes: one large frame per stream, in both directions.
namespace weft::transport::io {

/// Reads a push of the peer and hands it to the protocol's concern when it is whole.
class push_receiver final : public stream_handler {
 public:
  push_receiver(session& s, protocol_index index, quic_stream& stream);
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_credit(quic_stream& stream) override;
  void on_close(quic_stream& stream, ec why) override;

  bool is(protocol_index protocol, std::uint64_t tag) const noexcept {
    return index_ == protocol && machine_.tag() == tag;
  }
  instant since() const noexcept { return since_; }
  /// This node wants no more of it.
  void stop(push_end end);

 private:
  const protocol& rule() const noexcept { return session_.context().protocols[index_]; }
  /// Keeps the sum of all unfinished pushes; false when this one goes beyond the limit.
  bool account();
  void settle(push_end end);
  void failed(ec why);
  void deliver();

  session& session_;
  const protocol_index index_;
  quic_stream& stream_;
  const instant since_;
  push_reader machine_;
  std::size_t counted_ = 0;
  /// Bytes for which the peer gets no window until the concern has credit.
  std::size_t withheld_ = 0;
  bool waits_ = false;
  bool settled_ = false;
};

/// Writes a push of this node and tells its fate, once.
class push_sender final : public outbound_handler {
 public:
  push_sender(session& s, push_command&& c);
  /// Starts the clock once the stream exists.
  void arm(quic_stream& stream);
  bool write_early(quic_stream& stream) override;
  void on_open(quic_stream& stream, std::size_t) override;
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_arrived(quic_stream& stream) override;
  void on_close(quic_stream& stream, ec why) override;

  bool is(protocol_index protocol, std::uint64_t tag) const noexcept {
    return index_ == protocol && tag_ == tag;
  }
  void stop(push_end end);

 private:
  void write(quic_stream& stream);
  void settle(push_end end);

  session& session_;
  const protocol_index index_;
  const std::uint64_t tag_;
  chunk_view body_;
  const duration timeout_;
  quic_stream* stream_ = nullptr;
  std::uint64_t timer_ = 0;
  bool written_ = false;
  bool settled_ = false;
};

}  // namespace weft::transport::io
