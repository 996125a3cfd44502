// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace weft::actors {

/// Numbers of one actor. Survives its restarts. `handled` and `mailbox_depth` are written by the
/// actor, the rest by the supervisor.
struct actor_metrics {
  explicit actor_metrics(std::string actor_name) : name(std::move(actor_name)) {}

  const std::string name;
  metrics::counter handled;
  metrics::gauge mailbox_depth;
  metrics::gauge mailbox_depth_max;
  metrics::gauge alive;
  metrics::counter restarts;
  /// Probes that were not answered in time.
  metrics::counter unanswered;

  /// Counts one handled message and what still waits.
  void on_handled(std::size_t waiting) noexcept;
};

/// The actors of one node by name. Entries are made before the actors start and are never removed.
class actor_metrics_table final : public metrics::source {
 public:
  /// The entry of that name; made on first use.
  actor_metrics& of(std::string_view name);
  std::vector<const actor_metrics*> all() const;
  void collect(metrics::visitor& v) const override;

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<actor_metrics>> entries_;
};

}  // namespace weft::actors
