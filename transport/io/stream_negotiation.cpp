// SPDX-License-Identifier: MIT
#include "transport/io/stream_negotiation.hpp"

#include <utility>

namespace weft::transport::io {
namespace {

stream_refusal refusal_of(ec code) noexcept {
  if (code == ec::unsupported) return stream_refusal::unknown_protocol;
  if (code == ec::oversized) return stream_refusal::oversized;
  return stream_refusal::negotiation;
}

}  // namespace

void inbound_negotiation::on_data(quic_stream& stream, bytes_view data, bool fin) {
  byte_buffer answer;
  const auto step = machine_.on_bytes(data, answer);
  if (!answer.empty()) stream.write(bytes_view(answer));
  if (step.state == negotiation::accepted) {
    stream.consume(step.consumed);
    return accept(stream, data.subspan(step.consumed), fin);
  }
  stream.consume(data.size());
  if (fin && step.state == negotiation::pending) machine_.on_end();
  if (machine_.state() != negotiation::failed) return;
  auto& metrics = session_.context().metrics;
  ++metrics.negotiation_failures[negotiation_failure_of(machine_.failure())];
  ++metrics.streams_refused[refusal_of(machine_.failure())];
  stream.reset(stream_error::negotiation_failed);
}

void inbound_negotiation::accept(quic_stream& stream, bytes_view rest, bool fin) {
  session& s = session_;
  auto handler = s.accepted(machine_.handler(), stream);
  if (!handler) return stream.reset(stream_error::resource_limit);
  stream_handler& next = *handler;
  s.negotiation_over(true);
  // Keeps this object alive until it returns.
  const auto self = stream.exchange_handler(std::move(handler));
  if (!rest.empty() || fin) next.on_data(stream, rest, fin);
}

void inbound_negotiation::on_close(quic_stream&, ec why) {
  session_.negotiation_over(true);
  if (machine_.state() == negotiation::pending && why == ec::reset)
    ++session_.context().metrics.negotiation_failures[negotiation_failure::reset];
}

void outbound_negotiation::start(quic_stream& stream) {
  byte_buffer first;
  machine_.start(first);
  stream.write(bytes_view(first));
  if (machine_.may_send_early() && inner_->write_early(stream)) machine_.sent_early();
}

void outbound_negotiation::on_data(quic_stream& stream, bytes_view data, bool fin) {
  byte_buffer answer;
  const auto step = machine_.on_bytes(data, answer);
  if (!answer.empty()) stream.write(bytes_view(answer));
  stream.consume(step.consumed);
  if (step.state == negotiation::accepted) {
    outbound_handler& next = *inner_;
    session_.negotiation_over(false);
    const auto self = stream.exchange_handler(std::move(inner_));
    next.on_open(stream, machine_.accepted());
    const auto rest = data.subspan(step.consumed);
    if (!stream.was_reset() && (!rest.empty() || fin)) next.on_data(stream, rest, fin);
    return;
  }
  if (fin && step.state == negotiation::pending) machine_.on_end();
  if (machine_.state() != negotiation::failed) return;
  failure_ = machine_.failure();
  ++session_.context().metrics.negotiation_failures[negotiation_failure_of(failure_)];
  stream.reset(stream_error::negotiation_failed);
}

void outbound_negotiation::on_close(quic_stream& stream, ec why) {
  session_.negotiation_over(false);
  if (failure_ == ec::none) failure_ = why == ec::none ? ec::closed : why;
  if (why == ec::reset)
    ++session_.context().metrics.negotiation_failures[negotiation_failure::reset];
  inner_->on_close(stream, failure_);
}

}  // namespace weft::transport::io
