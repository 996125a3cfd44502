// SPDX-License-Identifier: MIT
#include "messaging/core_state.hpp"

#include <algorithm>
#include <cstring>

namespace weft::messaging {

namespace {

std::uint64_t random_u64(const byte_source& secrets) {
  std::array<std::uint8_t, 8> bytes{};
  secrets(bytes);
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

}  // namespace

std::size_t channel_id_hash::operator()(const channel_id& id) const noexcept {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::memcpy(&low, id.data(), 8);
  std::memcpy(&high, id.data() + 8, 8);
  // Ids are chosen by others: a secret multiplier keeps them from choosing collisions.
  std::uint64_t mixed = (low ^ secret) * 0x9e3779b97f4a7c15ull;
  mixed ^= mixed >> 32;
  mixed = (mixed + high) * (secret | 1);
  return static_cast<std::size_t>(mixed ^ mixed >> 29);
}

core_state::core_state(const crypto::ed25519_private_key& identity, const messaging_config& config,
                       rng random, byte_source secrets, messaging_metrics& metrics,
                       const next_hop_source& hops)
    : identity_(identity),
      config_(config),
      random_(random),
      secrets_(std::move(secrets)),
      metrics_(metrics),
      hops_(hops),
      by_channel_(0, channel_id_hash{random_.next()}),
      remembered_(0, channel_id_hash{random_.next()}) {}

const peer_state* core_state::find_peer(const peer_id& id) const {
  const auto at = by_peer_.find(id);
  return at == by_peer_.end() ? nullptr : peers_[at->second].get();
}

result<std::uint32_t> core_state::need_peer(const peer_id& id, const step& s) {
  if (const auto at = by_peer_.find(id); at != by_peer_.end()) {
    peers_[at->second]->used = s.now;
    return at->second;
  }
  const auto key = id.ed25519_key();
  if (!key) return fail(ec::bad_argument, "messages need an Ed25519 peer id (12D3KooW…)");
  if (auto valid = crypto::x25519_from_ed25519(*key); !valid) return fail(std::move(valid.error()));
  if (by_peer_.size() >= config_.peers_max && !evict_idle_peer()) {
    ++metrics_.dropped[drop_reason::peer_limit];
    return fail(ec::limit, "peers_max destinations have unfinished messages");
  }
  auto p = std::make_unique<peer_state>();
  p->id = id;
  p->key = *key;
  p->used = s.now;
  p->volatile_id = random_u64(secrets_);
  p->durable_id = random_u64(secrets_);
  p->payload_id = random_u64(secrets_);
  for (const message_class klass : both_classes) p->lanes[klass].window = config_.window_messages;
  std::uint32_t index = 0;
  if (free_peers_.empty()) {
    index = static_cast<std::uint32_t>(peers_.size());
    peers_.push_back(std::move(p));
  } else {
    index = free_peers_.back();
    free_peers_.pop_back();
    peers_[index] = std::move(p);
  }
  by_peer_.emplace(id, index);
  metrics_.peers.set(static_cast<std::int64_t>(by_peer_.size()));
  need_sweep(s.now);
  return index;
}

bool core_state::evict_idle_peer() {
  std::uint32_t oldest = no_index;
  for (std::uint32_t i = 0; i < peers_.size(); ++i) {
    const peer_state* p = peers_[i].get();
    if (!p || p->held_messages() > 0 || p->reassembles()) continue;
    if (oldest == no_index || p->used < peers_[oldest]->used) oldest = i;
  }
  if (oldest == no_index) return false;
  forget_peer(oldest);
  return true;
}

void core_state::forget_peer(std::uint32_t index) {
  peer_state& p = *peers_[index];
  while (!p.channels.empty()) drop_channel(p.channels.back());
  by_peer_.erase(p.id);
  peers_[index].reset();
  free_peers_.push_back(index);
  metrics_.peers.set(static_cast<std::int64_t>(by_peer_.size()));
}

channel_state* core_state::channel_of(std::uint64_t token) {
  const handle h = handle::unpack(token);
  if (h.index >= channels_.size() || !channels_[h.index]) return nullptr;
  channel_state& c = *channels_[h.index];
  return c.generation == h.generation ? &c : nullptr;
}

std::uint64_t core_state::token_of(std::uint32_t channel) const {
  return handle{channel, channels_[channel]->generation}.pack();
}

std::uint32_t core_state::add_channel(channel keys, std::uint32_t peer, const step& s) {
  make_room_for_channel(peer);
  auto c = std::make_unique<channel_state>(std::move(keys));
  c->peer = peer;
  c->generation = ++channel_generation_;
  c->opened = s.now;
  c->used = s.now;
  c->reply_hop_limit = config_.default_hop_limit;
  // Far enough back for the first acknowledgement to leave at once.
  c->acked = s.now - config_.ack_interval;
  const channel_id id = c->keys.id();
  std::uint32_t index = 0;
  if (free_channels_.empty()) {
    index = static_cast<std::uint32_t>(channels_.size());
    channels_.push_back(std::move(c));
  } else {
    index = free_channels_.back();
    free_channels_.pop_back();
    channels_[index] = std::move(c);
  }
  by_channel_.emplace(id, index);
  peers_[peer]->channels.push_back(index);
  peers_[peer]->preferred = index;
  metrics_.channels.set(static_cast<std::int64_t>(by_channel_.size()));
  return index;
}

void core_state::make_room_for_channel(std::uint32_t peer) {
  auto& own = peers_[peer]->channels;
  while (own.size() >= config_.channels_per_peer_max) {
    ++metrics_.channels_evicted;
    drop_channel(own.front());
  }
  if (by_channel_.size() < config_.channels_max) return;
  std::uint32_t oldest = no_index;
  for (std::uint32_t i = 0; i < channels_.size(); ++i) {
    if (!channels_[i]) continue;
    if (oldest == no_index || channels_[i]->used < channels_[oldest]->used) oldest = i;
  }
  ++metrics_.channels_evicted;
  ++metrics_.dropped[drop_reason::channel_limit];
  drop_channel(oldest);
}

void core_state::drop_channel(std::uint32_t index) {
  channel_state& c = *channels_[index];
  peer_state& p = *peers_[c.peer];
  lose_channel(c);
  std::erase(p.channels, index);
  if (p.preferred == index) p.preferred = no_index;
  by_channel_.erase(c.keys.id());
  channels_[index].reset();
  free_channels_.push_back(index);
  std::erase(ack_list_, index);
  metrics_.channels.set(static_cast<std::int64_t>(by_channel_.size()));
}

channel_state* core_state::sending_channel(std::uint32_t peer, const step& s) {
  peer_state& p = *peers_[peer];
  if (p.preferred != no_index) {
    channel_state& c = *channels_[p.preferred];
    if (c.keys.next_sequence() < config_.rekey_messages && s.now - c.opened < config_.rekey_after)
      return &c;
  }
  auto opened = channel::initiate(identity_, p.key, secrets_);
  if (!opened) {
    ++metrics_.seal_failures;
    return nullptr;
  }
  ++metrics_.channels_opened;
  return channels_[add_channel(std::move(*opened), peer, s)].get();
}

handle core_state::add_message(std::uint32_t peer) {
  std::uint32_t index = 0;
  if (free_messages_.empty()) {
    index = static_cast<std::uint32_t>(messages_.size());
    messages_.emplace_back();
  } else {
    index = free_messages_.back();
    free_messages_.pop_back();
  }
  outgoing& m = messages_[index];
  m.used = true;
  m.peer = peer;
  return {index, m.generation};
}

std::size_t core_state::outstanding() const noexcept {
  return held_[message_class::volatile_].messages + held_[message_class::durable].messages;
}

std::size_t core_state::held_bytes() const noexcept {
  return held_[message_class::volatile_].bytes + held_[message_class::durable].bytes;
}

void core_state::show_held() {
  metrics_.queued.set(static_cast<std::int64_t>(outstanding()));
  metrics_.queued_bytes.set(static_cast<std::int64_t>(held_bytes()));
}

void core_state::hold(const outgoing& m) {
  lane& l = peers_[m.peer]->lanes[m.klass];
  held& all = held_[m.klass];
  l.held_messages += 1;
  l.held_bytes += m.body.size();
  all.messages += 1;
  all.bytes += m.body.size();
  show_held();
}

outgoing* core_state::message_of(handle h) {
  if (h.index >= messages_.size()) return nullptr;
  outgoing& m = messages_[h.index];
  return m.used && m.generation == h.generation ? &m : nullptr;
}

void core_state::finish(handle h, receipt_status status, ec why, std::uint8_t hops,
                        wall_time received, const step& s) {
  outgoing& m = messages_[h.index];
  const duration latency = s.now - m.accepted;
  if (status == receipt_status::delivered) {
    ++metrics_.acknowledged;
    metrics_.latency.observe(to_seconds(latency));
  } else {
    ++metrics_.failed;
  }
  s.out.receipts.push_back({m.id, peers_[m.peer]->id, status, why, hops, latency, received});
  if (m.klass == message_class::durable && !m.storing)
    s.out.store.operations.emplace_back(remove_outbound{m.id});
  release(h, s);
}

void core_state::release(handle h, const step& s) {
  outgoing& m = messages_[h.index];
  peer_state& p = *peers_[m.peer];
  lane& l = p.lanes[m.klass];
  const std::size_t bytes = m.body.size();
  l.held_messages -= 1;
  l.held_bytes -= bytes;
  held_[m.klass].messages -= 1;
  held_[m.klass].bytes -= bytes;
  show_held();
  if (m.large) std::erase_if(l.payloads, [&](handle o) { return o.index == h.index; });
  if (m.klass == message_class::volatile_ && !m.large) {
    p.span[static_cast<std::size_t>(m.id.counter() - p.span_base)] = 1;
    while (!p.span.empty() && p.span.front() != 0) {
      p.span.pop_front();
      ++p.span_base;
    }
  }
  const message_class klass = m.klass;
  const std::uint32_t generation = m.generation + 1;
  m = outgoing{};
  m.generation = generation;
  free_messages_.push_back(h.index);
  if (l.refused) tell_writable(p, klass, l, s);
}

}  // namespace weft::messaging
