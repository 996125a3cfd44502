// SPDX-License-Identifier: MIT
#include "sim/event_queue.hpp"

#include "base/assert.hpp"

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
  const std::uint32_t link = e.link;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(std::move(e));
  } else {
    slot = free_.back();
    free_.pop_back();
    slots_[slot] = std::move(e);
  }
  const key fresh{at, sequence_++, slot, link};
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

instant event_queue::pop(event& e) {
  WEFT_ASSERT(!heap_.empty(), "nothing is left to happen");
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
  if (size > 0) {
    heap_[place] = last;
    __builtin_prefetch(&slots_[heap_.front().slot]);
  }
  e = std::move(slots_[first.slot]);
  free_.push_back(first.slot);
  return first.at;
}

}  // namespace weft::sim
