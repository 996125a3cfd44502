// SPDX-License-Identifier: MIT
#include "actors/gossip_actor.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace weft::actors {

gossip_actor_impl::gossip_actor_impl(gossip_actor::pointer self, gossip_parts parts)
    : self_(self),
      parts_(std::move(parts)),
      host_(parts_.self, *parts_.crypto, parts_.config, parts_.random, *parts_.metrics,
            *parts_.port, *this),
      timer_(self) {
  host_.start(parts_.wall(), now());
  follow_topics();
  finish();
}

gossip_actor::behavior_type gossip_actor_impl::make_behavior() {
  return {
      [this](const transport::frame_batch_ptr& b) { on_frames(*b); },
      [this](const event_batch& b) { on_events(b); },
      [this](const cost_batch& b) { on_costs(b); },
      [this](atom::changed) {
        follow_topics();
        finish();
      },
      [this](atom::tick) { on_tick(); },
      [this](const publish_question& q) { on_publish(q); },
      [this](const publish_batch& b) { on_publish_batch(b); },
      [this](const topics_question& q) { on_topics(q); },
      [](atom::status) { return actor_status{}; },
  };
}

// -- events ---

void gossip_actor_impl::on_frames(const transport::frame_batch& batch) {
  host_.on_frames(batch, now());
  finish();
}

void gossip_actor_impl::on_events(const event_batch& batch) {
  for (const auto& e : batch.events) host_.on_event(e, now());
  finish();
}

void gossip_actor_impl::on_costs(const cost_batch& batch) {
  for (const auto& c : batch.costs) host_.on_rtt(c.peer, c.round_trip);
}

void gossip_actor_impl::on_tick() {
  timer_.on_tick(now());
  host_.on_deadline(now());
  finish();
}

void gossip_actor_impl::follow_topics() {
  const auto wanted = parts_.topics->wanted();
  for (auto at = followed_.begin(); at != followed_.end();) {
    if (std::binary_search(wanted.begin(), wanted.end(), *at)) {
      ++at;
      continue;
    }
    static_cast<void>(host_.unsubscribe(*at, now()));
    at = followed_.erase(at);
  }
  for (const auto& topic : wanted) {
    if (followed_.contains(topic)) continue;
    // Tried again with the next change: a topic too many is told to the operator, not lost sight
    // of.
    if (const auto done = host_.subscribe(topic, now()); !done)
      log::warn("gossip", "subscribe_failed", {{"topic", topic}, {"error", done.error()}});
    else
      followed_.insert(topic);
  }
}

// -- publishing ---

void gossip_actor_impl::publish(const std::string& topic, const chunk_view& body, asker who) {
  const auto ticket = next_ticket_++;
  // The outcome may come before the call is over, when no peer is there.
  const auto at = askers_.emplace(ticket, std::move(who)).first;
  const auto id = host_.publish(ticket, topic, body, now());
  if (!id) {
    answer(at->second, fail(id.error()));
    askers_.erase(at);
    return;
  }
  if (!followed_.contains(topic)) return;
  parts_.topics->deliver({.topic = topic,
                          .id = to_hex(id->bytes()),
                          .author = parts_.self,
                          .via = parts_.self,
                          .sequence = 0,
                          .body = body,
                          .received_at = parts_.wall()});
}

void gossip_actor_impl::on_publish(const publish_question& q) {
  publish(q.topic, q.body, q.answer);
  finish();
}

std::uint32_t gossip_actor_impl::job_number(const job_actor& owner) {
  for (const auto& [number, entry] : jobs_)
    if (entry.owner == owner) return number;
  jobs_.emplace(next_job_, job_entry{owner, 0, {}});
  return next_job_++;
}

void gossip_actor_impl::on_publish_batch(const publish_batch& batch) {
  const auto number = job_number(batch.owner);
  for (const auto& item : batch.items) {
    ++jobs_.at(number).open;
    publish(batch.topic, item.body, job_item{number, item.ticket});
  }
  finish();
}

void gossip_actor_impl::answer(const asker& who, result<publish_outcome> outcome) {
  if (const auto* outside = std::get_if<reply<publish_outcome>>(&who))
    return (*outside)(std::move(outcome));
  const auto& item = std::get<job_item>(who);
  auto& job = jobs_.at(item.job);
  --job.open;
  job.ready.items.push_back({item.ticket, std::move(outcome)});
}

void gossip_actor_impl::on_topics(const topics_question& q) {
  std::vector<topic_view> out;
  for (const auto& t : host_.core().topics()) {
    topic_view view{*t.topic, t.subscribed, {}, t.subscribers};
    for (const auto& member : t.mesh) view.mesh.push_back(member.peer);
    out.push_back(std::move(view));
  }
  q.answer(std::move(out));
}

// -- the host's listener ---

void gossip_actor_impl::on_gossip_deliveries(std::vector<gossip::delivery>&& messages) {
  const auto wall = parts_.wall();
  for (auto& m : messages)
    parts_.topics->deliver({.topic = *m.topic,
                            .id = to_hex(m.id.bytes()),
                            .author = m.author,
                            .via = m.via,
                            .sequence = m.sequence,
                            .body = std::move(m.data),
                            .received_at = wall});
}

void gossip_actor_impl::on_gossip_outcomes(std::vector<gossip::published>&& outcomes) {
  for (const auto& o : outcomes) {
    const auto at = askers_.find(o.ticket);
    if (at == askers_.end()) continue;
    const auto who = std::move(at->second);
    askers_.erase(at);
    answer(who, publish_outcome{to_hex(o.id.bytes()), o.queued, o.sent, o.dropped, o.announced});
  }
}

void gossip_actor_impl::on_gossip_validations(std::vector<gossip::validation>&&) {
  // No topic of this node is validated outside.
}

void gossip_actor_impl::on_gossip_connect(std::vector<gossip::connect_wish>&& wishes) {
  const auto session = parts_.links->session();
  if (!session) return;
  for (auto& w : wishes) tell(self_, *session, peer_discovered{w.peer, std::move(w.addresses)});
}

void gossip_actor_impl::on_gossip_meshes(std::vector<gossip::mesh_change>&& changes) {
  const auto session = parts_.links->session();
  if (!session) return;
  session_needs needs{transport::session_user::gossip, {}};
  for (const auto& c : changes) needs.items.push_back({c.peer, c.member});
  tell(self_, *session, std::move(needs));
}

// -- the end of a round ---

void gossip_actor_impl::finish() {
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    auto& job = at->second;
    if (!job.ready.items.empty()) tell(self_, job.owner, std::exchange(job.ready, {}));
    at = job.open == 0 ? jobs_.erase(at) : std::next(at);
  }
  timer_.arm(host_.next_deadline(), now());
}

}  // namespace weft::actors
