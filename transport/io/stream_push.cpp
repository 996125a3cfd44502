// SPDX-License-Identifier: MIT
#include "transport/io/stream_push.hpp"

#include <utility>
#include <vector>

namespace weft::transport::io {

// -- inbound ---

push_receiver::push_receiver(session& s, protocol_index index, quic_stream& stream)
    : session_(s),
      index_(index),
      stream_(stream),
      since_(s.context().now),
      machine_(s.context().protocols[index].frame_bytes_max) {
  s.add_push(*this);
}

bool push_receiver::account() {
  io_context& c = session_.context();
  const std::size_t held = settled_ ? 0 : machine_.held_bytes();
  c.push_bytes = c.push_bytes - counted_ + held;
  counted_ = held;
  c.metrics.push_bytes.set(static_cast<std::int64_t>(c.push_bytes));
  return c.push_bytes <= c.bounds.push_bytes_max;
}

void push_receiver::settle(push_end end) {
  if (std::exchange(settled_, true)) return;
  account();
  ++session_.context().metrics.pushes.in[end];
  session_.remove_push(*this);
}

void push_receiver::stop(push_end end) {
  settle(end);
  stream_.reset(stream_error::none);
  session_.context().host->touch(session_);
}

void push_receiver::failed(ec why) {
  auto& m = session_.context().metrics;
  const bool large = why == ec::oversized;
  if (large) ++m.limit_rejections[limit_kind::frame_bytes];
  ++m.frames_dropped[large ? frame_drop::oversized : frame_drop::malformed];
  ++m.streams_refused[large ? stream_refusal::oversized : stream_refusal::malformed];
  settle(push_end::malformed);
  stream_.reset(stream_error::protocol_violation);
}

void push_receiver::deliver() {
  io_context& c = session_.context();
  auto body = machine_.take();
  if (!body) return;
  settle(push_end::done);
  c.inbound.add(rule().concern, frame{session_.peer(), index_, std::move(*body)});
}

void push_receiver::on_data(quic_stream& stream, bytes_view data, bool fin) {
  io_context& c = session_.context();
  const bool knew = machine_.tag().has_value();
  if (const ec bad = machine_.on_bytes(data, c.slab); bad != ec::none) return failed(bad);
  if (!knew && machine_.tag() && session_.unwanted(index_, *machine_.tag()))
    return stop(push_end::cancelled);
  if (!account()) {
    ++c.metrics.limit_rejections[limit_kind::push_bytes];
    ++c.metrics.streams_refused[stream_refusal::limit];
    settle(push_end::limit);
    return stream.reset(stream_error::resource_limit);
  }
  deliver();
  if (c.inbound.stalled(rule().concern)) {
    withheld_ += data.size();
    if (!waits_) c.inbound.wait_for_credit(rule().concern, {session_.id(), stream.id()});
    waits_ = true;
  } else {
    stream.consume(data.size());
  }
  if (!fin) return;
  if (machine_.on_end() != ec::none) {
    ++c.metrics.frames_dropped[frame_drop::truncated];
    settle(push_end::malformed);
  }
  stream.finish();
}

void push_receiver::on_credit(quic_stream& stream) {
  waits_ = false;
  stream.consume(std::exchange(withheld_, 0));
}

void push_receiver::on_close(quic_stream&, ec) { settle(push_end::lost); }

// -- outbound ---

push_sender::push_sender(session& s, push_command&& c)
    : session_(s), index_(c.protocol), tag_(c.tag), body_(std::move(c.body)), timeout_(c.timeout) {
  s.add_push(*this);
}

void push_sender::arm(quic_stream& stream) {
  stream_ = &stream;
  timer_ = session_.context().host->call_at(session_.context().now + timeout_, [this] {
    timer_ = 0;
    stop(push_end::timeout);
  });
}

void push_sender::write(quic_stream& stream) {
  stream.set_late();
  std::vector<chunk_view> pieces;
  write_push(tag_, body_, pieces);
  stream.write(std::span<const chunk_view>(pieces));
  written_ = true;
}

bool push_sender::write_early(quic_stream& stream) {
  write(stream);
  return true;
}

void push_sender::on_open(quic_stream& stream, std::size_t) {
  if (settled_) return;
  if (!written_) write(stream);
  stream.finish();
}

void push_sender::on_data(quic_stream& stream, bytes_view data, bool) {
  // The other side of this stream is write-only; what comes anyway is not kept.
  stream.consume(data.size());
}

void push_sender::on_arrived(quic_stream&) { settle(push_end::done); }

void push_sender::stop(push_end end) {
  settle(end);
  if (stream_ != nullptr) stream_->reset(stream_error::none);
  session_.context().host->touch(session_);
}

void push_sender::settle(push_end end) {
  if (std::exchange(settled_, true)) return;
  io_context& c = session_.context();
  if (timer_ != 0) c.host->cancel_call(std::exchange(timer_, 0));
  ++c.metrics.pushes.out[end];
  if (end == push_end::done) {
    ++c.metrics.frames.out;
    c.metrics.frame_bytes.out += push_tag_bytes + body_.size();
  }
  session_.remove_push(*this);
  if (tag_ == 0) return;
  const auto fate = end == push_end::done      ? frame_fate::sent
                    : end == push_end::refused ? frame_fate::refused
                                               : frame_fate::dropped;
  c.inbound.tell(c.protocols[index_].concern, {session_.peer(), index_, tag_, fate});
}

void push_sender::on_close(quic_stream&, ec why) {
  stream_ = nullptr;
  switch (why) {
    case ec::none:
      return settle(push_end::done);
    case ec::reset:
    case ec::unsupported:
      return settle(push_end::refused);
    case ec::limit:
      return settle(push_end::limit);
    default:
      return settle(push_end::lost);
  }
}

}  // namespace weft::transport::io
