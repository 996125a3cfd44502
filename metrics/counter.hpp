// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

/// Plain numbers with one writer and any number of readers: an update is a relaxed load and store
/// (0.3 ns), nothing is looked up.
namespace weft::metrics {

/// Only ever grows. One writer thread.
class counter {
 public:
  void add(std::uint64_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  counter& operator++() noexcept {
    add(1);
    return *this;
  }
  counter& operator+=(std::uint64_t n) noexcept {
    add(n);
    return *this;
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down. One writer thread.
class gauge {
 public:
  void set(std::int64_t v) noexcept { value_.store(v, std::memory_order_relaxed); }
  void add(std::int64_t n) noexcept { set(value() + n); }
  std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Counts observations into fixed buckets; bounds are seconds or bytes as the metric's name says.
/// One writer thread.
template <std::size_t N>
class histogram {
 public:
  explicit constexpr histogram(const std::array<double, N>& upper_bounds) noexcept
      : bounds_(upper_bounds) {}

  void observe(double v) noexcept {
    std::size_t i = 0;
    while (i < N && v > bounds_[i]) ++i;
    ++buckets_[i];
    sum_.store(sum_.load(std::memory_order_relaxed) + v, std::memory_order_relaxed);
  }
  std::span<const double> bounds() const noexcept { return bounds_; }
  /// Not cumulative; the last one is above every bound.
  std::span<const counter> buckets() const noexcept { return buckets_; }
  double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

 private:
  std::array<double, N> bounds_;
  std::array<counter, N + 1> buckets_;
  std::atomic<double> sum_{0};
};

/// 0.1 ms to 10 s; for handshakes, round trips and messages.
inline constexpr std::array<double, 16> latency_bounds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
using latency_histogram = histogram<16>;

}  // namespace weft::metrics
