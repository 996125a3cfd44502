// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/counter.hpp"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace weft::metrics {

struct label {
  std::string_view name;
  std::string_view value;
};
using labels = std::initializer_list<label>;

/// Receives every metric of a struct at scrape time. Each struct of counters has one function
/// `void collect(metrics::visitor& v) const` that names, explains and reads its metrics: catalogue
/// and reader are one text.
class visitor {
 public:
  virtual ~visitor() = default;
  /// `name` ends in _total, `help` is one sentence. Call once per label value, zero values
  /// included.
  virtual void on_counter(std::string_view name, std::string_view help, labels l, double value) = 0;
  virtual void on_gauge(std::string_view name, std::string_view help, labels l, double value) = 0;
  virtual void on_histogram(std::string_view name, std::string_view help, labels l,
                            std::span<const double> bounds, std::span<const counter> buckets,
                            double sum)
      = 0;

  void count(std::string_view name, std::string_view help, labels l, const counter& c) {
    on_counter(name, help, l, static_cast<double>(c.value()));
  }
  void read(std::string_view name, std::string_view help, labels l, const gauge& g) {
    on_gauge(name, help, l, static_cast<double>(g.value()));
  }
  template <std::size_t N>
  void read(std::string_view name, std::string_view help, labels l, const histogram<N>& h) {
    on_histogram(name, help, l, h.bounds(), h.buckets(), h.sum());
  }
};

/// One counter per enumerator; the enum has a `to_string` and the last enumerator `count_`.
template <class Enum>
class counters_by {
 public:
  static constexpr std::size_t size = static_cast<std::size_t>(Enum::count_);
  counter& operator[](Enum e) noexcept { return values_[static_cast<std::size_t>(e)]; }
  const counter& operator[](Enum e) const noexcept { return values_[static_cast<std::size_t>(e)]; }
  void collect(visitor& v, std::string_view name, std::string_view help,
               std::string_view label_name) const {
    for (std::size_t i = 0; i < size; ++i)
      v.count(name, help, {{label_name, to_string(static_cast<Enum>(i))}}, values_[i]);
  }
  /// As above with one more label that is the same for all.
  void collect(visitor& v, std::string_view name, std::string_view help,
               std::string_view label_name, label common) const {
    for (std::size_t i = 0; i < size; ++i)
      v.count(name, help, {common, {label_name, to_string(static_cast<Enum>(i))}}, values_[i]);
  }

 private:
  std::array<counter, size> values_;
};

/// Anything that reports metrics at scrape time; registered with the exporter.
class source {
 public:
  virtual ~source() = default;
  virtual void collect(visitor& v) const = 0;
};

}  // namespace weft::metrics
