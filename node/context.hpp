// SPDX-License-Identifier: MIT
#pragma once

#include "actors/runtime.hpp"
#include "metrics/export/exporter.hpp"
#include "node/access_book.hpp"
#include "node/config.hpp"
#include "node/http.hpp"
#include "node/name_watch.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace weft::node {

/// What a reload did.
struct reload_report {
  std::vector<std::string> applied;
  std::vector<std::string> needs_restart;
  /// Not empty: nothing was applied.
  std::string problem;
};

/// What the HTTP handlers of a running node need. Outlives them; shared between threads.
struct node_context {
  node_context(actors::runtime& r, const name_watch& n, access_book& a)
      : runtime(r), names(n), access(a) {}

  actors::runtime& runtime;
  /// Names in the configuration.
  const name_watch& names;
  access_book& access;
  metrics::exporter exporter;
  std::string directory;
  /// Set from the first moment of a shutdown.
  std::atomic<bool> draining{false};
  /// An actor died for good; the process is about to end.
  std::atomic<bool> failed{false};
  std::atomic<int> http_port{0};
  std::string http_host;
  /// From the start of the process to readiness.
  std::atomic<double> ready_seconds{0};
  std::function<reload_report()> reload;
  std::function<void()> shutdown;

  /// Whether the node should be given work.
  bool ready() const { return runtime.ready() && !draining && !failed && names.names().ok(); }

  /// A copy of the configuration in force.
  config current() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  void replace(config c) {
    const std::lock_guard lock(mutex_);
    config_ = std::move(c);
  }

 private:
  mutable std::mutex mutex_;
  config config_;
};

/// The admin API of docs/admin-api.md, for the unix socket.
http_routes admin_routes(node_context& node);
/// /livez, /readyz, /status and /metrics, for the loopback listener.
http_routes public_routes(node_context& node);

}  // namespace weft::node
