// SPDX-License-Identifier: MIT
#include "routing/route_frame.hpp"

#include "base/wire.hpp"

#include <algorithm>

namespace weft::routing {

namespace {

enum class entry_kind : std::uint8_t { route = 1, retraction = 2 };

template <std::size_t N>
result<void> read_array(wire_reader& in, std::array<std::uint8_t, N>& out) {
  WEFT_TRY(const bytes_view bytes, in.bytes(N));
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return {};
}

result<void> read_update(wire_reader& in, update_entry& out) {
  WEFT_TRY(const std::uint8_t kind, in.u8());
  WEFT_TRY_VOID(read_array(in, out.origin.destination));
  if (kind == static_cast<std::uint8_t>(entry_kind::retraction)) return {};
  if (kind != static_cast<std::uint8_t>(entry_kind::route)) return fail(ec::malformed);
  WEFT_TRY(out.origin.sequence, in.u64());
  WEFT_TRY(out.origin.issued_s, in.u32());
  WEFT_TRY(out.origin.lifetime_s, in.u32());
  WEFT_TRY(out.origin.flags, in.u8());
  WEFT_TRY_VOID(read_array(in, out.origin.signature));
  WEFT_TRY(const std::uint8_t high, in.u8());
  WEFT_TRY(const std::uint16_t low, in.u16());
  WEFT_TRY(out.hops, in.u8());
  out.advertised = static_cast<metric>(high) << 16 | low;
  // Retractions have a form of their own; a second spelling would go unsigned past every check.
  if (out.advertised == infinite_metric) return fail(ec::malformed);
  return {};
}

result<void> read_requests(wire_reader& in, route_frame& out) {
  while (!in.at_end()) {
    if (out.requests.size() == requests_per_frame_max) return fail(ec::oversized);
    request_entry& entry = out.requests.emplace_back();
    WEFT_TRY_VOID(read_array(in, entry.destination));
    WEFT_TRY(entry.sequence, in.u64());
    WEFT_TRY(entry.hops, in.u8());
  }
  return {};
}

result<void> read_acks(wire_reader& in, route_frame& out) {
  WEFT_TRY(out.acknowledged_incarnation, in.u64());
  while (!in.at_end()) {
    if (out.acknowledged.size() == acks_per_frame_max) return fail(ec::oversized);
    WEFT_TRY(const std::uint64_t number, in.u64());
    out.acknowledged.push_back(number);
  }
  return {};
}

}  // namespace

result<void> decode_frame(bytes_view body, route_frame& out) {
  if (body.size() > frame_bytes_limit) return fail(ec::oversized);
  out.updates.clear();
  out.requests.clear();
  out.acknowledged.clear();
  wire_reader in(body);
  WEFT_TRY(const std::uint8_t type, in.u8());
  WEFT_TRY(out.incarnation, in.u64());
  out.type = static_cast<frame_type>(type);
  switch (out.type) {
    case frame_type::update: {
      WEFT_TRY(out.number, in.u64());
      while (!in.at_end()) WEFT_TRY_VOID(read_update(in, out.updates.emplace_back()));
      return {};
    }
    case frame_type::request:
      return read_requests(in, out);
    case frame_type::ack:
      return read_acks(in, out);
  }
  return fail(ec::malformed);
}

void append_route(byte_buffer& out, const announcement& origin, metric advertised,
                  std::uint8_t hops) {
  wire_writer(out)
      .u8(static_cast<std::uint8_t>(entry_kind::route))
      .bytes(origin.destination)
      .u64(origin.sequence)
      .u32(origin.issued_s)
      .u32(origin.lifetime_s)
      .u8(origin.flags)
      .bytes(origin.signature)
      .u8(static_cast<std::uint8_t>(advertised >> 16))
      .u16(static_cast<std::uint16_t>(advertised))
      .u8(hops);
}

void append_retraction(byte_buffer& out, const ed25519_public_key& destination) {
  wire_writer(out).u8(static_cast<std::uint8_t>(entry_kind::retraction)).bytes(destination);
}

void begin_update(byte_buffer& out, std::uint64_t incarnation, std::uint64_t number) {
  out.clear();
  wire_writer(out).u8(static_cast<std::uint8_t>(frame_type::update)).u64(incarnation).u64(number);
}

byte_buffer encode_requests(std::uint64_t incarnation, std::span<const request_entry> requests) {
  byte_buffer out;
  wire_writer writer(out);
  writer.u8(static_cast<std::uint8_t>(frame_type::request)).u64(incarnation);
  for (const request_entry& each : requests)
    writer.bytes(each.destination).u64(each.sequence).u8(each.hops);
  return out;
}

byte_buffer encode_ack(std::uint64_t incarnation, std::uint64_t acknowledged_incarnation,
                       std::span<const std::uint64_t> numbers) {
  byte_buffer out;
  wire_writer writer(out);
  writer.u8(static_cast<std::uint8_t>(frame_type::ack))
      .u64(incarnation)
      .u64(acknowledged_incarnation);
  for (const std::uint64_t number : numbers) writer.u64(number);
  return out;
}

}  // namespace weft::routing
