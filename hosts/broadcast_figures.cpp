// SPDX-License-Identifier: MIT
#include "hosts/broadcast_figures.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <utility>

namespace weft::hosts {

broadcast_figures::broadcast_figures(std::uint32_t messages, std::uint32_t receivers)
    : messages_(messages), receivers_(receivers) {
  const auto pairs = std::size_t{messages} * receivers;
  WEFT_ASSERT(pairs > 0 && pairs <= pairs_max, "a broadcast bench has messages and receivers");
  published_at_.assign(messages, none);
  delivered_at_.assign(pairs, none);
}

void broadcast_figures::published(std::uint32_t message, duration at) noexcept {
  if (message >= messages_ || published_at_[message] != none) return;
  published_at_[message] = at;
  ++published_;
}

void broadcast_figures::delivered(std::uint32_t message, std::uint32_t receiver,
                                  duration at) noexcept {
  if (message >= messages_ || receiver >= receivers_) return;
  auto& slot = delivered_at_[std::size_t{message} * receivers_ + receiver];
  if (slot != none) {
    ++repeated_;
    return;
  }
  slot = at;
  ++delivered_;
}

broadcast_figures::summary broadcast_figures::summarize() const {
  std::vector<double> each;
  std::vector<double> everywhere;
  each.reserve(delivered_);
  for (std::uint32_t m = 0; m < messages_; ++m) {
    if (published_at_[m] == none) continue;
    duration last = published_at_[m];
    bool whole = true;
    for (std::uint32_t r = 0; r < receivers_; ++r) {
      const auto at = delivered_at_[std::size_t{m} * receivers_ + r];
      if (at == none) {
        whole = false;
        continue;
      }
      each.push_back(to_seconds(at - published_at_[m]));
      last = std::max(last, at);
    }
    if (whole) everywhere.push_back(to_seconds(last - published_at_[m]));
  }
  return {.delivery_seconds = metrics::summarize(each),
          .deliveries = std::move(each),
          .everywhere_seconds = metrics::summarize(std::move(everywhere)),
          .published = published_,
          .expected = std::uint64_t{published_} * receivers_,
          .delivered = delivered_,
          .repeated = repeated_};
}

}  // namespace weft::hosts
