// SPDX-License-Identifier: MIT
#pragma once

#include "transport/exchange.hpp"
#include "transport/frame_splitter.hpp"
#include "transport/io/stream_negotiation.hpp"
#include "transport/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

/// The node's own protocols, as handlers of streams.
namespace weft::transport::io {

/// Cuts an inbound stream into frames for the protocol's concern.
class frames_reader final : public stream_handler {
 public:
  frames_reader(session& s, protocol_index index)
      : session_(s), index_(index), splitter_(rule().frame_bytes_max) {}
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_credit(quic_stream& stream) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  const protocol& rule() const noexcept { return session_.context().protocols[index_]; }
  void failed(quic_stream& stream, ec why);
  session& session_;
  const protocol_index index_;
  frame_splitter splitter_;
  std::vector<chunk_view> bodies_;
  /// Bytes for which the peer gets no window until the concern has credit.
  std::size_t withheld_ = 0;
  bool waits_ = false;
};

/// The outbound stream of a frames protocol; filled from the peer's queue.
class frames_lane final : public outbound_handler {
 public:
  frames_lane(session& s, protocol_index index) noexcept : session_(s), index_(index) {}
  void on_open(quic_stream& stream, std::size_t) override;
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  bool wants_room() const noexcept override { return session_.frames_wait(index_); }
  void on_room(quic_stream&) override { session_.pump(false); }
  void on_close(quic_stream& stream, ec why) override;

 private:
  session& session_;
  const protocol_index index_;
};

/// Requests of the peer, answered by an actor in the order of asking.
class exchange_answerer final : public stream_handler {
 public:
  exchange_answerer(session& s, protocol_index index);
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_close(quic_stream& stream, ec why) override;
  /// ec::not_found, ec::oversized.
  ec answer(quic_stream& stream, exchange_server::slot slot, std::optional<chunk_view> body);

 private:
  session& session_;
  const protocol_index index_;
  exchange_server machine_;
};

/// One request of ours.
class exchange_asker final : public outbound_handler {
 public:
  exchange_asker(session& s, request_command&& c);
  /// Starts the clock once the stream exists; its reset ends a request that takes too long.
  void arm(quic_stream& stream);
  bool write_early(quic_stream& stream) override;
  void on_open(quic_stream& stream, std::size_t) override;
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_arrived(quic_stream& stream) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  bool write(quic_stream& stream);
  void answer(result<chunk_view> outcome);
  session& session_;
  const request_id id_;
  chunk_view body_;
  const instant deadline_;
  /// The protocol has an answer to this request.
  const bool awaits_;
  exchange_client machine_;
  std::uint64_t timer_ = 0;
  bool early_ = false;
  bool answered_ = false;
  ec failure_ = ec::none;
};

}  // namespace weft::transport::io
