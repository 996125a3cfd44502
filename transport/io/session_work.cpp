// SPDX-License-Identifier: MIT
#include "transport/builtin.hpp"
#include "transport/io/session.hpp"
#include "transport/io/stream_builtin.hpp"
#include "transport/io/stream_own.hpp"
#include "transport/io/stream_push.hpp"

#include <algorithm>
#include <utility>

/// What a session does on command, and its part in carrying frames.
namespace weft::transport::io {

void session::ping(request_id id, duration timeout) {
  const instant deadline = context_.now + timeout;
  if (asker_ != nullptr) return asker_->ask(id, deadline);
  auto asker = std::make_unique<ping_asker>(*this);
  asker_ = asker.get();
  asker->ask(id, deadline);
  open(builtin::ping_names, std::move(asker));
}

void session::perf(request_id id, std::uint64_t upload, std::uint64_t download) {
  open(builtin::perf_names, std::make_unique<perf_asker>(*this, id, upload, download));
}

void session::request(request_command&& c) {
  const protocol_index index = c.protocol;
  auto asker = std::make_unique<exchange_asker>(*this, std::move(c));
  exchange_asker& a = *asker;
  quic_stream* stream = nullptr;
  if (open(context_.protocols[index].names, std::move(asker), &stream) == ec::none) a.arm(*stream);
}

ec session::respond(std::int64_t stream, std::uint64_t place, std::optional<chunk_view> body) {
  quic_stream* s = conn->find_stream(stream);
  auto* handler = s == nullptr ? nullptr : dynamic_cast<exchange_answerer*>(s->handler());
  if (handler == nullptr) return ec::not_found;
  context_.host->touch(*this);
  return handler->answer(*s, place, std::move(body));
}

void session::push_identify() {
  open(builtin::identify_push_names, std::make_unique<identify_teller>(*this, true));
}

// -- pushes ---

void session::push(push_command&& c) {
  const protocol_index index = c.protocol;
  if (pushes_full(direction::outbound)) {
    ++context_.metrics.limit_rejections[limit_kind::pushes];
    ++context_.metrics.pushes.out[push_end::limit];
    if (c.tag != 0)
      context_.inbound.tell(context_.protocols[index].concern,
                            {peer_, index, c.tag, frame_fate::dropped});
    return;
  }
  auto sender = std::make_unique<push_sender>(*this, std::move(c));
  push_sender& p = *sender;
  quic_stream* stream = nullptr;
  if (open(context_.protocols[index].names, std::move(sender), &stream) == ec::none) p.arm(*stream);
}

bool session::cancel_push(const cancel_push_command& c) {
  const auto stop = [&](auto& pushes) {
    // A copy: what is stopped leaves the list.
    const auto all = pushes;
    bool found = false;
    for (auto* p : all)
      if (p->is(c.protocol, c.tag)) {
        p->stop(push_end::cancelled);
        found = true;
      }
    return found;
  };
  return c.inbound ? stop(pushes_in_) : stop(pushes_out_);
}

bool session::pushes_full(direction side) {
  const std::size_t here = side == direction::inbound ? pushes_in_.size() : pushes_out_.size();
  return context_.memory != memory_level::calm || here >= context_.bounds.pushes_per_session_max
         || context_.pushes[side] >= context_.bounds.pushes_max;
}

void session::count_pushes(direction side) noexcept {
  context_.metrics.pushes_open[side].set(static_cast<std::int64_t>(context_.pushes[side]));
}

void session::add_push(push_receiver& p) {
  pushes_in_.push_back(&p);
  ++context_.pushes.in;
  count_pushes(direction::inbound);
}

void session::add_push(push_sender& p) {
  pushes_out_.push_back(&p);
  ++context_.pushes.out;
  count_pushes(direction::outbound);
}

void session::remove_push(push_receiver& p) noexcept {
  std::erase(pushes_in_, &p);
  --context_.pushes.in;
  count_pushes(direction::inbound);
}

void session::remove_push(push_sender& p) noexcept {
  std::erase(pushes_out_, &p);
  --context_.pushes.out;
  count_pushes(direction::outbound);
}

// -- frames ---

void session::open_lane(protocol_index protocol) {
  lanes_[protocol].now = lane::state::opening;
  open(context_.protocols[protocol].names, std::make_unique<frames_lane>(*this, protocol));
}

protocol_set session::blocked_lanes(protocol_set waiting, bool may_open) {
  protocol_set blocked = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto index = static_cast<protocol_index>(i);
    if ((waiting & protocol_bit(index)) == 0) continue;
    lane& l = lanes_[i];
    if (l.now == lane::state::none && may_open) open_lane(index);
    if (l.now != lane::state::open || !l.stream->has_room() || !l.stream->writable())
      blocked |= protocol_bit(index);
  }
  return blocked;
}

void session::pump(bool may_open) {
  if (lanes_.empty() || conn->end()) return;
  send_queue* queue = context_.host->queue_for(*this);
  if (queue == nullptr || queue->empty()) return;
  if (may_open)
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      if (lanes_[i].now == lane::state::refused)
        queue->drop_protocol(static_cast<protocol_index>(i), frame_drop::unsupported);
  protocol_set blocked = blocked_lanes(queue->waiting(), may_open);
  while (const auto f = queue->pop(context_.now, blocked)) {
    quic_stream& stream = *lanes_[f->protocol].stream;
    stream.out.added(context_.writer.write(f->body, stream.out.pieces()));
    stream.wake();
    ++context_.metrics.frames.out;
    context_.metrics.frame_bytes.out += f->body.size();
    if (f->tag != 0)
      context_.inbound.tell(context_.protocols[f->protocol].concern,
                            {peer_, f->protocol, f->tag, frame_fate::sent});
    if (!stream.has_room()) blocked |= protocol_bit(f->protocol);
  }
}

bool session::frames_wait(protocol_index protocol) {
  send_queue* queue = context_.host->queue_for(*this);
  return queue != nullptr && (queue->waiting() & protocol_bit(protocol)) != 0;
}

void session::frames_open(protocol_index protocol, quic_stream& stream) {
  lanes_[protocol] = {lane::state::open, &stream};
  context_.host->touch(*this);
}

void session::frames_gone(protocol_index protocol, ec why) {
  lanes_[protocol] = {why == ec::unsupported ? lane::state::refused : lane::state::none, nullptr};
}

bool session::quiet() {
  send_queue* queue = context_.host->queue_for(*this);
  if (queue != nullptr && !queue->empty()) return false;
  if (open_requests != 0 || !pushes_in_.empty() || !pushes_out_.empty()) return false;
  bool held = false;
  conn->each_stream([&](quic_stream& s) { held = held || s.out.held() != 0; });
  return !held;
}

void session::housekeeping() {
  return_stream_credit();
  if (std::exchange(bytes_in_sampled_, bytes_in) != bytes_in && confirmed_at != instant{})
    context_.metrics.rtt.observe(
        to_seconds(duration(static_cast<duration::rep>(conn->info().smoothed_rtt))));
  const auto pushes = pushes_in_;
  for (push_receiver* p : pushes) {
    if (context_.now - p->since() < context_.bounds.push_timeout) continue;
    ++context_.metrics.streams_refused[stream_refusal::timeout];
    p->stop(push_end::timeout);
  }
  if (negotiating_in_ + negotiating_out_ == 0) return;
  std::vector<quic_stream*> late;
  conn->each_stream([&](quic_stream& s) {
    if (context_.now - s.opened() < context_.bounds.negotiation_timeout || s.was_reset()) return;
    if (dynamic_cast<inbound_negotiation*>(s.handler()) != nullptr
        || dynamic_cast<outbound_negotiation*>(s.handler()) != nullptr)
      late.push_back(&s);
  });
  for (quic_stream* s : late) {
    ++context_.metrics.negotiation_failures[negotiation_failure::timeout];
    if (!s->local()) ++context_.metrics.streams_refused[stream_refusal::timeout];
    s->reset(stream_error::negotiation_failed);
    context_.host->touch(*this);
  }
}

session_info session::inspect() {
  const auto numbers = conn->info();
  session_info out;
  out.peer = peer_;
  out.session = id_;
  out.side = side_;
  out.remote = multiaddr::quic_v1(conn->path().remote.endpoint()).with_peer(peer_);
  out.age = context_.now - confirmed_at;
  out.smoothed_rtt = duration(static_cast<duration::rep>(numbers.smoothed_rtt));
  out.rtt_min = duration(static_cast<duration::rep>(numbers.min_rtt));
  out.bytes_in = bytes_in;
  out.bytes_out = bytes_out;
  out.packets_lost = conn->packets_lost();
  out.congestion_window = numbers.cwnd;
  out.streams = static_cast<std::uint32_t>(conn->stream_count());
  const send_queue* queue = context_.host->queue_for(*this);
  out.queued_bytes = queue != nullptr ? queue->bytes() : 0;
  out.agent = agent;
  return out;
}

}  // namespace weft::transport::io
