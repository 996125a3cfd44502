// SPDX-License-Identifier: MIT
#include "base/timer_wheel.hpp"

#include <utility>

namespace weft {

namespace {

constexpr unsigned slot_bits = 32;

timer_wheel::token make_token(std::uint32_t generation, std::size_t slot) noexcept {
  return static_cast<timer_wheel::token>(generation) << slot_bits | slot;
}

}  // namespace

timer_wheel::token timer_wheel::arm(instant at, std::uint64_t key) {
  if (free_.empty()) {
    free_.push_back(slots_.size());
    slots_.emplace_back().generation = 1;  // a token is never zero
  }
  const std::size_t index = free_.back();
  free_.pop_back();
  slots_[index].used = true;
  heap_.emplace_back();
  place(heap_.size() - 1, entry{at, armed_++, key, index});
  sift_up(heap_.size() - 1);
  return make_token(slots_[index].generation, index);
}

bool timer_wheel::cancel(token which) {
  const auto index = static_cast<std::size_t>(which & ((token{1} << slot_bits) - 1));
  if (index >= slots_.size()) return false;
  const slot& target = slots_[index];
  if (!target.used || make_token(target.generation, index) != which) return false;
  remove_at(target.position);
  return true;
}

std::optional<std::uint64_t> timer_wheel::expire(instant now) {
  if (heap_.empty() || heap_.front().at > now) return std::nullopt;
  const std::uint64_t key = heap_.front().key;
  remove_at(0);
  return key;
}

std::optional<instant> timer_wheel::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

std::size_t timer_wheel::size() const noexcept { return heap_.size(); }

void timer_wheel::place(std::size_t index, entry&& value) {
  slots_[value.slot].position = index;
  heap_[index] = value;
}

void timer_wheel::sift_up(std::size_t index) {
  entry moving = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    const entry& above = heap_[parent];
    if (std::pair{above.at, above.id} < std::pair{moving.at, moving.id}) break;
    place(index, entry{above});
    index = parent;
  }
  place(index, std::move(moving));
}

void timer_wheel::sift_down(std::size_t index) {
  entry moving = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    const auto before = [this](std::size_t a, std::size_t b) {
      return std::pair{heap_[a].at, heap_[a].id} < std::pair{heap_[b].at, heap_[b].id};
    };
    if (child + 1 < heap_.size() && before(child + 1, child)) ++child;
    if (std::pair{moving.at, moving.id} < std::pair{heap_[child].at, heap_[child].id}) break;
    place(index, entry{heap_[child]});
    index = child;
  }
  place(index, std::move(moving));
}

void timer_wheel::remove_at(std::size_t index) {
  slot& released = slots_[heap_[index].slot];
  released.used = false;
  if (++released.generation == 0) released.generation = 1;
  free_.push_back(heap_[index].slot);
  entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  place(index, std::move(last));
  sift_up(index);
  sift_down(index);
}

}  // namespace weft
