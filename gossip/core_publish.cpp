// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace weft::gossip {

// -- the message cache ---

/// Holds an accepted message for those who will ask; the oldest make room.
cached_message& gossip_core::impl::cache(topic_slot topic, std::uint64_t hash, const message_id& id,
                                         const chunk_view& frame) {
  // Counted first, so that making room cannot end the topic.
  ++topics_[topic]->held;
  while (!cache_.empty() && cache_bytes_ + frame.size() > config_.cache_bytes_max) {
    ++counters_.cache_evictions;
    evict_cached();
  }
  cached_message held;
  held.id = id;
  held.topic = topic;
  held.frame = frame;
  held.number = next_number_++;
  held.beat = beat_;
  cache_bytes_ += frame.size();
  return cache_.push(hash, std::move(held));
}

void gossip_core::impl::evict_cached() {
  const topic_slot topic = cache_.front().topic;
  cache_bytes_ -= cache_.front().frame.size();
  --topics_[topic]->held;
  cache_.pop_front();
  release_topic(topic);
}

/// Numbers are given in order and leave in order.
const cached_message* gossip_core::impl::cached_number(std::uint64_t number) const {
  if (cache_.empty() || number < cache_.front().number) return nullptr;
  const std::uint64_t offset = number - cache_.front().number;
  return offset < cache_.size() ? &cache_.at(offset) : nullptr;
}

// -- spreading ---

/// A message for one peer, in the way that suits it.
gossip_core::impl::told gossip_core::impl::tell(peer_slot slot, topic_slot topic,
                                                std::uint64_t hash, const cached_message& held,
                                                send_class klass, std::uint64_t tag, bool lazily) {
  peer_state& peer = peers_[slot];
  if (unwanted(peer, hash)) {
    ++counters_.copies_saved;
    return told::no;
  }
  if (peer.weft && lazily) {
    announce(slot, topic, held.number);
    return told::announced;
  }
  if (peer.weft && held.frame.size() >= config_.lazy.push_bytes_min) {
    if (!push(slot, held, klass == send_class::own)) {
      announce(slot, topic, held.number);
      return told::announced;
    }
  } else {
    emit(slot, klass, held.frame, tag);
  }
  klass == send_class::own ? ++counters_.copies_own : ++counters_.copies_forwarded;
  return told::whole;
}

void gossip_core::impl::forward(topic_slot topic, std::uint64_t hash, const cached_message& held,
                                std::span<const peer_ref> from) {
  for (const mesh_entry& member : topics_[topic]->mesh) {
    if (std::ranges::find(from, ref(member.peer)) != from.end()) continue;
    tell(member.peer, topic, hash, held, send_class::forward, 0, !member.eager());
  }
}

void gossip_core::impl::spread_own(topic_slot topic, std::uint64_t hash, const cached_message& held,
                                   published& outcome) {
  topic_state& t = *topics_[topic];
  const auto give = [&](peer_slot slot, bool lazily) {
    const told what = tell(slot, topic, hash, held, send_class::own, held.number, lazily);
    if (what == told::whole) ++outcome.queued;
    if (what == told::announced) ++outcome.announced;
  };
  if (!t.subscribed) fill_fanout(topic);
  for (const mesh_entry& member : t.mesh) give(member.peer, !member.eager());
  for (const peer_slot slot : t.fanout) give(slot, false);
  if (!config_.flood_publish) return;
  for (const peer_slot slot : t.peers) {
    if (t.member(slot) || std::ranges::binary_search(t.fanout, slot)) continue;
    // A Weft peer fetches what its own mesh does not bring in time.
    if (above(slot, config_.score.publish_threshold)) give(slot, true);
  }
}

void gossip_core::impl::fill_fanout(topic_slot topic) {
  topic_state& t = *topics_[topic];
  if (t.fanout.size() >= config_.degree) return;
  const auto chosen = fanout_candidates(t, config_.degree - t.fanout.size());
  t.fanout.insert(t.fanout.end(), chosen.begin(), chosen.end());
  std::ranges::sort(t.fanout);
}

// -- own messages ---

result<message_id> gossip_core::impl::publish(std::uint64_t ticket, std::string_view name,
                                              const chunk_view& data) {
  WEFT_TRY(topic_state * t, topic_for_rules(name));
  const topic_slot topic = *find_topic(as_bytes(name));
  auto sent = publish_in(ticket, *t, topic, data);
  release_topic(topic);
  return sent;
}

result<message_id> gossip_core::impl::publish_in(std::uint64_t ticket, topic_state& t,
                                                 topic_slot topic, const chunk_view& data) {
  if (publications_.size() >= config_.publications_max)
    return fail(ec::limit, std::to_string(config_.publications_max)
                               + " messages await their outcome; publish more slowly");
  message_fields fields;
  fields.data = data.bytes();
  fields.topic = as_bytes(*t.name);
  const auto sequence = write_sequence(sequence_ + 1);
  crypto::ed25519_signature signature{};
  if (config_.signatures == signature_policy::strict_sign) {
    fields.author = self_.bytes();
    fields.sequence = bytes_view(sequence);
    fields.signature = bytes_view(signature);
  }
  constexpr std::size_t field_overhead = 8;
  if (message_size(fields) + field_overhead > config_.frame_bytes_max)
    return fail(ec::oversized, "a message of " + std::to_string(data.size())
                                   + " bytes does not fit into gossip frame_bytes_max ("
                                   + std::to_string(config_.frame_bytes_max) + ")");
  const auto id = identify(fields, config_);
  if (!id) return fail(ec::bad_argument, "the message has no id");
  const std::uint64_t hash = hash_of(id->bytes());
  if (seen_.find(hash)) return fail(ec::exists, "a message of the same id was seen");
  if (fields.signature) {
    ++sequence_;
    write_signed_text(fields, scratch_);
    signature = crypto_.sign(scratch_);
  }
  ++counters_.published;
  t.last_message = t.last_publish = now_;
  if (t.subscribed) begin_tree(topic);
  remember(hash, no_peer, false);
  const cached_message& held = cache(topic, hash, *id, encode_publish(fields));
  publication record{{ticket, *id}, hash, now_ + config_.outcome_timeout};
  spread_own(topic, hash, held, record.outcome);
  if (record.outcome.queued == 0)
    out_->outcomes.push_back(record.outcome);
  else
    publications_.emplace(held.number, record);
  return *id;
}

// -- what became of them ---

void gossip_core::impl::fate_of_send(const peer_id& peer, std::uint64_t tag, fate what) {
  conclude(tag, what == fate::sent);
  if (what == fate::sent) return;
  // The queue had no room for an own message: a Weft peer may fetch it when there is.
  const peer_slot slot = slot_of(peer);
  const cached_message* held = cached_number(tag);
  if (slot != no_peer && peers_[slot].weft && held != nullptr) announce(slot, held->topic, tag);
}

void gossip_core::impl::conclude(std::uint64_t number, bool sent) {
  const auto found = publications_.find(number);
  if (found == publications_.end()) return;
  published& outcome = found->second.outcome;
  sent ? ++outcome.sent : ++outcome.dropped;
  if (outcome.sent + outcome.dropped < outcome.queued) return;
  out_->outcomes.push_back(outcome);
  publications_.erase(found);
}

void gossip_core::impl::expire_publications() {
  while (!publications_.empty() && publications_.begin()->second.until <= now_) {
    ++counters_.outcomes_incomplete;
    out_->outcomes.push_back(publications_.begin()->second.outcome);
    publications_.erase(publications_.begin());
  }
}

}  // namespace weft::gossip
