// SPDX-License-Identifier: MIT
#pragma once

#include "actors/mailbox_counts.hpp"
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

/// Numbers of one actor. Survives its restarts. What is a member here is written by the supervisor.
struct actor_metrics {
  explicit actor_metrics(std::string actor_name) : name(std::move(actor_name)) {}

  const std::string name;
  metrics::gauge alive;
  metrics::counter restarts;
  /// Probes that were not answered in time.
  metrics::counter unanswered;

  /// For an actor of that name that is about to start.
  std::shared_ptr<mailbox_counts> new_mailbox();
  /// Messages that actors of that name have begun with.
  std::uint64_t handled() const;
  /// Messages that wait now.
  std::uint64_t mailbox_depth() const;
  /// Most that have waited, for any actor of that name.
  std::uint64_t mailbox_depth_max();
  /// Whether it is in the middle of a message.
  bool handling() const;

 private:
  std::shared_ptr<const mailbox_counts> mailbox() const;

  mutable std::mutex mutex_;
  std::shared_ptr<mailbox_counts> mailbox_;
  /// Of the mailboxes before.
  std::uint64_t handled_ = 0;
  std::uint64_t deepest_ = 0;
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
