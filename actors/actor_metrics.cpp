// SPDX-License-Identifier: MIT
#include "actors/actor_metrics.hpp"

#include <algorithm>

namespace weft::actors {

void actor_metrics::on_handled(std::size_t waiting) noexcept {
  ++handled;
  const auto depth = static_cast<std::int64_t>(waiting);
  mailbox_depth.set(depth);
  if (depth > mailbox_depth_max.value()) mailbox_depth_max.set(depth);
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
  for (const auto* m : all()) {
    const metrics::labels l{{"actor", m->name}};
    v.count("weft_actor_messages_total", "Messages an actor has handled.", l, m->handled);
    v.read("weft_actor_mailbox_depth", "Messages waiting when the actor last handled one.", l,
           m->mailbox_depth);
    v.read("weft_actor_mailbox_depth_max", "Most messages an actor has found waiting.", l,
           m->mailbox_depth_max);
    v.read("weft_actor_alive", "Whether the actor runs.", l, m->alive);
    v.count("weft_actor_restarts_total", "Restarts of an actor after it ended on its own.", l,
            m->restarts);
    v.count("weft_actor_unanswered_total", "Health probes an actor did not answer in time.", l,
            m->unanswered);
  }
}

}  // namespace weft::actors
