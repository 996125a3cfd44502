// SPDX-License-Identifier: MIT
#include "base/wire.hpp"
#include "gossip/rpc.hpp"
#include "gossip/rpc_fields.hpp"

#include <protozero/pbf_reader.hpp>

namespace weft::gossip {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

pbf_reader reader_of(bytes_view body) {
  return {reinterpret_cast<const char*>(body.data()), body.size()};
}

bytes_view view_of(protozero::data_view v) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(v.data()), v.size()};
}

/// Calls `bytes(tag, view)` for each length-delimited field and `number(tag, value)` for each
/// varint; skips the rest.
template <class Bytes, class Number>
void each_field(bytes_view body, Bytes bytes, Number number) {
  pbf_reader reader = reader_of(body);
  while (reader.next()) {
    // Read before the value: taking the value ends the field, and its number with it.
    const std::uint32_t tag = reader.tag();
    switch (reader.wire_type()) {
      case pbf_wire_type::length_delimited:
        bytes(tag, view_of(reader.get_view()));
        break;
      case pbf_wire_type::varint:
        number(tag, reader.get_uint64());
        break;
      default:
        reader.skip();
    }
  }
}

constexpr auto no_number = [](std::uint32_t, std::uint64_t) {};
constexpr auto no_bytes = [](std::uint32_t, bytes_view) {};

template <class Entry>
void keep(rpc_view& out, std::vector<Entry>& list, Entry entry) {
  if (list.size() < rpc_entries_max)
    list.push_back(entry);
  else
    ++out.skipped;
}

void keep_id(rpc_view& out, id_range& range, bytes_view id) {
  if (out.ids.size() >= rpc_ids_max) {
    ++out.skipped;
    return;
  }
  out.ids.push_back(id);
  ++range.count;
}

id_range take_ids(rpc_view& out, bytes_view body) {
  id_range range{out.ids.size(), 0};
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view id) {
        if (tag == fields::ids) keep_id(out, range, id);
      },
      no_number);
  return range;
}

std::optional<bytes_view>* slot_of(message_fields& of, std::uint32_t tag) noexcept {
  switch (tag) {
    case fields::author:
      return &of.author;
    case fields::data:
      return &of.data;
    case fields::sequence:
      return &of.sequence;
    case fields::topic:
      return &of.topic;
    case fields::signature:
      return &of.signature;
    case fields::key:
      return &of.key;
    default:
      return nullptr;
  }
}

void take_message(rpc_view& out, bytes_view body, std::size_t offset, std::size_t size) {
  publish_entry entry;
  entry.offset = offset;
  entry.size = size;
  bool orderly = true;
  std::uint32_t last = 0;
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        auto* slot = slot_of(entry.fields, tag);
        orderly = orderly && slot != nullptr && tag > last;
        last = tag;
        if (slot != nullptr) *slot = value;
      },
      [&](std::uint32_t, std::uint64_t) { orderly = false; });
  const std::size_t shortest = 1 + uvarint_size(body.size()) + body.size();
  entry.canonical = orderly && size == shortest && message_size(entry.fields) == body.size();
  keep(out, out.messages, entry);
}

void take_subscription(rpc_view& out, bytes_view body) {
  subscription_entry entry;
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        if (tag == fields::subscription_topic) entry.topic = value;
      },
      [&](std::uint32_t tag, std::uint64_t value) {
        if (tag == fields::subscribe) entry.subscribe = value != 0;
      });
  keep(out, out.subscriptions, entry);
}

void take_ihave(rpc_view& out, bytes_view body) {
  ihave_entry entry;
  entry.ids.first = out.ids.size();
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        if (tag == fields::ihave_topic) entry.topic = value;
        if (tag == fields::ihave_ids) keep_id(out, entry.ids, value);
      },
      no_number);
  keep(out, out.ihave, entry);
}

void take_exchange(rpc_view& out, id_range& range, bytes_view body) {
  exchange_entry entry;
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        if (tag == fields::info_peer) entry.peer = value;
        if (tag == fields::info_record) entry.signed_record = value;
      },
      no_number);
  const std::size_t before = out.exchange.size();
  keep(out, out.exchange, entry);
  range.count += out.exchange.size() - before;
}

void take_prune(rpc_view& out, bytes_view body) {
  prune_entry entry;
  entry.peers.first = out.exchange.size();
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        if (tag == fields::prune_topic) entry.topic = value;
        if (tag == fields::prune_peers) take_exchange(out, entry.peers, value);
      },
      [&](std::uint32_t tag, std::uint64_t value) {
        if (tag == fields::prune_backoff) entry.backoff_s = value;
      });
  keep(out, out.prune, entry);
}

void take_graft(rpc_view& out, bytes_view body) {
  bytes_view topic;
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        if (tag == fields::graft_topic) topic = value;
      },
      no_number);
  keep(out, out.graft, topic);
}

void take_control(rpc_view& out, bytes_view body) {
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        switch (tag) {
          case fields::ihave:
            return take_ihave(out, value);
          case fields::iwant:
            return keep(out, out.iwant, take_ids(out, value));
          case fields::graft:
            return take_graft(out, value);
          case fields::prune:
            return take_prune(out, value);
          case fields::idontwant:
            return keep(out, out.idontwant, take_ids(out, value));
          default:
            return;
        }
      },
      no_number);
}

// -- Weft's additions ---

void take_announcement(rpc_view& out, bytes_view topic, bytes_view body) {
  announcement_entry entry;
  entry.topic = topic;
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        if (tag == fields::item_id) entry.id = value;
      },
      [&](std::uint32_t tag, std::uint64_t value) {
        if (tag == fields::item_length) entry.length = value;
        if (tag == fields::item_tag) entry.tag = value;
        if (tag == fields::item_pushing) entry.pushing = value != 0;
      });
  keep(out, out.announcements, entry);
}

void take_announcements(rpc_view& out, bytes_view body) {
  bytes_view topic;
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        if (tag == fields::announce_topic) topic = value;
        if (tag == fields::announce_items) take_announcement(out, topic, value);
      },
      no_number);
}

void take_pull(rpc_view& out, bytes_view body) {
  pull_entry entry;
  each_field(body, no_bytes, [&](std::uint32_t tag, std::uint64_t value) {
    if (tag == fields::pull_announced) entry.announced = value;
    if (tag == fields::pull_tag) entry.tag = value;
  });
  keep(out, out.pulls, entry);
}

void take_beacon(rpc_view& out, bytes_view body) {
  beacon_entry entry;
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        if (tag == fields::beacon_topic) entry.topic = value;
        if (tag == fields::beacon_root) entry.root = value;
      },
      [&](std::uint32_t tag, std::uint64_t value) {
        if (tag == fields::beacon_sequence) entry.sequence = value;
      });
  keep(out, out.beacons, entry);
}

void take_weft(rpc_view& out, bytes_view body) {
  each_field(
      body,
      [&](std::uint32_t tag, bytes_view value) {
        switch (tag) {
          case fields::announce:
            return take_announcements(out, value);
          case fields::pull:
            return take_pull(out, value);
          case fields::choke:
            return keep(out, out.chokes, value);
          case fields::unchoke:
            return keep(out, out.unchokes, value);
          case fields::beacon:
            return take_beacon(out, value);
          default:
            return;
        }
      },
      no_number);
}

}  // namespace

void rpc_view::clear() {
  messages.clear();
  subscriptions.clear();
  ihave.clear();
  iwant.clear();
  graft.clear();
  prune.clear();
  idontwant.clear();
  exchange.clear();
  announcements.clear();
  pulls.clear();
  chokes.clear();
  unchokes.clear();
  ids.clear();
  beacons.clear();
  skipped = 0;
}

result<void> decode_rpc(bytes_view body, rpc_view& out) {
  out.clear();
  try {
    pbf_reader reader = reader_of(body);
    while (true) {
      const std::size_t begin = body.size() - reader.data().size();
      if (!reader.next()) break;
      const std::uint32_t tag = reader.tag();
      if (reader.wire_type() != pbf_wire_type::length_delimited) {
        reader.skip();
        continue;
      }
      const bytes_view value = view_of(reader.get_view());
      const std::size_t end = body.size() - reader.data().size();
      if (tag == fields::publish)
        take_message(out, value, begin, end - begin);
      else if (tag == fields::subscriptions)
        take_subscription(out, value);
      else if (tag == fields::control)
        take_control(out, value);
      else if (tag == fields::weft)
        take_weft(out, value);
    }
  } catch (const protozero::exception& e) {
    return fail(ec::malformed, e.what());
  }
  return {};
}

}  // namespace weft::gossip
