// SPDX-License-Identifier: MIT
#include "actors/actor_metrics.hpp"

#include <algorithm>

namespace weft::actors {

std::shared_ptr<mailbox_counts> actor_metrics::new_mailbox() {
  const std::lock_guard lock(mutex_);
  if (mailbox_) {
    handled_ += mailbox_->taken();
    deepest_ = std::max(deepest_, mailbox_->deepest());
  }
  mailbox_ = std::make_shared<mailbox_counts>();
  return mailbox_;
}

std::shared_ptr<const mailbox_counts> actor_metrics::mailbox() const {
  const std::lock_guard lock(mutex_);
  return mailbox_;
}

std::uint64_t actor_metrics::handled() const {
  const std::lock_guard lock(mutex_);
  return handled_ + (mailbox_ ? mailbox_->taken() : 0);
}

std::uint64_t actor_metrics::mailbox_depth() const {
  const auto now = mailbox();
  return now ? now->waiting() : 0;
}

std::uint64_t actor_metrics::mailbox_depth_max() {
  const std::lock_guard lock(mutex_);
  // Also what waits for an actor that takes nothing.
  if (mailbox_) deepest_ = std::max({deepest_, mailbox_->deepest(), mailbox_->waiting()});
  return deepest_;
}

bool actor_metrics::handling() const {
  const auto now = mailbox();
  return now && now->handling();
}

actor_metrics& actor_metrics_table::of(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const auto& e) { return e->name == name; });
  if (at != entries_.end()) return **at;
  return *entries_.emplace_back(std::make_unique<actor_metrics>(std::string(name)));
}

std::vector<const actor_metrics*> actor_metrics_table::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<const actor_metrics*> out;
  for (const auto& e : entries_) out.push_back(e.get());
  return out;
}

void actor_metrics_table::collect(metrics::visitor& v) const {
  const std::lock_guard lock(mutex_);
  for (const auto& m : entries_) {
    const metrics::labels l{{"actor", m->name}};
    v.on_counter("weft_actor_messages_total", "Messages an actor has handled.", l,
                 static_cast<double>(m->handled()));
    v.on_gauge("weft_actor_mailbox_depth", "Messages waiting for the actor now.", l,
               static_cast<double>(m->mailbox_depth()));
    v.on_gauge("weft_actor_mailbox_depth_max", "Most messages that have waited for the actor.", l,
               static_cast<double>(m->mailbox_depth_max()));
    v.read("weft_actor_alive", "Whether the actor runs.", l, m->alive);
    v.count("weft_actor_restarts_total", "Restarts of an actor after it ended on its own.", l,
            m->restarts);
    v.count("weft_actor_unanswered_total", "Health probes an actor did not answer in time.", l,
            m->unanswered);
  }
}

}  // namespace weft::actors
