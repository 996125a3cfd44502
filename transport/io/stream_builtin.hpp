// SPDX-License-Identifier: MIT
#pragma once

#include "transport/identify.hpp"
#include "transport/io/stream_negotiation.hpp"
#include "transport/perf.hpp"
#include "transport/ping.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

/// The protocols that live inside the transport, as handlers of streams.
namespace weft::transport::io {

/// Writes this node's identify message and finishes: the answer, or a push.
class identify_teller final : public outbound_handler {
 public:
  identify_teller(session& s, bool push) noexcept : session_(s), push_(push) {}
  void on_open(quic_stream& stream, std::size_t) override { tell(stream); }
  void tell(quic_stream& stream);
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  session& session_;
  const bool push_;
};

/// Reads the peer's identify message: the answer, or a push.
class identify_hearer final : public outbound_handler {
 public:
  identify_hearer(session& s, bool push) noexcept : session_(s), push_(push) {}
  void on_open(quic_stream& stream, std::size_t) override { stream.finish(); }
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  void failed(quic_stream& stream, ec why);
  session& session_;
  const bool push_;
  bool done_ = false;
  identify_reader reader_;
};

/// Echoes.
class ping_answerer final : public stream_handler {
 public:
  /// A peer that pings on without reading the echoes is cut off here.
  static constexpr std::size_t unread_bytes_max = 64 * 1024;
  explicit ping_answerer(session& s) noexcept : session_(s) { ++s.ping_streams(); }
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  /// The peer has ended the stream and may open the next one; that our last bytes are not yet
  /// acknowledged is not its fault.
  void give_back();

  session& session_;
  ping_responder machine_;
  bool counted_ = true;
};

/// Asks, one round after another on one stream.
class ping_asker final : public outbound_handler {
 public:
  /// Rounds that wait; a further one fails with ec::limit.
  static constexpr std::size_t waiting_max = 1024;
  explicit ping_asker(session& s) noexcept : session_(s) {}
  void ask(request_id id, instant deadline);
  void on_open(quic_stream& stream, std::size_t) override;
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  struct round {
    request_id id = 0;
    instant deadline{};
    std::uint64_t timer = 0;
  };
  void next();
  void answer(result<duration> outcome);
  void on_timeout(request_id id);
  session& session_;
  quic_stream* stream_ = nullptr;
  ping_initiator machine_;
  std::deque<round> rounds_;
};

/// Drains an upload, then sends what was asked for.
class perf_answerer final : public stream_handler {
 public:
  explicit perf_answerer(session& s) noexcept
      : session_(s), machine_(s.context().bounds.perf_download_bytes_max) {
    ++s.perf_streams();
  }
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  bool wants_room() const noexcept override {
    return machine_.left_to_write() != 0 || machine_.finish_due();
  }
  void on_room(quic_stream& stream) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  session& session_;
  perf_server machine_;
};

/// Uploads, then downloads, with the time of each.
class perf_asker final : public outbound_handler {
 public:
  perf_asker(session& s, request_id id, std::uint64_t upload, std::uint64_t download)
      : session_(s), id_(id), machine_(upload, download) {}
  void on_open(quic_stream& stream, std::size_t) override;
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  bool wants_room() const noexcept override {
    return opened_ && (machine_.left_to_write() != 0 || machine_.finish_due());
  }
  void on_room(quic_stream& stream) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  session& session_;
  const request_id id_;
  perf_client machine_;
  bool opened_ = false;
  bool answered_ = false;
  instant started_{};
  /// The server began to answer, so it has read everything.
  instant turned_{};
  ec failure_ = ec::none;
};

}  // namespace weft::transport::io
