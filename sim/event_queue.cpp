// SPDX-License-Identifier: MIT
#include "sim/event_queue.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::sim {

std::string_view to_string(event_kind kind) noexcept {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(event_kind::count_)> names{
      "timer",
      "round",
      "frame",
      "request",
      "response",
      "push",
      "uplink",
      "window",
      "stream_open",
      "dial_step",
      "accept",
      "confirm",
      "identify",
      "close",
      "silence",
      "reduce",
      "request_timeout",
      "request_refused",
      "request_done",
      "push_timeout",
      "push_refused",
      "push_done",
      "pong",
      "fault",
      "work",
      "sample"};
  return names[static_cast<std::size_t>(kind)];
}

void event_queue::push(instant at, event&& e) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(std::move(e));
  } else {
    slot = free_.back();
    free_.pop_back();
    slots_[slot] = std::move(e);
  }
  const key fresh{at, sequence_++, slot};
  if (near_count_ == window && !fresh.before(near_.back())) return sink(fresh);
  if (near_count_ == window)
    sink(near_.back());
  else
    ++near_count_;
  std::size_t place = near_count_ - 1;
  for (; place > 0 && fresh.before(near_[place - 1]); --place) near_[place] = near_[place - 1];
  near_[place] = fresh;
}

instant event_queue::pop(event& e) {
  WEFT_ASSERT(near_count_ > 0, "nothing is left to happen");
  const key first = near_.front();
  std::copy(near_.begin() + 1, near_.begin() + static_cast<std::ptrdiff_t>(near_count_),
            near_.begin());
  if (heap_.empty()) {
    --near_count_;
  } else {
    near_.back() = lift();
    __builtin_prefetch(&slots_[near_.back().slot]);
  }
  e = std::move(slots_[first.slot]);
  free_.push_back(first.slot);
  return first.at;
}

/// Puts a key into the heap.
void event_queue::sink(const key& fresh) {
  std::size_t place = heap_.size();
  heap_.push_back(fresh);
  while (place > 0) {
    const std::size_t parent = (place - 1) / 4;
    if (!fresh.before(heap_[parent])) break;
    heap_[place] = heap_[parent];
    place = parent;
  }
  heap_[place] = fresh;
}

/// Takes the earliest key out of the heap, which is not empty.
event_queue::key event_queue::lift() {
  const key first = heap_.front();
  const key last = heap_.back();
  heap_.pop_back();
  const std::size_t size = heap_.size();
  std::size_t place = 0;
  while (size > 0) {
    const std::size_t child = place * 4 + 1;
    if (child >= size) break;
    std::size_t least = child;
    const std::size_t end = child + 4 < size ? child + 4 : size;
    for (std::size_t i = child + 1; i < end; ++i)
      if (heap_[i].before(heap_[least])) least = i;
    if (!heap_[least].before(last)) break;
    heap_[place] = heap_[least];
    place = least;
  }
  if (size > 0) heap_[place] = last;
  return first;
}

}  // namespace weft::sim
