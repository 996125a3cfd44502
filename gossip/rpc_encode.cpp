// SPDX-License-Identifier: MIT
#include "base/wire.hpp"
#include "gossip/rpc.hpp"
#include "gossip/rpc_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::gossip {

namespace {

constexpr std::uint32_t varint_type = 0;
constexpr std::uint32_t bytes_type = 2;

void put(byte_buffer& out, std::uint32_t tag, bytes_view body) {
  wire_writer(out).uvarint(tag << 3 | bytes_type).length_prefixed(body);
}

void put(byte_buffer& out, std::uint32_t tag, std::uint64_t value) {
  wire_writer(out).uvarint(tag << 3 | varint_type).uvarint(value);
}

using field_list = std::array<std::pair<std::uint32_t, const std::optional<bytes_view>*>, 6>;

field_list fields_of(const message_fields& m) noexcept {
  return {{{fields::author, &m.author},
           {fields::data, &m.data},
           {fields::sequence, &m.sequence},
           {fields::topic, &m.topic},
           {fields::signature, &m.signature},
           {fields::key, &m.key}}};
}

/// Protobuf's varint has ten bytes where multiformats' ends at nine; lengths are far below both.
std::size_t field_size(std::size_t body) noexcept { return 1 + uvarint_size(body) + body; }

}  // namespace

std::size_t message_size(const message_fields& message) noexcept {
  std::size_t size = 0;
  for (const auto& [tag, value] : fields_of(message))
    if (*value) size += field_size((*value)->size());
  return size;
}

void append_message(byte_buffer& out, const message_fields& message) {
  for (const auto& [tag, value] : fields_of(message))
    if (*value) put(out, tag, **value);
}

chunk_view encode_publish(const message_fields& message) {
  byte_buffer head;
  wire_writer(head).uvarint(fields::publish << 3 | bytes_type).uvarint(message_size(message));
  chunk owner = chunk::allocate(head.size() + message_size(message));
  std::uint8_t* at = std::copy(head.begin(), head.end(), owner.mutable_data());
  for (const auto& [tag, value] : fields_of(message)) {
    if (!*value) continue;
    *at++ = static_cast<std::uint8_t>(tag << 3 | bytes_type);
    at += write_uvarint(at, (*value)->size());
    at = std::copy((*value)->begin(), (*value)->end(), at);
  }
  const auto size = static_cast<std::size_t>(at - owner.data());
  return {std::move(owner), 0, size};
}

// -- rpc_writer ---

void rpc_writer::subscribe(bool subscribe, std::string_view topic) {
  scratch_.clear();
  put(scratch_, fields::subscribe, std::uint64_t{subscribe});
  put(scratch_, fields::subscription_topic, as_bytes(topic));
  put(subscriptions_, fields::subscriptions, scratch_);
}

void rpc_writer::ihave(std::string_view topic, std::span<const bytes_view> ids) {
  scratch_.clear();
  put(scratch_, fields::ihave_topic, as_bytes(topic));
  for (const bytes_view id : ids) put(scratch_, fields::ihave_ids, id);
  put(control_, fields::ihave, scratch_);
}

void rpc_writer::iwant(std::span<const bytes_view> ids) {
  scratch_.clear();
  for (const bytes_view id : ids) put(scratch_, fields::ids, id);
  put(control_, fields::iwant, scratch_);
}

void rpc_writer::graft(std::string_view topic) {
  scratch_.clear();
  put(scratch_, fields::graft_topic, as_bytes(topic));
  put(control_, fields::graft, scratch_);
}

void rpc_writer::prune(std::string_view topic, std::optional<std::uint64_t> backoff_s,
                       std::span<const exchange_entry> peers) {
  scratch_.clear();
  put(scratch_, fields::prune_topic, as_bytes(topic));
  for (const exchange_entry& each : peers) {
    inner_.clear();
    put(inner_, fields::info_peer, each.peer);
    if (!each.signed_record.empty()) put(inner_, fields::info_record, each.signed_record);
    put(scratch_, fields::prune_peers, inner_);
  }
  if (backoff_s) put(scratch_, fields::prune_backoff, *backoff_s);
  put(control_, fields::prune, scratch_);
}

void rpc_writer::idontwant(std::span<const bytes_view> ids) {
  scratch_.clear();
  for (const bytes_view id : ids) put(scratch_, fields::ids, id);
  put(control_, fields::idontwant, scratch_);
}

void rpc_writer::announce(std::string_view topic, std::span<const announcement_entry> entries) {
  scratch_.clear();
  put(scratch_, fields::announce_topic, as_bytes(topic));
  for (const announcement_entry& each : entries) {
    inner_.clear();
    put(inner_, fields::item_id, each.id);
    if (each.length > 0) put(inner_, fields::item_length, each.length);
    if (each.tag > 0) put(inner_, fields::item_tag, each.tag);
    if (each.pushing) put(inner_, fields::item_pushing, std::uint64_t{1});
    put(scratch_, fields::announce_items, inner_);
  }
  put(weft_, fields::announce, scratch_);
}

void rpc_writer::pull(const pull_entry& entry) {
  scratch_.clear();
  put(scratch_, fields::pull_announced, entry.announced);
  put(scratch_, fields::pull_tag, entry.tag);
  put(weft_, fields::pull, scratch_);
}

void rpc_writer::choke(std::string_view topic) { put(weft_, fields::choke, as_bytes(topic)); }

void rpc_writer::unchoke(std::string_view topic) { put(weft_, fields::unchoke, as_bytes(topic)); }

void rpc_writer::beacon(const beacon_entry& entry) {
  scratch_.clear();
  put(scratch_, fields::beacon_topic, entry.topic);
  put(scratch_, fields::beacon_root, entry.root);
  put(scratch_, fields::beacon_sequence, entry.sequence);
  put(weft_, fields::beacon, scratch_);
}

bool rpc_writer::empty() const noexcept {
  return subscriptions_.empty() && control_.empty() && weft_.empty();
}

std::size_t rpc_writer::size() const noexcept {
  constexpr std::size_t prefixes = 16;
  return subscriptions_.size() + control_.size() + weft_.size() + prefixes;
}

chunk_view rpc_writer::take() {
  scratch_.clear();
  append(scratch_, subscriptions_);
  if (!control_.empty()) put(scratch_, fields::control, control_);
  if (!weft_.empty()) put(scratch_, fields::weft, weft_);
  clear();
  return chunk_view::copy(scratch_);
}

void rpc_writer::clear() {
  subscriptions_.clear();
  control_.clear();
  weft_.clear();
}

}  // namespace weft::gossip
