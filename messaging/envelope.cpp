// SPDX-License-Identifier: MIT
#include "messaging/envelope.hpp"

#include "base/wire.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace weft::messaging {

namespace {

constexpr std::uint8_t flag_mixed = 1;
constexpr std::size_t destination_offset = 4;
constexpr std::size_t channel_offset = 36;
constexpr std::size_t sequence_offset = 52;
// No channel lives so long; keeps sums of sequence numbers from wrapping.
constexpr std::uint64_t sequence_max = std::uint64_t{1} << 62;
// A message cannot be older than this on the wire; keeps every later sum inside a wall_time.
constexpr std::uint64_t age_max_ms = 1000ull * 60 * 60 * 24 * 3660;
constexpr std::uint64_t time_max_us
    = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 1000);

void put_u64(std::uint8_t* out, std::uint64_t value) noexcept {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

std::uint64_t get_u64(const std::uint8_t* in) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | in[i];
  return value;
}

}  // namespace

std::uint64_t to_wire_time(wall_time t) noexcept {
  const auto us
      = std::chrono::duration_cast<std::chrono::microseconds>(t.time_since_epoch()).count();
  return us < 0 ? 0 : static_cast<std::uint64_t>(us);
}

result<wall_time> from_wire_time(std::uint64_t microseconds) {
  if (microseconds > time_max_us) return fail(ec::malformed);
  return wall_time{std::chrono::microseconds{static_cast<std::int64_t>(microseconds)}};
}

void envelope_header::encode(std::uint8_t* out) const noexcept {
  out[0] = static_cast<std::uint8_t>(version << 4 | static_cast<unsigned>(kind));
  out[remaining_offset] = remaining;
  out[2] = hop_limit;
  out[3] = mixed ? flag_mixed : 0;
  std::memcpy(out + destination_offset, destination.data(), destination.size());
  std::memcpy(out + channel_offset, channel.data(), channel.size());
  put_u64(out + sequence_offset, sequence);
}

result<envelope_header> envelope_header::decode(bytes_view frame) {
  if (frame.size() < bytes) return fail(ec::truncated);
  if (frame[0] >> 4 != version) return fail(ec::unsupported);
  const unsigned kind = frame[0] & 15u;
  if (kind < 1 || kind > 3 || (frame[3] & ~unsigned{flag_mixed}) != 0) return fail(ec::malformed);
  envelope_header h;
  h.kind = static_cast<frame_kind>(kind);
  h.remaining = frame[remaining_offset];
  h.hop_limit = frame[2];
  h.mixed = frame[3] == flag_mixed;
  if (h.remaining >= h.hop_limit) return fail(ec::malformed);
  if (h.kind != frame_kind::sealed && frame.size() < keyed_header_bytes) return fail(ec::truncated);
  if (h.mixed != (h.kind == frame_kind::accept) && h.kind != frame_kind::sealed)
    return fail(ec::malformed);
  std::memcpy(h.destination.data(), frame.data() + destination_offset, h.destination.size());
  std::memcpy(h.channel.data(), frame.data() + channel_offset, h.channel.size());
  h.sequence = get_u64(frame.data() + sequence_offset);
  if (h.sequence > sequence_max) return fail(ec::malformed);
  return h;
}

std::size_t payload_head::encode(std::array<std::uint8_t, bytes_max>& out) const noexcept {
  out[0] = static_cast<std::uint8_t>(kind);
  out[1] = static_cast<std::uint8_t>(klass);
  put_u64(out.data() + 2, to_wire_time(sealed));
  std::memcpy(out.data() + 10, id.bytes.data(), id.bytes.size());
  std::size_t at = 26;
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(sealed - created).count();
  at += write_uvarint(out.data() + at, age < 0 ? 0 : static_cast<std::uint64_t>(age));
  if (kind == payload_kind::fragment) {
    at += write_uvarint(out.data() + at, shape.size);
    at += write_uvarint(out.data() + at, shape.fragment_bytes);
    at += write_uvarint(out.data() + at, index);
    std::memcpy(out.data() + at, shape.digest.data(), shape.digest.size());
    at += shape.digest.size();
  }
  return at;
}

result<payload_head> payload_head::decode(bytes_view plain) {
  wire_reader in{plain};
  payload_head h;
  WEFT_TRY(const std::uint8_t kind, in.u8());
  if (kind < 1 || kind > 3) return fail(ec::malformed);
  h.kind = static_cast<payload_kind>(kind);
  WEFT_TRY(const std::uint8_t klass, in.u8());
  if (klass > 1) return fail(ec::malformed);
  h.klass = static_cast<message_class>(klass);
  WEFT_TRY(const std::uint64_t time, in.u64());
  WEFT_TRY(h.sealed, from_wire_time(time));
  h.size = in.position();
  if (h.kind == payload_kind::acknowledgement) return h;
  WEFT_TRY(const bytes_view id, in.bytes(h.id.bytes.size()));
  std::copy(id.begin(), id.end(), h.id.bytes.begin());
  WEFT_TRY(const std::uint64_t age, in.uvarint());
  if (age > age_max_ms) return fail(ec::malformed);
  h.created = h.sealed - std::chrono::milliseconds{static_cast<std::int64_t>(age)};
  if (h.kind == payload_kind::fragment) {
    WEFT_TRY(h.shape.size, in.uvarint());
    WEFT_TRY(const std::uint64_t piece, in.uvarint());
    WEFT_TRY(const std::uint64_t index, in.uvarint());
    WEFT_TRY(const bytes_view digest, in.bytes(h.shape.digest.size()));
    if (piece < payload_shape::fragment_bytes_min || piece > 64 * 1024 || h.shape.size <= piece
        || (h.shape.size - 1) / piece >= payload_shape::fragments_max
        || index > (h.shape.size - 1) / piece)
      return fail(ec::malformed);
    h.shape.fragment_bytes = static_cast<std::uint32_t>(piece);
    h.index = static_cast<std::uint32_t>(index);
    std::copy(digest.begin(), digest.end(), h.shape.digest.begin());
  }
  h.size = in.position();
  return h;
}

void acknowledgement::encode(byte_buffer& out) const {
  wire_writer w{out};
  w.u8(static_cast<std::uint8_t>(payload_kind::acknowledgement)).u8(0).u64(to_wire_time(sealed));
  w.uvarint(ranges.size());
  std::uint64_t next = 0;
  for (const ack_range& r : ranges) {
    const auto ago
        = std::chrono::duration_cast<std::chrono::microseconds>(sealed - r.received).count();
    w.uvarint(r.first - next).uvarint(r.count - 1).u8(r.hops);
    w.uvarint(ago < 0 ? 0 : static_cast<std::uint64_t>(ago));
    next = r.first + r.count;
  }
  w.uvarint(haves.size());
  for (const ack_have& h : haves) w.bytes(h.id.bytes).uvarint(h.prefix);
  w.uvarint(dones.size());
  for (const ack_done& d : dones)
    w.bytes(d.id.bytes).u8(static_cast<std::uint8_t>(d.verdict)).u8(d.hops);
}

namespace {

result<std::uint64_t> read_count(wire_reader& in, std::size_t limit) {
  WEFT_TRY(const std::uint64_t count, in.uvarint());
  if (count > limit) return fail(ec::oversized);
  return count;
}

result<void> read_ranges(wire_reader& in, wall_time sealed, std::vector<ack_range>& ranges) {
  WEFT_TRY(const std::uint64_t count, read_count(in, acknowledgement::ranges_max));
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    WEFT_TRY(const std::uint64_t gap, in.uvarint());
    WEFT_TRY(const std::uint64_t more, in.uvarint());
    WEFT_TRY(const std::uint8_t hops, in.u8());
    WEFT_TRY(const std::uint64_t ago, in.uvarint());
    // Varints hold 63 bits: the sums below cannot wrap, and a range that would is refused.
    if (gap > std::numeric_limits<std::uint64_t>::max() - next || ago > age_max_ms * 1000)
      return fail(ec::malformed);
    const std::uint64_t first = next + gap;
    if (more >= std::numeric_limits<std::uint64_t>::max() - first) return fail(ec::malformed);
    ranges.push_back({first, more + 1, hops,
                      sealed - std::chrono::microseconds{static_cast<std::int64_t>(ago)}});
    next = first + more + 1;
  }
  return {};
}

result<message_id> read_id(wire_reader& in) {
  message_id id;
  WEFT_TRY(const bytes_view bytes, in.bytes(id.bytes.size()));
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

}  // namespace

result<void> acknowledgement::decode(bytes_view plain) {
  ranges.clear();
  haves.clear();
  dones.clear();
  WEFT_TRY(const payload_head head, payload_head::decode(plain));
  if (head.kind != payload_kind::acknowledgement) return fail(ec::malformed);
  sealed = head.sealed;
  wire_reader in{plain.subspan(head.size)};
  WEFT_TRY_VOID(read_ranges(in, sealed, ranges));
  WEFT_TRY(const std::uint64_t have_count, read_count(in, items_max));
  for (std::uint64_t i = 0; i < have_count; ++i) {
    WEFT_TRY(const message_id id, read_id(in));
    WEFT_TRY(const std::uint64_t prefix, in.uvarint());
    if (prefix > std::numeric_limits<std::uint32_t>::max()) return fail(ec::malformed);
    haves.push_back({id, static_cast<std::uint32_t>(prefix)});
  }
  WEFT_TRY(const std::uint64_t done_count, read_count(in, items_max));
  for (std::uint64_t i = 0; i < done_count; ++i) {
    WEFT_TRY(const message_id id, read_id(in));
    WEFT_TRY(const std::uint8_t verdict, in.u8());
    WEFT_TRY(const std::uint8_t hops, in.u8());
    if (verdict > 2) return fail(ec::malformed);
    dones.push_back({id, static_cast<payload_verdict>(verdict), hops});
  }
  if (!in.at_end()) return fail(ec::malformed);
  return {};
}

}  // namespace weft::messaging
