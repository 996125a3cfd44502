// SPDX-License-Identifier: MIT
#include "dht/message.hpp"

#include "base/wire.hpp"

#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace weft::dht {

namespace {

// Message
constexpr std::uint32_t type_field = 1;
constexpr std::uint32_t key_field = 2;
constexpr std::uint32_t record_field = 3;
constexpr std::uint32_t closer_field = 8;
constexpr std::uint32_t provider_field = 9;
// Record
constexpr std::uint32_t record_key_field = 1;
constexpr std::uint32_t record_value_field = 2;
constexpr std::uint32_t record_time_field = 5;
constexpr std::uint32_t record_ttl_field = 777;
// Peer
constexpr std::uint32_t peer_id_field = 1;
constexpr std::uint32_t peer_address_field = 2;
constexpr std::uint32_t peer_connection_field = 3;

using protozero::pbf_reader;
using protozero::pbf_wire_type;

bytes_view view_of(protozero::data_view v) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(v.data()), v.size()};
}

pbf_reader reader_of(bytes_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_bytes(const pbf_reader& in) { return in.wire_type() == pbf_wire_type::length_delimited; }
bool is_varint(const pbf_reader& in) { return in.wire_type() == pbf_wire_type::varint; }

record_view read_record(bytes_view body) {
  record_view out;
  pbf_reader in = reader_of(body);
  while (in.next()) {
    const std::uint32_t tag = in.tag();
    if (tag == record_key_field && is_bytes(in))
      out.key = view_of(in.get_view());
    else if (tag == record_value_field && is_bytes(in))
      out.value = view_of(in.get_view());
    else if (tag == record_ttl_field && is_varint(in))
      out.ttl_seconds = static_cast<std::uint32_t>(std::min<std::uint64_t>(in.get_uint64(), ~0u));
    else
      in.skip();
  }
  return out;
}

connection_kind connection_of(std::uint64_t number) noexcept {
  return number <= 3 ? static_cast<connection_kind>(number) : connection_kind::none;
}

/// Appends the peer; false when its id is none.
bool read_peer(bytes_view body, std::size_t addresses_max, message& into,
               std::vector<wire_peer>& list) {
  wire_peer out;
  out.first_address = static_cast<std::uint32_t>(into.addresses.size());
  bytes_view id;
  pbf_reader in = reader_of(body);
  while (in.next()) {
    const std::uint32_t tag = in.tag();
    if (tag == peer_id_field && is_bytes(in)) {
      id = view_of(in.get_view());
    } else if (tag == peer_address_field && is_bytes(in)) {
      const bytes_view address = view_of(in.get_view());
      if (out.address_count >= addresses_max || address.size() > multiaddr::bytes_max) {
        ++into.surplus_addresses;
        continue;
      }
      into.addresses.push_back(address);
      ++out.address_count;
    } else if (tag == peer_connection_field && is_varint(in)) {
      out.connection = connection_of(in.get_uint64());
    } else {
      in.skip();
    }
  }
  auto parsed = peer_id::from_bytes(id);
  if (!parsed) {
    into.addresses.resize(out.first_address);
    return false;
  }
  out.id = *parsed;
  list.push_back(out);
  return true;
}

void take_peer(bytes_view body, const dht_config& config, std::size_t most, message& into,
               std::vector<wire_peer>& list, std::uint32_t& surplus) {
  if (list.size() >= most)
    ++surplus;
  else if (!read_peer(body, config.addresses_per_peer_max, into, list))
    ++into.bad_peers;
}

result<void> read_message(bytes_view body, const dht_config& config, message& into) {
  pbf_reader in = reader_of(body);
  while (in.next()) {
    const std::uint32_t tag = in.tag();
    if (tag == type_field && is_varint(in)) {
      const std::uint64_t type = in.get_uint64();
      if (type >= static_cast<std::uint64_t>(message_type::count_)) return fail(ec::unsupported);
      into.type = static_cast<message_type>(type);
    } else if (!is_bytes(in)) {
      in.skip();
    } else if (tag == key_field) {
      into.key = view_of(in.get_view());
    } else if (tag == record_field) {
      into.record = read_record(view_of(in.get_view()));
    } else if (tag == closer_field) {
      take_peer(view_of(in.get_view()), config, config.k, into, into.closer, into.surplus_peers);
    } else if (tag == provider_field) {
      take_peer(view_of(in.get_view()), config, config.providers_per_message_max, into,
                into.providers, into.surplus_providers);
    } else {
      in.skip();
    }
  }
  return {};
}

// -- writing ---

constexpr std::uint8_t length_delimited = 2;
constexpr std::uint8_t varint = 0;

constexpr std::uint8_t tag_of(std::uint32_t field, std::uint8_t type) noexcept {
  return static_cast<std::uint8_t>(field << 3 | type);
}

std::size_t field_size(std::size_t body) noexcept { return 1 + uvarint_size(body) + body; }

void put(byte_buffer& out, std::uint32_t field, bytes_view body) {
  out.push_back(tag_of(field, length_delimited));
  wire_writer(out).length_prefixed(body);
}

/// As `put`, where there is room for it; the place behind it.
std::uint8_t* put_at(std::uint8_t* out, std::uint32_t field, bytes_view body) noexcept {
  *out++ = tag_of(field, length_delimited);
  out += write_uvarint(out, body.size());
  return std::copy(body.begin(), body.end(), out);
}

void put_unless_empty(byte_buffer& out, std::uint32_t field, bytes_view body) {
  if (!body.empty()) put(out, field, body);
}

void put_number(byte_buffer& out, std::uint32_t field, std::uint64_t value) {
  if (value == 0) return;
  out.push_back(tag_of(field, varint));
  wire_writer(out).uvarint(value);
}

void append_padded(std::string& out, std::uint64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  out.append(width > digits.size() ? width - digits.size() : 0, '0');
  out += digits;
}

}  // namespace

std::vector<multiaddr> message::read_addresses(const wire_peer& p, std::size_t most) const {
  std::vector<multiaddr> out;
  for (const bytes_view bytes : addresses_of(p)) {
    if (out.size() >= most) break;
    if (auto address = multiaddr::from_bytes(bytes); address && !address->empty())
      out.push_back(std::move(*address));
  }
  return out;
}

result<void> decode(bytes_view body, const dht_config& config, message& into) {
  into.type = message_type::put_value;
  into.key = {};
  into.record.reset();
  into.closer.clear();
  into.providers.clear();
  into.addresses.clear();
  into.surplus_peers = into.surplus_providers = into.surplus_addresses = into.bad_peers = 0;
  if (body.size() > config.message_bytes_max) return fail(ec::oversized);
  try {
    WEFT_TRY_VOID(read_message(body, config, into));
  } catch (const protozero::exception&) {
    return fail(ec::malformed);
  }
  if (into.key.size() > config.key_bytes_max) return fail(ec::oversized);
  if (into.record && into.record->value.size() > config.record_bytes_max)
    return fail(ec::oversized);
  return {};
}

message_writer::message_writer(message_type type, bytes_view key) {
  put_number(bytes_, type_field, static_cast<std::uint64_t>(type));
  put_unless_empty(bytes_, key_field, key);
}

message_writer& message_writer::record(bytes_view key, bytes_view value, wall_time received) {
  const std::string time = format_time(received);
  const std::size_t size = (key.empty() ? 0 : field_size(key.size()))
                           + (value.empty() ? 0 : field_size(value.size()))
                           + field_size(time.size());
  bytes_.reserve(bytes_.size() + field_size(size));
  bytes_.push_back(tag_of(record_field, length_delimited));
  wire_writer(bytes_).uvarint(size);
  put_unless_empty(bytes_, record_key_field, key);
  put_unless_empty(bytes_, record_value_field, value);
  put(bytes_, record_time_field, as_bytes(time));
  return *this;
}

bool message_writer::closer(const peer_id& id, std::span<const multiaddr> addresses,
                            connection_kind how, std::size_t bytes_max) {
  return peer(closer_field, id, addresses, how, bytes_max);
}

bool message_writer::provider(const peer_id& id, std::span<const multiaddr> addresses,
                              connection_kind how, std::size_t bytes_max) {
  return peer(provider_field, id, addresses, how, bytes_max);
}

bool message_writer::peer(std::uint8_t field, const peer_id& id,
                          std::span<const multiaddr> addresses, connection_kind how,
                          std::size_t bytes_max) {
  const std::size_t connection = how == connection_kind::none ? 0 : 2;
  std::size_t size = field_size(id.bytes().size()) + connection;
  if (bytes_.size() + field_size(size) > bytes_max) return false;
  std::size_t fitting = 0;
  for (const auto& address : addresses) {
    const std::size_t more = size + field_size(address.bytes().size());
    if (bytes_.size() + field_size(more) > bytes_max) break;
    size = more;
    ++fitting;
  }
  const std::size_t before = bytes_.size();
  bytes_.resize(before + field_size(size));
  std::uint8_t* at = bytes_.data() + before;
  *at++ = tag_of(field, length_delimited);
  at += write_uvarint(at, size);
  at = put_at(at, peer_id_field, id.bytes());
  for (const auto& address : addresses.first(fitting))
    at = put_at(at, peer_address_field, address.bytes());
  if (connection == 0) return true;
  *at++ = tag_of(peer_connection_field, varint);
  *at = static_cast<std::uint8_t>(how);
  return true;
}

std::string format_time(wall_time when) {
  using namespace std::chrono;
  const auto since = when.time_since_epoch();
  const auto day = floor<days>(since);
  const year_month_day date{sys_days{day}};
  const hh_mm_ss time{since - day};
  std::string out;
  out.reserve(30);
  append_padded(out, static_cast<std::uint64_t>(std::max(0, static_cast<int>(date.year()))), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, static_cast<std::uint64_t>(time.hours().count()), 2);
  out += ':';
  append_padded(out, static_cast<std::uint64_t>(time.minutes().count()), 2);
  out += ':';
  append_padded(out, static_cast<std::uint64_t>(time.seconds().count()), 2);
  out += '.';
  append_padded(out, static_cast<std::uint64_t>(time.subseconds().count()), 9);
  out += 'Z';
  return out;
}

}  // namespace weft::dht
