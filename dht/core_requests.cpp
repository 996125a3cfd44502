// SPDX-License-Identifier: MIT
#include "dht/core_impl.hpp"

#include <algorithm>

// What this node answers as a server.
namespace weft::dht {

namespace {

/// Left free for what follows the peers of an answer.
constexpr std::size_t closer_part = 2;

}  // namespace

void dht_core::impl::request(std::uint64_t token, const peer_id& from, const chunk_view& body) {
  std::optional<chunk_view> reply;
  const peer_slot slot = peers_.add(from);
  if (!server) {
    count(reject_reason::client_mode);
  } else if (slot == no_peer || !peers_.take_request(slot, now_)) {
    count(reject_reason::request_rate);
  } else if (const auto read = decode(body, config_, incoming_); !read) {
    count(read.error() == ec::oversized ? reject_reason::oversized : reject_reason::malformed);
  } else {
    ++counters_.requests_received[incoming_.type];
    peers_[slot].last_heard = now_;
    peers_[slot].suspect = false;
    reply = answer(from, slot, body);
  }
  out_->answers.push_back({token, std::move(reply)});
}

std::optional<chunk_view> dht_core::impl::answer(const peer_id& from, peer_slot slot,
                                                 const chunk_view& body) {
  const message& m = incoming_;
  switch (m.type) {
    case message_type::ping:
      return message_writer(message_type::ping, {}).finish();
    case message_type::put_value:
      return answer_put(from, body);
    case message_type::add_provider:
      take_provider(from, slot);
      return std::nullopt;
    default:
      break;
  }
  if (m.key.empty()) {
    count(reject_reason::malformed);
    return std::nullopt;
  }
  const kad_id target = kad_id::of(m.key);
  message_writer out(m.type, m.type == message_type::find_node ? bytes_view{} : m.key);
  if (m.type == message_type::get_value) {
    if (const held_record* held = records_.find(m.key, wall_))
      out.record(held->record.key, held->record.value, held->record.received);
  } else if (m.type == message_type::find_node) {
    const peer_slot asked = peers_.find(m.key.size() <= peer_id::bytes_max
                                            ? peer_id::from_bytes(m.key).value_or(peer_id{})
                                            : peer_id{});
    if (target == place_)
      add_self(out);
    else if (asked != no_peer && !peers_[asked].in_table && peers_[asked].connected)
      // A client, too, can be found by those it is connected to.
      out.closer(peers_[asked].id, peers_[asked].addresses, connection_kind::connected,
                 config_.message_bytes_max);
  }
  add_closer(out, target, slot);
  if (m.type == message_type::get_providers) add_providers(out);
  return out.finish();
}

void dht_core::impl::add_providers(message_writer& out) const {
  const bytes_view key = incoming_.key;
  const std::size_t most = config_.message_bytes_max;
  if (provided_.contains(as_text(key))) out.provider(self_, addresses, connection_kind::none, most);
  for (const auto& e : providers_.find(key, config_.providers_per_message_max - 1, wall_))
    if (!out.provider(e.provider, e.addresses, connection_kind::none, most)) break;
}

bool dht_core::impl::add_self(message_writer& out) const {
  return out.closer(self_, addresses, connection_kind::connected, config_.message_bytes_max);
}

void dht_core::impl::add_closer(message_writer& out, const kad_id& target, peer_slot except) const {
  std::vector<peer_slot> closest;
  closest.reserve(config_.k);
  table.closest(target, config_.k, except, false, closest);
  const std::size_t room = out.size() + (config_.message_bytes_max - out.size()) / closer_part;
  out.expect(closest.size());
  for (const peer_slot s : closest) {
    const known_peer& p = peers_[s];
    if (p.addresses.empty()) continue;
    const auto how = p.connected ? connection_kind::connected : connection_kind::can_connect;
    if (!out.closer(p.id, p.addresses, how, room)) break;
  }
}

/// The same message back when the value is taken; nothing otherwise.
std::optional<chunk_view> dht_core::impl::answer_put(const peer_id& from, const chunk_view& body) {
  const message& m = incoming_;
  const bool matches
      = m.record && !m.key.empty()
        && std::equal(m.key.begin(), m.key.end(), m.record->key.begin(), m.record->key.end());
  if (!matches) {
    count(reject_reason::malformed);
    return std::nullopt;
  }
  // The one held is known to be valid: most stores only refresh it.
  const held_record* held = records_.find(m.key, wall_);
  merit worth;
  if (held && std::ranges::equal(held->record.value.bytes(), m.record->value)) {
    worth = held->worth;
  } else if (const auto valid = validators_->validate(m.key, m.record->value, wall_); !valid) {
    count(valid.error() == ec::unsupported ? reject_reason::unknown_namespace
                                           : reject_reason::invalid_value);
    return std::nullopt;
  } else {
    worth = *valid;
  }
  stored_record record;
  record.key = to_buffer(m.key);
  record.value = chunk_view::copy(m.record->value);
  record.sender = from;
  record.received = wall_;
  record.expires = std::min(worth.expires, wall_ + config_.record_age_max);
  if (records_.put(std::move(record), worth, out_->store) != ec::none) return std::nullopt;
  return body;
}

void dht_core::impl::take_provider(const peer_id& from, peer_slot slot) {
  const message& m = incoming_;
  if (m.key.empty() || m.providers.empty()) {
    count(reject_reason::malformed);
    return;
  }
  for (const wire_peer& p : m.providers) {
    if (p.id != from) {
      count(reject_reason::foreign_provider);
      continue;
    }
    stored_provider entry;
    entry.key = to_buffer(m.key);
    entry.provider = from;
    entry.addresses = m.read_addresses(p, config_.addresses_kept_max);
    if (entry.addresses.empty()) entry.addresses = peers_[slot].addresses;
    entry.received = wall_;
    providers_.put(std::move(entry), out_->store);
    return;
  }
}

}  // namespace weft::dht
