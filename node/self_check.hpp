// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace weft::node {

/// What this machine can do, measured once after the start: the yardstick that a dashboard holds
/// the node's work against. All gauges are 0 until they are measured, which takes some 20 ms of
/// processor time; processor-bound figures are per second of one processor's
/// time, so that a busy machine does not lower them.
class self_check final : public metrics::source {
 public:
  self_check() = default;
  ~self_check() override { stop(); }
  self_check(const self_check&) = delete;
  self_check& operator=(const self_check&) = delete;

  /// Returns at once. `folder` is the one whose disk is measured: a file in it is written, synced
  /// and removed.
  void start(std::string folder);
  /// Ends the measurement and waits for it, one sync at most. Idempotent.
  void stop();
  void collect(metrics::visitor& v) const override;

 private:
  void run(const std::stop_token& stopping, const std::string& folder);

  std::atomic<double> signs_per_second_{0};
  std::atomic<double> verifications_per_second_{0};
  std::atomic<double> sealed_bytes_per_second_{0};
  std::atomic<double> loopback_bytes_per_second_{0};
  std::atomic<double> sync_seconds_{0};
  std::jthread thread_;
};

}  // namespace weft::node
