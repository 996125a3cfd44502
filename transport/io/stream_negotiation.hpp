// SPDX-License-Identifier: MIT
#pragma once

#include "transport/io/quic_stream.hpp"
#include "transport/io/session.hpp"
#include "transport/multistream.hpp"

#include <memory>
#include <span>
#include <string>

namespace weft::transport::io {

/// A handler of a stream that this side opened.
class outbound_handler : public stream_handler {
 public:
  /// The peer speaks the protocol; `choice` indexes the names that were offered. `on_close` alone
  /// follows when it does not.
  virtual void on_open(quic_stream& stream, std::size_t choice) = 0;
  /// The only name is proposed: what is written now need not wait a round trip for the echo. False
  /// when nothing was. The sending side must not be finished before `on_open`.
  virtual bool write_early(quic_stream&) { return false; }
};

/// The first part of every stream that the peer opens.
class inbound_negotiation final : public stream_handler {
 public:
  explicit inbound_negotiation(session& s) noexcept : session_(s), machine_(s.context().names) {}
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  void accept(quic_stream& stream, bytes_view rest, bool fin);
  session& session_;
  multistream_responder machine_;
};

/// The first part of every stream that this side opens.
class outbound_negotiation final : public stream_handler {
 public:
  outbound_negotiation(session& s, std::span<const std::string> names) noexcept
      : session_(s), machine_(names) {}
  /// Takes the handler of what follows; before `start`.
  void adopt(std::unique_ptr<outbound_handler> inner) noexcept { inner_ = std::move(inner); }
  void start(quic_stream& stream);
  void on_data(quic_stream& stream, bytes_view data, bool fin) override;
  void on_close(quic_stream& stream, ec why) override;

 private:
  session& session_;
  multistream_initiator machine_;
  std::unique_ptr<outbound_handler> inner_;
  ec failure_ = ec::none;
};

}  // namespace weft::transport::io
