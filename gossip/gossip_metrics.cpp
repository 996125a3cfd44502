// SPDX-License-Identifier: MIT
#include "gossip/gossip_metrics.hpp"

#include <array>

namespace weft::gossip {

std::string_view to_string(drop_reason reason) noexcept {
  constexpr std::array<std::string_view, static_cast<std::size_t>(drop_reason::count_)> names{
      "malformed",          "oversized",        "not_neighbour",   "graylisted",
      "not_subscribed",     "policy",           "own_author",      "bad_signature",
      "rejected",           "ignored",          "validation_full", "validation_timeout",
      "subscription_limit", "ihave_score",      "ihave_frames",    "ihave_ids",
      "iwant_score",        "iwant_ids",        "iwant_repeated",  "iwant_bytes",
      "iwant_unknown",      "idontwant_frames", "idontwant_ids",   "mesh_entries",
      "graft_topic",        "graft_backoff",    "graft_score",     "graft_full",
      "backoff_limit",      "exchange_score",   "exchange_limit",  "exchange_record",
      "announcements",      "wanted_full",      "waves",           "pull_unknown",
      "pull_limit",         "push_unexpected",
  };
  static_assert(!names.back().empty());
  const auto index = static_cast<std::size_t>(reason);
  return index < names.size() ? names[index] : std::string_view{"unknown"};
}

namespace {

void collect_state(const gossip_metrics& m, metrics::visitor& v) {
  v.read("weft_gossip_peers", "Connected peers that speak gossipsub.", {}, m.peers);
  v.read("weft_gossip_topics", "Topics known, of this node or of a peer.", {}, m.topics);
  v.read("weft_gossip_subscribed", "Topics this node follows.", {}, m.subscribed);
  v.read("weft_gossip_mesh_peers", "Mesh memberships over all topics.", {}, m.mesh);
  v.read("weft_gossip_seen_entries", "Message ids remembered against duplicates.", {},
         m.seen_entries);
  v.read("weft_gossip_seen_bytes", "Memory of the remembered ids.", {}, m.seen_bytes);
  v.read("weft_gossip_cache_entries", "Messages held for those who ask.", {}, m.cache_entries);
  v.read("weft_gossip_cache_bytes", "Bytes of the messages held.", {}, m.cache_bytes);
  v.read("weft_gossip_wanted", "Messages announced and not yet here.", {}, m.wanted);
  v.count("weft_gossip_seen_evictions_total",
          "Ids forgotten before their time because the memory for them was full.", {},
          m.seen_evictions);
  v.count("weft_gossip_cache_evictions_total",
          "Messages dropped before their time because the cache was full.", {}, m.cache_evictions);
}

void collect_messages(const gossip_metrics& m, metrics::visitor& v) {
  constexpr auto frames = "weft_gossip_frames_total";
  constexpr auto frames_help = "Frames of the pubsub and push protocols.";
  v.count(frames, frames_help, {{"direction", "in"}}, m.frames_received);
  v.count(frames, frames_help, {{"direction", "out"}}, m.frames_sent);
  constexpr auto bytes = "weft_gossip_bytes_total";
  constexpr auto bytes_help = "Bytes of the frames.";
  v.count(bytes, bytes_help, {{"direction", "in"}}, m.bytes_received);
  v.count(bytes, bytes_help, {{"direction", "out"}}, m.bytes_sent);
  constexpr auto received = "weft_gossip_messages_received_total";
  constexpr auto received_help = "Messages received, for the first time or again.";
  v.count(received, received_help, {{"copy", "first"}}, m.first_messages);
  v.count(received, received_help, {{"copy", "again"}}, m.duplicate_messages);
  constexpr auto message_bytes = "weft_gossip_message_bytes_received_total";
  constexpr auto message_bytes_help = "Bytes of messages received, for the first time or again.";
  v.count(message_bytes, message_bytes_help, {{"copy", "first"}}, m.first_bytes);
  v.count(message_bytes, message_bytes_help, {{"copy", "again"}}, m.duplicate_bytes);
  v.count("weft_gossip_delivered_total", "Messages handed to the application.", {}, m.delivered);
  v.count("weft_gossip_published_total", "Messages of this node.", {}, m.published);
  constexpr auto copies = "weft_gossip_copies_total";
  constexpr auto copies_help
      = "Copies of messages queued for peers, and those saved because the peer had the message.";
  v.count(copies, copies_help, {{"kind", "own"}}, m.copies_own);
  v.count(copies, copies_help, {{"kind", "forwarded"}}, m.copies_forwarded);
  v.count(copies, copies_help, {{"kind", "answered"}}, m.copies_answered);
  v.count(copies, copies_help, {{"kind", "saved"}}, m.copies_saved);
  v.count("weft_gossip_verifications_total", "Signatures verified.", {}, m.verifications);
  v.count("weft_gossip_outcomes_incomplete_total",
          "Own messages whose outcome was told before every fate was known.", {},
          m.outcomes_incomplete);
}

void collect_control(const gossip_metrics& m, metrics::visitor& v) {
  constexpr auto name = "weft_gossip_control_total";
  constexpr auto help
      = "Control entries; for IHAVE, IWANT, IDONTWANT and announcements, their ids.";
  const auto both
      = [&](std::string_view kind, const metrics::counter& in, const metrics::counter& out) {
          v.count(name, help, {{"kind", kind}, {"direction", "in"}}, in);
          v.count(name, help, {{"kind", kind}, {"direction", "out"}}, out);
        };
  both("graft", m.grafts_received, m.grafts_sent);
  both("prune", m.prunes_received, m.prunes_sent);
  both("ihave", m.ihave_ids_received, m.ihave_ids_sent);
  both("iwant", m.iwant_ids_received, m.iwant_ids_sent);
  both("idontwant", m.idontwant_ids_received, m.idontwant_ids_sent);
  both("announce", m.announcements_received, m.announcements_sent);
  both("wave", m.waves_received, m.waves_sent);
  both("choke", m.chokes_received, m.chokes_sent);
  both("unchoke", m.unchokes_received, m.unchokes_sent);
  v.count("weft_gossip_promises_broken_total", "Messages promised by IHAVE that did not come.", {},
          m.promises_broken);
  v.count("weft_gossip_graylistings_total", "Peers whose score fell below the graylist threshold.",
          {}, m.graylistings);
  v.count("weft_gossip_peers_refused_total", "Peers beyond the limit.", {}, m.peers_refused);
  constexpr auto pulls = "weft_gossip_pulls_total";
  constexpr auto pulls_help
      = "Requests for announced messages: all, those sent because another was slow, those "
        "overtaken "
        "by the eager copy.";
  v.count(pulls, pulls_help, {{"event", "sent"}}, m.pulls);
  v.count(pulls, pulls_help, {{"event", "hedged"}}, m.hedges);
  v.count(pulls, pulls_help, {{"event", "needless"}}, m.pulls_needless);
  constexpr auto pushes = "weft_gossip_pushes_total";
  constexpr auto pushes_help = "Large messages sent on streams of their own, by event.";
  v.count(pushes, pushes_help, {{"event", "queued"}}, m.pushes_queued);
  v.count(pushes, pushes_help, {{"event", "started"}}, m.pushes_started);
  v.count(pushes, pushes_help, {{"event", "completed"}}, m.pushes_completed);
  v.count(pushes, pushes_help, {{"event", "called_off"}}, m.pushes_called_off);
  v.count(pushes, pushes_help, {{"event", "failed"}}, m.pushes_failed);
  v.count(pushes, pushes_help, {{"event", "expired"}}, m.pushes_expired);
}

}  // namespace

void gossip_metrics::collect(metrics::visitor& v) const {
  collect_state(*this, v);
  collect_messages(*this, v);
  collect_control(*this, v);
  dropped.collect(v, "weft_gossip_dropped_total",
                  "Frames, messages and control entries of peers that were not used.", "reason");
}

}  // namespace weft::gossip
