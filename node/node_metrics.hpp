// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "node/context.hpp"

#include <atomic>

namespace weft::node {

/// Counters of the process that belong to no actor: configuration, log, HTTP listeners.
struct node_source final : metrics::source {
  /// Unix time in seconds.
  std::atomic<double> reload_time{0};
  std::atomic<bool> reload_worked{true};
  const node_context* context = nullptr;
  /// Set once they listen, when the other one may already be asked; either may be absent.
  std::atomic<const http_server*> admin{nullptr};
  std::atomic<const http_server*> http{nullptr};

  void collect(metrics::visitor& v) const override;
};

}  // namespace weft::node
