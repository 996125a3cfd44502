// SPDX-License-Identifier: MIT
#include "transport/io/stream_own.hpp"

#include <utility>

namespace weft::transport::io {

// -- frames ---

void frames_reader::on_data(quic_stream& stream, bytes_view data, bool fin) {
  io_context& c = session_.context();
  bodies_.clear();
  const ec bad = splitter_.on_bytes(data, c.slab, bodies_);
  for (auto& body : bodies_)
    c.inbound.add(rule().concern, frame{session_.peer(), index_, std::move(body)});
  bodies_.clear();
  if (bad != ec::none) return failed(stream, bad);
  if (c.inbound.stalled(rule().concern)) {
    withheld_ += data.size();
    if (!waits_) c.inbound.wait_for_credit(rule().concern, {session_.id(), stream.id()});
    waits_ = true;
  } else {
    stream.consume(data.size());
  }
  if (!fin) return;
  if (const ec cut = splitter_.on_end(); cut != ec::none)
    ++c.metrics.frames_dropped[frame_drop::truncated];
  stream.finish();
}

void frames_reader::failed(quic_stream& stream, ec why) {
  auto& metrics = session_.context().metrics;
  const bool large = why == ec::oversized;
  ++metrics.frames_dropped[large ? frame_drop::oversized : frame_drop::malformed];
  ++metrics.streams_refused[large ? stream_refusal::oversized : stream_refusal::malformed];
  if (large) ++metrics.limit_rejections[limit_kind::frame_bytes];
  stream.reset(stream_error::protocol_violation);
}

void frames_reader::on_credit(quic_stream& stream) {
  waits_ = false;
  stream.consume(std::exchange(withheld_, 0));
}

void frames_reader::on_close(quic_stream& stream, ec) {
  session_.inbound_frames_gone(index_, stream);
}

void frames_lane::on_open(quic_stream& stream, std::size_t) {
  session_.frames_open(index_, stream);
}

void frames_lane::on_data(quic_stream& stream, bytes_view data, bool fin) {
  // The other side of this stream is write-only; what comes anyway is not kept.
  stream.consume(data.size());
  if (fin) stream.finish();
}

void frames_lane::on_close(quic_stream&, ec why) { session_.frames_gone(index_, why); }

// -- exchange ---

exchange_answerer::exchange_answerer(session& s, protocol_index index)
    : session_(s),
      index_(index),
      machine_(s.context().protocols[index].frame_bytes_max,
               s.context().bounds.requests_per_stream_max) {}

void exchange_answerer::on_data(quic_stream& stream, bytes_view data, bool fin) {
  io_context& c = session_.context();
  std::vector<exchange_server::request> requests;
  ec bad = machine_.on_bytes(data, c.slab, requests);
  stream.consume(data.size());
  for (auto& r : requests) {
    const auto token = c.host->add_request(session_, stream.id(), r.id);
    if (token == 0) {
      bad = ec::limit;
      break;
    }
    ++c.metrics.requests.in;
    session_.emit(request_event{token, session_.peer(), index_, std::move(r.body)});
  }
  if (bad == ec::none && fin) bad = machine_.on_end();
  if (bad != ec::none) {
    const bool limit = bad == ec::limit;
    if (limit) ++c.metrics.limit_rejections[limit_kind::requests];
    if (bad == ec::oversized) ++c.metrics.limit_rejections[limit_kind::frame_bytes];
    ++c.metrics.streams_refused[limit                  ? stream_refusal::limit
                                : bad == ec::oversized ? stream_refusal::oversized
                                                       : stream_refusal::malformed];
    return stream.reset(limit ? stream_error::resource_limit : stream_error::protocol_violation);
  }
  if (machine_.finish_due()) stream.finish();
}

ec exchange_answerer::answer(quic_stream& stream, exchange_server::slot slot,
                             std::optional<chunk_view> body) {
  std::vector<chunk_view> pieces;
  const ec code = machine_.answer(slot, std::move(body), session_.context().writer, pieces);
  stream.write(std::span<const chunk_view>(pieces));
  if (code == ec::oversized) stream.reset(stream_error::resource_limit);
  if (machine_.finish_due()) stream.finish();
  return code;
}

void exchange_answerer::on_close(quic_stream&, ec) {}

exchange_asker::exchange_asker(session& s, request_command&& c)
    : session_(s),
      id_(c.id),
      body_(std::move(c.body)),
      deadline_(s.context().now + c.timeout),
      awaits_(c.answered),
      machine_(s.context().protocols[c.protocol].frame_bytes_max) {}

void exchange_asker::arm(quic_stream& stream) {
  quic_stream* where = &stream;
  timer_ = session_.context().host->call_at(deadline_, [this, where] {
    timer_ = 0;
    failure_ = ec::timeout;
    answer(fail(ec::timeout));
    where->reset(stream_error::none);
    session_.context().host->touch(session_);
  });
}

/// False when the request is too large.
bool exchange_asker::write(quic_stream& stream) {
  std::vector<chunk_view> pieces;
  failure_ = machine_.start(body_, session_.context().writer, pieces);
  if (failure_ != ec::none) return false;
  ++session_.context().metrics.requests.out;
  stream.write(std::span<const chunk_view>(pieces));
  return true;
}

// The end of such a stream follows the answer: js-libp2p resets some whose end comes while it takes
// what followed the proposal back out of its negotiation (seen within every 10,000 streams).
bool exchange_asker::write_early(quic_stream& stream) {
  early_ = awaits_ && write(stream);
  return early_;
}

void exchange_asker::on_open(quic_stream& stream, std::size_t) {
  if (early_) return;
  if (!write(stream)) return stream.reset(stream_error::none);
  stream.finish();
}

void exchange_asker::on_data(quic_stream& stream, bytes_view data, bool fin) {
  stream.consume(data.size());
  if (!awaits_) {
    // A peer that answers all the same is let talk; its end says that it has read the request.
    if (fin) on_arrived(stream);
    return;
  }
  ec bad = machine_.on_bytes(data, session_.context().slab);
  if (bad == ec::none && machine_.done() && !answered_) {
    auto body = machine_.take_response();
    if (early_) stream.finish();
    return answer(body ? result<chunk_view>(std::move(*body)) : fail(ec::closed));
  }
  if (bad == ec::none && fin && !answered_) bad = machine_.on_end();
  if (bad == ec::none) return;
  failure_ = bad;
  stream.reset(stream_error::protocol_violation);
}

void exchange_asker::on_arrived(quic_stream&) {
  if (!awaits_) answer(chunk_view());
}

void exchange_asker::answer(result<chunk_view> outcome) {
  if (answered_) return;
  answered_ = true;
  if (timer_ != 0) session_.context().host->cancel_call(std::exchange(timer_, 0));
  if (!outcome) ++session_.context().metrics.request_failures;
  session_.emit(response_event{id_, std::move(outcome)});
}

void exchange_asker::on_close(quic_stream& stream, ec why) {
  if (why == ec::none) on_arrived(stream);
  if (failure_ == ec::none) failure_ = why == ec::none ? ec::closed : why;
  answer(fail(failure_));
  if (timer_ != 0) session_.context().host->cancel_call(std::exchange(timer_, 0));
}

}  // namespace weft::transport::io
