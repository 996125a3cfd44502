// SPDX-License-Identifier: MIT
#include "base/wire.hpp"
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

namespace {

/// A smaller message is copied: as a part of a receive buffer it would hold much more memory than
/// it is counted for.
constexpr std::size_t copied_below = 4096;

/// Where the data, which is there, begins in an RPC of one canonical message.
std::size_t data_offset(const message_fields& m) noexcept {
  const auto field = [](std::size_t size) { return 1 + uvarint_size(size) + size; };
  std::size_t at = 1 + uvarint_size(message_size(m));
  if (m.author) at += field(m.author->size());
  return at + 1 + uvarint_size(m.data->size());
}

chunk_view frame_of(const chunk_view& rpc, const publish_entry& entry) {
  if (!entry.canonical) return encode_publish(entry.fields);
  if (entry.size < copied_below)
    return chunk_view::copy(rpc.bytes().subspan(entry.offset, entry.size));
  return rpc.part(entry.offset, entry.size);
}

}  // namespace

void gossip_core::impl::frame(const peer_id& from, const chunk_view& rpc) {
  ++counters_.frames_received;
  counters_.bytes_received += rpc.size();
  const peer_slot slot = slot_of(from);
  if (slot == no_peer) return drop(drop_reason::not_neighbour);
  if (peers_[slot].graylisted) return drop(drop_reason::graylisted);
  if (rpc.size() > config_.frame_bytes_max) return drop(drop_reason::oversized);
  if (!decode_rpc(rpc, rpc_)) {
    drop(drop_reason::malformed);
    return blame_behaviour(slot);
  }
  take_control(slot);
  messages(slot, rpc);
}

/// Only messages are taken of a push: it overtakes the stream of control messages, whose order
/// matters.
void gossip_core::impl::push_frame(const peer_id& from, const chunk_view& tagged) {
  ++counters_.frames_received;
  counters_.bytes_received += tagged.size();
  const peer_slot slot = slot_of(from);
  if (slot == no_peer) return drop(drop_reason::not_neighbour);
  if (peers_[slot].graylisted) return drop(drop_reason::graylisted);
  constexpr std::size_t tag_bytes = 8;
  if (tagged.size() > config_.frame_bytes_max + tag_bytes) return drop(drop_reason::oversized);
  if (tagged.size() < tag_bytes || !decode_rpc(tagged.bytes().subspan(tag_bytes), rpc_)) {
    drop(drop_reason::malformed);
    return blame_behaviour(slot);
  }
  if (!expected_push(slot, read_sequence(tagged.bytes().first(tag_bytes))))
    drop(drop_reason::push_unexpected);
  messages(slot, tagged.part(tag_bytes));
}

void gossip_core::impl::messages(peer_slot slot, const chunk_view& rpc) {
  for (const publish_entry& entry : rpc_.messages) {
    // A peer that fell this far with its last message has no say in the rest.
    if (peers_[slot].graylisted) return drop(drop_reason::graylisted);
    message(slot, rpc, entry);
  }
}

void gossip_core::impl::message(peer_slot slot, const chunk_view& rpc, const publish_entry& entry) {
  const message_fields& fields = entry.fields;
  const auto topic = fields.topic ? find_topic(*fields.topic) : std::nullopt;
  if (!topic || !topics_[*topic]->subscribed) return drop(drop_reason::not_subscribed);
  const auto author = check_policy(fields, config_.signatures);
  const auto id = author ? identify(fields, config_) : std::nullopt;
  if (!id) {
    drop(drop_reason::policy);
    return blame_invalid(slot);
  }
  const arrival a{slot, *topic, hash_of(id->bytes()), *author, *id};
  if (seen_.find(a.hash)) return duplicate(slot, *topic, a.hash, entry.size);
  // Not blamed: after a restart, honest peers may still pass on what this node said before.
  if (author->author == self_) return drop(drop_reason::own_author);
  // Only what verifies is remembered, or a forged copy could keep the true one out.
  if (!verified(slot, entry, *author)) return;
  first(a, rpc, entry);
}

bool gossip_core::impl::verified(peer_slot slot, const publish_entry& entry,
                                 const message_author& author) {
  if (!author.author) return true;
  ++counters_.verifications;
  if (verify(entry.fields, *author.author, crypto_, scratch_)) return true;
  drop(drop_reason::bad_signature);
  blame_invalid(slot);
  return false;
}

void gossip_core::impl::duplicate(peer_slot slot, topic_slot topic, std::uint64_t hash,
                                  std::size_t size) {
  topic_state& t = *topics_[topic];
  ++counters_.duplicate_messages;
  counters_.duplicate_bytes += size;
  ++t.duplicates;
  t.duplicate_bytes += size;
  if (!validations_.empty()) join_validation(slot, hash);
  if (!peers_[slot].weft) return;
  // It may be waiting to be told of the message.
  if (!peers_[slot].announcing.empty()) mark_unwanted(peers_[slot], hash);
  const seen_message& seen = *seen_.find(hash);
  if (seen.from == slot) return;
  if (!seen.pulled || !t.member(slot)) return;
  ++counters_.pulls_needless;
  t.lag.sample(now_ - seen.at + grace(t));
}

void gossip_core::impl::first(const arrival& a, const chunk_view& rpc, const publish_entry& entry) {
  topic_state& t = *topics_[a.topic];
  ++counters_.first_messages;
  counters_.first_bytes += entry.size;
  ++t.first;
  t.last_message = now_;
  t.first_bytes += entry.size;
  if (entry.size >= config_.idontwant_bytes_min) call_off_elsewhere(t, a.from, a.id);
  const bool pulled = !wants_.empty() && settle_want(a.hash, a.from);
  t.pulled_in_row = pulled ? t.pulled_in_row + 1 : 0;
  if (pulled) heal(a.topic, a.from);
  remember(a.hash, a.from, pulled);
  if (mesh_entry* member = t.member(a.from)) member->last_first = now_;
  chunk_view frame = frame_of(rpc, entry);
  delivery message{t.name, a.id, a.author.author, peers_[a.from].known.peer, a.author.sequence, {}};
  if (entry.fields.data)
    message.data = frame.part(data_offset(entry.fields), entry.fields.data->size());
  validate(a, std::move(message), std::move(frame));
}

/// IDONTWANT (gossipsub 1.2), before anybody's validator is asked. After the signature, though: a
/// forged copy must not keep the true one away.
void gossip_core::impl::call_off_elsewhere(const topic_state& t, peer_slot from,
                                           const message_id& id) {
  chunk_view frame;
  for (const mesh_entry& member : t.mesh) {
    if (member.peer == from || !member.eager()) continue;
    if (peers_[member.peer].known.speaks != version::v1_2) continue;
    if (frame.empty()) {
      const bytes_view bytes = id.bytes();
      shared_.idontwant({&bytes, 1});
      frame = shared_.take();
    }
    ++counters_.idontwant_ids_sent;
    emit(member.peer, send_class::control, frame);
  }
}

void gossip_core::impl::expire_seen() {
  while (!seen_.empty() && now_ - seen_.front().at >= config_.seen_ttl) seen_.pop_front();
}

void gossip_core::impl::remember(std::uint64_t hash, peer_slot from, bool pulled) {
  expire_seen();
  if (seen_.size() >= seen_max_) {
    ++counters_.seen_evictions;
    seen_.pop_front();
  }
  seen_.push(hash, {now_, from, pulled});
}

// -- validation ---

void gossip_core::impl::validate(const arrival& a, delivery&& message, chunk_view&& frame) {
  topic_state& t = *topics_[a.topic];
  if (t.check) {
    const verdict what = t.check(message);
    if (what == verdict::reject) {
      drop(drop_reason::rejected);
      return blame_invalid(a.from);
    }
    if (what == verdict::ignore) return drop(drop_reason::ignored);
  }
  const peer_ref from = ref(a.from);
  if (!t.outside) return accept(a.topic, a.hash, std::move(message), std::move(frame), {&from, 1});
  if (validations_.size() >= config_.validations_max
      || validation_bytes_ + frame.size() > config_.validation_bytes_max)
    return drop(drop_reason::validation_full);
  validation_bytes_ += frame.size();
  ++t.held;
  const std::uint64_t ticket = next_ticket_++;
  out_->validations.push_back({ticket, message});
  validating_.emplace(a.hash, ticket);
  validations_.emplace(ticket, open_validation{std::move(message),
                                               std::move(frame),
                                               a.topic,
                                               a.hash,
                                               now_ + config_.validation_timeout,
                                               {from}});
}

/// Another peer sent what is being validated: it shares the blame, and needs no copy.
void gossip_core::impl::join_validation(peer_slot slot, std::uint64_t hash) {
  const auto found = validating_.find(hash);
  if (found == validating_.end()) return;
  constexpr std::size_t remembered_max = 16;
  auto& senders = validations_.at(found->second).from;
  const peer_ref from = ref(slot);
  if (senders.size() < remembered_max && std::ranges::find(senders, from) == senders.end())
    senders.push_back(from);
}

/// Ends a validation, whatever its outcome.
open_validation gossip_core::impl::close_validation(std::uint64_t ticket) {
  const auto found = validations_.find(ticket);
  open_validation open = std::move(found->second);
  validations_.erase(found);
  validating_.erase(open.hash);
  validation_bytes_ -= open.frame.size();
  --topics_[open.topic]->held;
  return open;
}

void gossip_core::impl::decide(std::uint64_t ticket, verdict what) {
  if (!validations_.contains(ticket)) return;
  open_validation open = close_validation(ticket);
  switch (what) {
    case verdict::accept:
      if (topics_[open.topic]->subscribed)
        accept(open.topic, open.hash, std::move(open.message), std::move(open.frame), open.from);
      break;
    case verdict::reject:
      drop(drop_reason::rejected);
      for (const peer_ref from : open.from)
        if (alive(from)) blame_invalid(from.slot);
      break;
    case verdict::ignore:
      drop(drop_reason::ignored);
      break;
  }
  release_topic(open.topic);
}

void gossip_core::impl::expire_validations() {
  while (!validations_.empty() && validations_.begin()->second.until <= now_) {
    drop(drop_reason::validation_timeout);
    release_topic(close_validation(validations_.begin()->first).topic);
  }
}

void gossip_core::impl::accept(topic_slot topic, std::uint64_t hash, delivery&& message,
                               chunk_view&& frame, std::span<const peer_ref> from) {
  ++counters_.delivered;
  const cached_message& held = cache(topic, hash, message.id, frame);
  out_->deliveries.push_back(std::move(message));
  forward(topic, hash, held, from);
}

}  // namespace weft::gossip
