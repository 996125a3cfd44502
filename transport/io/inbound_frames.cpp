// SPDX-License-Identifier: MIT
#include "transport/io/inbound_frames.hpp"

#include "transport/transport_metrics.hpp"

#include <utility>

namespace weft::transport::io {

inbound_frames::inbound_frames(std::vector<frame_listener*> listeners, const credit_marks& marks,
                               transport_metrics& metrics, std::function<void()> wake)
    : metrics_(metrics), high_(marks.high), low_(marks.low) {
  for (frame_listener* l : listeners) {
    concern_state c;
    c.listener = l;
    c.gate = std::make_shared<credit_gate>(marks.high, marks.low, wake);
    states_.push_back(std::move(c));
  }
}

void inbound_frames::add(std::size_t concern, frame f) {
  if (concern >= states_.size() || states_[concern].listener == nullptr) {
    ++metrics_.frames_dropped[frame_drop::unsupported];
    return;
  }
  concern_state& c = states_[concern];
  if (!c.batch) c.batch = std::make_shared<frame_batch>();
  ++metrics_.frames.in;
  metrics_.frame_bytes.in += f.body.size();
  c.batch_bytes += f.body.size() + frame_overhead_bytes;
  c.batch->frames.push_back(std::move(f));
  if (c.batch->frames.size() >= batch_frames_max || c.batch_bytes >= batch_bytes_max) hand_over(c);
}

void inbound_frames::tell(std::size_t concern, told_fate fate) {
  if (concern >= states_.size() || states_[concern].listener == nullptr) return;
  concern_state& c = states_[concern];
  if (!c.batch) c.batch = std::make_shared<frame_batch>();
  c.batch->fates.push_back(std::move(fate));
  if (c.batch->fates.size() >= batch_frames_max) hand_over(c);
}

void inbound_frames::hand_over(concern_state& c) {
  if (!c.batch) return;
  c.batch->held = credit(c.gate, std::exchange(c.batch_bytes, 0));
  ++metrics_.batches;
  c.listener->on_frames(std::exchange(c.batch, nullptr));
}

bool inbound_frames::stalled(std::size_t concern) const noexcept {
  if (concern >= states_.size()) return false;
  const concern_state& c = states_[concern];
  // Once streams wait they wait until the low mark, so that the window does not open byte by byte.
  return held_ || !c.waiting.empty() || c.gate->level() + c.batch_bytes >= high_;
}

void inbound_frames::wait_for_credit(std::size_t concern, waiting_stream w) {
  auto& waiting = states_[concern].waiting;
  if (waiting.empty()) ++metrics_.backpressure;
  waiting.push_back(w);
}

void inbound_frames::deliver() {
  for (auto& c : states_) hand_over(c);
}

std::vector<inbound_frames::waiting_stream> inbound_frames::take_released() {
  std::vector<waiting_stream> out;
  if (held_) return out;
  for (auto& c : states_) {
    if (c.waiting.empty() || c.gate->level() + c.batch_bytes > low_) continue;
    out.insert(out.end(), c.waiting.begin(), c.waiting.end());
    c.waiting.clear();
  }
  return out;
}

std::size_t inbound_frames::level(std::size_t concern) const noexcept {
  return concern < states_.size() ? states_[concern].gate->level() : 0;
}

}  // namespace weft::transport::io
