// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "metrics/catalog.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// Metrics as text that scrapers read.
namespace weft::metrics {

/// The format of Prometheus, version 0.0.4, or OpenMetrics 1.0.
enum class exposition : std::uint8_t { text, openmetrics };

/// What to answer to an Accept header: OpenMetrics if it is asked for by name and not less liked
/// than plain text.
exposition negotiate(std::string_view accept);
std::string_view content_type(exposition form) noexcept;

/// Walks the registered sources at scrape time. Sources are added before the first scrape and
/// outlive the exporter.
class exporter {
 public:
  exporter();
  ~exporter();
  exporter(const exporter&) = delete;
  exporter& operator=(const exporter&) = delete;

  void add(const source& s);
  /// Every family once, in the order of first appearance, with HELP and TYPE lines. One scrape at a
  /// time: a second caller waits. Thread-safe.
  std::string scrape(exposition form = exposition::text);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// process_* metrics of this process, read from /proc/self at scrape time.
class process_source final : public source {
 public:
  process_source();
  void collect(visitor& v) const override;

 private:
  double start_seconds_ = 0;
};

/// `weft_build_info` and `weft_node_info`: constant 1, the facts are labels.
class info_source final : public source {
 public:
  struct facts {
    std::string version;
    /// The commit.
    std::string revision;
    std::string compiler;
    /// Of the node: its configured name and profile, and the last characters of its peer id.
    std::string name;
    std::string profile;
    std::string id_short;
  };
  explicit info_source(facts f) : facts_(std::move(f)) {}
  void collect(visitor& v) const override;

 private:
  facts facts_;
};

/// Memory and processor use of this process, from /proc/self.
struct process_usage {
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  double cpu_seconds = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_descriptors = 0;
};
/// ec::io when /proc is not there.
result<process_usage> read_process_usage();
/// Only the resident bytes, for those who ask often; 0 when /proc is not there.
std::uint64_t read_resident_bytes();

}  // namespace weft::metrics
