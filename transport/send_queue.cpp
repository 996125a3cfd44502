// SPDX-License-Identifier: MIT
#include "transport/send_queue.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport {

// -- frame_ring ---

void frame_ring::push(entry&& e) {
  if (size_ == slots_.size()) {
    std::vector<entry> bigger(std::max<std::size_t>(8, 2 * slots_.size()));
    for (std::size_t i = 0; i < size_; ++i)
      bigger[i] = std::move(slots_[(head_ + i) % slots_.size()]);
    slots_ = std::move(bigger);
    head_ = 0;
  }
  // the size is a power of two
  slots_[(head_ + size_) & (slots_.size() - 1)] = std::move(e);
  ++size_;
}

frame_ring::entry frame_ring::pop() noexcept {
  entry e = std::move(slots_[head_]);
  slots_[head_] = entry{};
  head_ = (head_ + 1) & (slots_.size() - 1);
  --size_;
  return e;
}

void frame_ring::trim() noexcept {
  if (size_ > 0) return;
  slots_ = {};
  head_ = 0;
}

// -- send_queue ---

send_queue::~send_queue() {
  metrics_.frames_dropped[frame_drop::no_session] += frames_;
  metrics_.queued_bytes.add(-static_cast<std::int64_t>(bytes_));
  for (auto& c : classes_)
    for (auto& l : c.lanes)
      while (!l.ring.empty()) tell(l.protocol, l.ring.pop().tag, frame_fate::dropped);
}

send_queue::lane& send_queue::lane_of(class_state& c, protocol_index protocol) {
  for (auto& l : c.lanes)
    if (l.protocol == protocol) return l;
  c.lanes.push_back({protocol, {}});
  return c.lanes.back();
}

const send_queue::lane* send_queue::oldest_lane(const class_state& c,
                                                protocol_set blocked) const noexcept {
  const lane* best = nullptr;
  for (const auto& l : c.lanes) {
    if (l.ring.empty() || (blocked & protocol_bit(l.protocol)) != 0) continue;
    if (!best || l.ring.front().sequence < best->ring.front().sequence) best = &l;
  }
  return best;
}

send_queue::lane* send_queue::oldest_lane(class_state& c, protocol_set blocked) noexcept {
  return const_cast<lane*>(std::as_const(*this).oldest_lane(c, blocked));
}

frame_ring::entry send_queue::take(class_state& c, lane& l) noexcept {
  frame_ring::entry e = l.ring.pop();
  const std::size_t size = cost(e.body);
  c.bytes -= size;
  --c.frames;
  bytes_ -= size;
  --frames_;
  metrics_.queued_bytes.add(-static_cast<std::int64_t>(size));
  return e;
}

void send_queue::drop(class_state& c, lane& l, frame_drop reason) noexcept {
  const auto e = take(c, l);
  ++metrics_.frames_dropped[reason];
  tell(l.protocol, e.tag,
       reason == frame_drop::unsupported ? frame_fate::refused : frame_fate::dropped);
}

void send_queue::drop_aged(std::size_t klass, instant now) noexcept {
  const duration age_max = limits_.classes[klass].age_max;
  if (age_max == duration{}) return;
  auto& c = classes_[klass];
  for (auto& l : c.lanes)
    while (!l.ring.empty() && now - l.ring.front().queued_at > age_max)
      drop(c, l, frame_drop::aged);
}

bool send_queue::make_room(std::size_t klass, std::size_t need) noexcept {
  std::size_t above = need;
  for (std::size_t k = 0; k < klass; ++k) above += classes_[k].bytes;
  if (above > limits_.bytes_max) return false;
  auto& own = classes_[klass];
  while (own.bytes + need > limits_.classes[klass].bytes_max)
    drop(own, *oldest_lane(own, 0), frame_drop::class_full);
  for (std::size_t low = priority_count; low-- > klass;) {
    auto& c = classes_[low];
    while (bytes_ + need > limits_.bytes_max && c.frames > 0)
      drop(c, *oldest_lane(c, 0), low == klass ? frame_drop::class_full : frame_drop::queue_full);
  }
  return true;
}

ec send_queue::push(protocol_index protocol, priority klass, chunk_view body, instant now,
                    std::uint64_t tag) {
  const auto refuse = [&](ec why) {
    tell(protocol, tag, frame_fate::dropped);
    return why;
  };
  if (protocol >= protocols_max) return refuse(ec::bad_argument);
  const auto k = static_cast<std::size_t>(klass);
  const std::size_t need = cost(body);
  if (need > limits_.classes[k].bytes_max || need > limits_.bytes_max) {
    ++metrics_.frames_dropped[frame_drop::oversized];
    return refuse(ec::oversized);
  }
  drop_aged(k, now);
  if (!make_room(k, need)) {
    ++metrics_.frames_dropped[frame_drop::refused];
    return refuse(ec::queue_full);
  }
  auto& c = classes_[k];
  lane_of(c, protocol).ring.push({std::move(body), now, sequence_++, tag});
  c.bytes += need;
  ++c.frames;
  bytes_ += need;
  ++frames_;
  metrics_.queued_bytes.add(static_cast<std::int64_t>(need));
  return ec::none;
}

std::optional<queued_frame> send_queue::pop(instant now, protocol_set blocked) {
  for (std::size_t k = 0; k < priority_count; ++k) {
    auto& c = classes_[k];
    if (c.frames == 0) continue;
    drop_aged(k, now);
    lane* l = oldest_lane(c, blocked);
    if (!l) continue;
    const protocol_index protocol = l->protocol;
    auto e = take(c, *l);
    return queued_frame{protocol, static_cast<priority>(k), std::move(e.body), e.queued_at, e.tag};
  }
  return std::nullopt;
}

std::optional<std::size_t> send_queue::peek_size(protocol_set blocked) const noexcept {
  for (const auto& c : classes_)
    if (const lane* l = oldest_lane(c, blocked)) return l->ring.front().body.size();
  return std::nullopt;
}

void send_queue::expire(instant now) {
  for (std::size_t k = 0; k < priority_count; ++k) drop_aged(k, now);
}

std::optional<instant> send_queue::next_deadline() const noexcept {
  std::optional<instant> earliest;
  for (std::size_t k = 0; k < priority_count; ++k) {
    const duration age_max = limits_.classes[k].age_max;
    const lane* l = oldest_lane(classes_[k], 0);
    if (age_max == duration{} || !l) continue;
    // a frame is dropped when it is older, not as old
    const instant at = l->ring.front().queued_at + age_max + duration{1};
    if (!earliest || at < *earliest) earliest = at;
  }
  return earliest;
}

std::size_t send_queue::drop_protocol(protocol_index protocol, frame_drop reason) {
  std::size_t dropped = 0;
  for (auto& c : classes_)
    for (auto& l : c.lanes)
      while (l.protocol == protocol && !l.ring.empty()) {
        drop(c, l, reason);
        ++dropped;
      }
  return dropped;
}

void send_queue::trim() noexcept {
  for (auto& c : classes_)
    for (auto& l : c.lanes) l.ring.trim();
}

protocol_set send_queue::waiting() const noexcept {
  protocol_set set = 0;
  for (const auto& c : classes_)
    for (const auto& l : c.lanes)
      if (!l.ring.empty()) set |= protocol_bit(l.protocol);
  return set;
}

}  // namespace weft::transport
