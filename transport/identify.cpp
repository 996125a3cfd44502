// SPDX-License-Identifier: MIT
#include "transport/identify.hpp"

#include "base/envelope.hpp"
#include "base/wire.hpp"

#include <protozero/pbf_reader.hpp>

#include <algorithm>

namespace weft::transport {

namespace {

// https://github.com/libp2p/specs/blob/master/identify/README.md#the-identify-message
enum field : std::uint32_t {
  public_key_field = 1,
  listen_address_field = 2,
  protocol_field = 3,
  observed_address_field = 4,
  protocol_version_field = 5,
  agent_version_field = 6,
  signed_record_field = 8,
};
constexpr std::uint32_t length_delimited = 2;

std::size_t field_size(std::size_t body) noexcept { return 1 + uvarint_size(body) + body; }

void put(byte_buffer& out, field tag, bytes_view body) {
  out.push_back(static_cast<std::uint8_t>(tag << 3 | length_delimited));
  wire_writer(out).length_prefixed(body);
}

void put_unless_empty(byte_buffer& out, field tag, bytes_view body) {
  if (!body.empty()) put(out, tag, body);
}

std::size_t size_unless_empty(std::size_t body) noexcept { return body ? field_size(body) : 0; }

/// How many of `items` fit into what `used` leaves; adds their size to `used`.
template <class Items, class Size>
std::size_t how_many_fit(const Items& items, std::size_t& used, Size size) {
  std::size_t count = 0;
  for (const auto& item : items) {
    const std::size_t more = field_size(size(item));
    if (used + more > identify::outbound_bytes_max) break;
    used += more;
    ++count;
  }
  return count;
}

/// These texts are shown to people: no control characters, no escape sequences.
std::string printable(std::string_view text, std::size_t bytes_max = identify::version_bytes_max) {
  std::string out(text.substr(0, bytes_max));
  for (char& c : out)
    if (c < 0x20 || c > 0x7e) c = '?';
  return out;
}

bytes_view view_of(protozero::data_view v) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(v.data()), v.size()};
}

void take_field(identify& into, std::uint32_t tag, bytes_view body) {
  switch (tag) {
    case public_key_field:
      into.public_key = to_buffer(body);
      break;
    case listen_address_field:
      if (auto address = multiaddr::from_bytes(body);
          address && into.listen_addresses.size() < identify::addresses_max)
        into.listen_addresses.push_back(std::move(*address));
      break;
    case protocol_field:
      if (!body.empty() && into.protocols.size() < identify::protocols_max)
        into.protocols.push_back(printable(as_text(body), identify::name_bytes_max));
      break;
    case observed_address_field:
      if (auto address = multiaddr::from_bytes(body)) into.observed_address = std::move(*address);
      break;
    case protocol_version_field:
      into.protocol_version = printable(as_text(body));
      break;
    case agent_version_field:
      into.agent_version = printable(as_text(body));
      break;
    case signed_record_field:
      into.signed_peer_record = to_buffer(body);
      break;
    default:
      break;
  }
}

}  // namespace

byte_buffer identify::encode() const {
  std::size_t used = size_unless_empty(public_key.size())
                     + size_unless_empty(protocol_version.size())
                     + size_unless_empty(agent_version.size());
  if (observed_address) used += field_size(observed_address->bytes().size());
  const std::size_t names = how_many_fit(protocols, used, [](const auto& p) { return p.size(); });
  const std::size_t addresses
      = how_many_fit(listen_addresses, used, [](const auto& a) { return a.bytes().size(); });
  const bool record = used + size_unless_empty(signed_peer_record.size()) <= outbound_bytes_max;

  byte_buffer out;
  out.reserve(used + (record ? size_unless_empty(signed_peer_record.size()) : 0));
  put_unless_empty(out, public_key_field, public_key);
  for (std::size_t i = 0; i < addresses; ++i)
    put(out, listen_address_field, listen_addresses[i].bytes());
  for (std::size_t i = 0; i < names; ++i) put(out, protocol_field, as_bytes(protocols[i]));
  if (observed_address) put(out, observed_address_field, observed_address->bytes());
  put_unless_empty(out, protocol_version_field, as_bytes(protocol_version));
  put_unless_empty(out, agent_version_field, as_bytes(agent_version));
  if (record) put_unless_empty(out, signed_record_field, signed_peer_record);
  return out;
}

byte_buffer identify::encode_framed() const {
  const byte_buffer body = encode();
  byte_buffer out;
  out.reserve(body.size() + uvarint_bytes_max);
  wire_writer(out).length_prefixed(body);
  return out;
}

result<identify> identify::decode(bytes_view body, const peer_id& expected) {
  if (body.size() > inbound_bytes_max) return fail(ec::oversized);
  identify out;
  try {
    protozero::pbf_reader reader(reinterpret_cast<const char*>(body.data()), body.size());
    while (reader.next()) {
      // Read before the value: taking the value ends the field, and its number with it.
      const std::uint32_t tag = reader.tag();
      if (reader.wire_type() == protozero::pbf_wire_type::length_delimited)
        take_field(out, tag, view_of(reader.get_view()));
      else
        reader.skip();
    }
  } catch (const protozero::exception& e) {
    return fail(ec::malformed, e.what());
  }
  if (!out.public_key.empty()) {
    const auto id = peer_id::from_public_key_protobuf(out.public_key);
    if (!id) return fail(ec::malformed, "identify: public key: " + id.error().detail);
    if (*id != expected) return fail(ec::wrong_peer, "identify: key of " + id->to_string());
  }
  return out;
}

result<std::vector<multiaddr>> identify::certified_addresses(const peer_id& expected) const {
  if (signed_peer_record.empty()) return fail(ec::not_found);
  WEFT_TRY(peer_record record, open_peer_record(signed_peer_record));
  if (record.id != expected) return fail(ec::wrong_peer);
  return std::move(record.addresses);
}

ec identify_reader::on_bytes(bytes_view input) {
  if (failure_ != ec::none) return failure_;
  const std::size_t overhead = messages_max * 3;
  if (bytes_.size() + input.size() > identify::inbound_bytes_max + overhead)
    return failure_ = ec::oversized;
  append(bytes_, input);
  while (parsed_ < bytes_.size()) {
    const bytes_view left = bytes_view(bytes_).subspan(parsed_);
    const auto length = peek_uvarint(left);
    if (length.status == uvarint_prefix::state::invalid) return failure_ = ec::bad_varint;
    if (length.status == uvarint_prefix::state::incomplete) break;
    if (length.value > identify::inbound_bytes_max - merged_.size())
      return failure_ = ec::oversized;
    const auto size = static_cast<std::size_t>(length.value);
    if (left.size() - length.size < size) break;
    if (++messages_ > messages_max) return failure_ = ec::limit;
    append(merged_, left.subspan(length.size, size));
    parsed_ += length.size + size;
  }
  return ec::none;
}

result<identify> identify_reader::on_end(const peer_id& expected) const {
  if (failure_ != ec::none) return fail(failure_);
  if (bytes_.empty()) return fail(ec::closed);
  if (parsed_ < bytes_.size()) return fail(ec::truncated);
  // merging protobufs is joining their bytes
  return identify::decode(merged_, expected);
}

}  // namespace weft::transport
