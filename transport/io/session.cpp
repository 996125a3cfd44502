// SPDX-License-Identifier: MIT
#include "transport/io/session.hpp"

#include "transport/builtin.hpp"
#include "transport/io/stream_builtin.hpp"
#include "transport/io/stream_own.hpp"
#include "transport/io/stream_push.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport::io {

session::~session() = default;

void session::wish_close(close_reason reason, session_error code, std::string text) {
  if (!wish_) wish_ = close_wish{reason, code, std::move(text)};
  context_.host->touch(*this);
}

// -- conn_listener ---

void session::on_handshake() {
  peer_ = *conn->peer();
  lanes_.resize(context_.protocols.size());
  inbound_lanes_.resize(context_.protocols.size());
  open_tokens_
      = token_bucket(static_cast<double>(context_.bounds.stream_opens_burst), context_.now);
  if (peer_ == context_.self)
    return wish_close(close_reason::local, session_error::gated, "this is the node itself");
  open(builtin::identify_names, std::make_unique<identify_hearer>(*this, false));
}

void session::on_confirmed() {
  if (wish_) return;
  confirmed_at = context_.now;
  handshake = confirmed_at - started;
  context_.host->on_confirmed(*this);
}

bool session::take_open_token() {
  const auto& b = context_.bounds;
  open_tokens_.refill(static_cast<double>(b.stream_opens_per_second),
                      static_cast<double>(b.stream_opens_burst), context_.now);
  return open_tokens_.take(1);
}

std::unique_ptr<stream_handler> session::on_inbound_stream(quic_stream&) {
  auto& m = context_.metrics;
  if (negotiating_in_ >= context_.bounds.negotiating_streams_max) {
    ++m.limit_rejections[limit_kind::negotiating_streams];
    ++m.streams_refused[stream_refusal::limit];
    return nullptr;
  }
  ++negotiating_in_;
  return std::make_unique<inbound_negotiation>(*this);
}

bool session::on_stream_gone(quic_stream& stream) {
  if (stream.local()) return false;
  // Credit for a stream comes back with its end, but no faster than the rate allows: a peer that
  // opens and resets streams runs dry.
  if (delayed_credit_ == 0 && open_requests < context_.bounds.requests_per_session_max
      && take_open_token())
    return true;
  if (delayed_credit_++ == 0) {
    ++context_.metrics.limit_rejections[limit_kind::stream_rate];
    ++context_.metrics.streams_refused[stream_refusal::rate];
  }
  return false;
}

void session::return_stream_credit() {
  if (conn->end()) return;
  std::size_t count = 0;
  while (delayed_credit_ != 0 && open_requests < context_.bounds.requests_per_session_max
         && take_open_token()) {
    --delayed_credit_;
    ++count;
  }
  if (count == 0) return;
  conn->allow_streams(count);
  context_.host->touch(*this);
}

void session::on_path_changed(const socket_address& remote) {
  ++context_.metrics.path_changes;
  if (confirmed_at == instant{}) return;
  emit(path_changed_event{peer_, multiaddr::quic_v1(remote.endpoint())});
  context_.host->on_moved(*this);
}

void session::negotiation_over(bool inbound) noexcept {
  --(inbound ? negotiating_in_ : negotiating_out_);
}

std::unique_ptr<stream_handler> session::accepted(std::uint32_t number, quic_stream& stream) {
  const auto refuse = [this](limit_kind kind) -> std::unique_ptr<stream_handler> {
    ++context_.metrics.limit_rejections[kind];
    ++context_.metrics.streams_refused[stream_refusal::limit];
    return nullptr;
  };
  switch (static_cast<builtin_number>(number)) {
    case builtin_number::identify: {
      auto teller = std::make_unique<identify_teller>(*this, false);
      teller->tell(stream);
      return teller;
    }
    case builtin_number::identify_push:
      return std::make_unique<identify_hearer>(*this, true);
    case builtin_number::ping:
      if (ping_streams_ >= context_.bounds.ping_streams_max)
        return refuse(limit_kind::ping_streams);
      return std::make_unique<ping_answerer>(*this);
    case builtin_number::perf:
      if (perf_streams_ >= context_.bounds.perf_streams_max)
        return refuse(limit_kind::perf_streams);
      return std::make_unique<perf_answerer>(*this);
  }
  const auto index = static_cast<protocol_index>(number);
  if (context_.protocols[index].kind == stream_kind::exchange)
    return std::make_unique<exchange_answerer>(*this, index);
  if (context_.protocols[index].kind == stream_kind::push) {
    if (!pushes_full(direction::inbound))
      return std::make_unique<push_receiver>(*this, index, stream);
    ++context_.metrics.pushes.in[push_end::limit];
    return refuse(limit_kind::pushes);
  }
  // One at a time: a peer that opens another one has given the first up.
  if (quic_stream* old = std::exchange(inbound_lanes_[index], &stream))
    old->reset(stream_error::supplanted);
  return std::make_unique<frames_reader>(*this, index);
}

void session::inbound_frames_gone(protocol_index protocol, const quic_stream& stream) noexcept {
  if (inbound_lanes_[protocol] == &stream) inbound_lanes_[protocol] = nullptr;
}

void session::identified(identify info, bool push) {
  agent = info.agent_version;
  ++context_.metrics.identify[push ? identify_outcome::push_received : identify_outcome::received];
  // What a peer refused may be spoken from now on.
  for (auto& l : lanes_)
    if (push && l.now == lane::state::refused) l.now = lane::state::none;
  emit(identified_event{peer_, std::move(info)});
}

ec session::open(std::span<const std::string> names, std::unique_ptr<outbound_handler> handler,
                 quic_stream** opened) {
  const auto refuse = [&](ec why) {
    quic_stream none(*conn, -1, true, context_.now);
    handler->on_close(none, why);
    return why;
  };
  if (conn->end() || !conn->handshake_done()) return refuse(ec::closed);
  if (conn->stream_count(true) >= context_.bounds.outbound_streams_per_session_max) {
    ++context_.metrics.limit_rejections[limit_kind::outbound_streams];
    return refuse(ec::limit);
  }
  auto negotiation = std::make_unique<outbound_negotiation>(*this, names);
  auto& n = *negotiation;
  const auto stream = conn->open_stream(std::move(negotiation), context_.now);
  if (!stream) return refuse(stream.error().code);
  ++negotiating_out_;
  n.adopt(std::move(handler));
  n.start(**stream);
  if (opened != nullptr) *opened = *stream;
  context_.host->touch(*this);
  return ec::none;
}

void session::drop() { conn->drop_streams(); }

}  // namespace weft::transport::io
