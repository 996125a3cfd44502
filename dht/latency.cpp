// SPDX-License-Identifier: MIT
#include "dht/latency.hpp"

#include <algorithm>
#include <bit>

namespace weft::dht {

void rtt_estimate::observe(duration sample) noexcept {
  sample = std::max(sample, duration::zero());
  if (!known()) {
    mean_ = sample;
    deviation_ = sample / 4;
    return;
  }
  const duration error = sample > mean_ ? sample - mean_ : mean_ - sample;
  deviation_ += (error - deviation_) / 4;
  mean_ += (sample - mean_) / 8;
}

// Of a normal distribution 95 % are below the mean and 2.06 mean deviations. An eighth of the mean
// stays as margin once a quiet path has shown next to no deviation.
duration rtt_estimate::late() const noexcept {
  return mean() + std::max(deviation_ * 2, mean() / 8);
}

std::size_t latency_model::bucket_of(duration sample) noexcept {
  const auto ns = static_cast<std::uint64_t>(std::max<duration::rep>(sample.count(), 0));
  const std::uint64_t units = ns >> 14;  // of 16.4 µs
  if (units < 4) return static_cast<std::size_t>(units);
  const auto octave = static_cast<unsigned>(std::bit_width(units)) - 1;
  const std::uint64_t quarter = units >> (octave - 2) & 3;
  return std::min<std::size_t>((octave - 1) * 4 + quarter, buckets - 1);
}

duration latency_model::upper_end(std::size_t bucket) noexcept {
  if (bucket < 4) return duration(static_cast<duration::rep>((bucket + 1) << 14));
  const std::size_t octave = bucket / 4 + 1;
  const std::uint64_t units = (std::uint64_t{5 + bucket % 4}) << (octave - 2);
  return duration(static_cast<duration::rep>(units << 14));
}

void latency_model::observe(duration sample) noexcept {
  ++counts_[bucket_of(sample)];
  if (++total_ < samples_max) return;
  total_ = 0;
  for (auto& count : counts_) {
    count = static_cast<std::uint16_t>(count / 2);
    total_ += count;
  }
}

duration latency_model::percentile(std::uint32_t share) const noexcept {
  const std::uint32_t wanted = (total_ * share + 255) / 256;
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return upper_end(i);
  }
  return upper_end(buckets - 1);
}

duration latency_model::late() const noexcept {
  return total_ < samples_min ? initial_ : percentile(243);
}

duration latency_model::median() const noexcept {
  return total_ < samples_min ? initial_ / 3 : percentile(128);
}

}  // namespace weft::dht
