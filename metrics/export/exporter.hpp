// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "metrics/catalog.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Metrics as Prometheus text, format version 0.0.4.
namespace weft::metrics {

/// Content type of `exporter::scrape`.
inline constexpr std::string_view text_content_type = "text/plain; version=0.0.4; charset=utf-8";

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
  std::string scrape();

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

/// Constant metrics: `weft_build_info` and any further labels with value 1.
class info_source final : public source {
 public:
  /// Name, help and label pairs of one family whose value is always 1.
  struct family {
    std::string name;
    std::string help;
    std::vector<std::pair<std::string, std::string>> labels;
  };
  explicit info_source(std::vector<family> families) : families_(std::move(families)) {}
  void collect(visitor& v) const override;

 private:
  std::vector<family> families_;
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

}  // namespace weft::metrics
