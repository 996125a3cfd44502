// SPDX-License-Identifier: MIT
#include "dht/signed_record.hpp"

#include "base/envelope.hpp"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <algorithm>

namespace weft::dht {

namespace {

constexpr std::string_view key_prefix = "/weft/";
constexpr std::string_view envelope_domain = "weft-record";
constexpr std::string_view payload_type = "/weft/record/1";

constexpr protozero::pbf_tag_type key_field = 1;
constexpr protozero::pbf_tag_type value_field = 2;
constexpr protozero::pbf_tag_type sequence_field = 3;
/// Unix time in seconds.
constexpr protozero::pbf_tag_type expires_field = 4;

/// The year 2262, where nanoseconds end.
constexpr std::uint64_t seconds_max = 9'223'372'036;

struct payload_fields {
  bytes_view key;
  bytes_view value;
  std::uint64_t sequence = 0;
  std::uint64_t expires_s = 0;
};

bytes_view view_of(protozero::data_view v) noexcept {
  return as_bytes(std::string_view{v.data(), v.size()});
}

result<payload_fields> read_payload(bytes_view payload) {
  using protozero::pbf_wire_type;
  payload_fields out;
  const auto text = as_text(payload);
  try {
    protozero::pbf_reader in{text.data(), text.size()};
    while (in.next()) {
      switch (in.tag_and_type()) {
        case protozero::tag_and_type(key_field, pbf_wire_type::length_delimited):
          out.key = view_of(in.get_view());
          break;
        case protozero::tag_and_type(value_field, pbf_wire_type::length_delimited):
          out.value = view_of(in.get_view());
          break;
        case protozero::tag_and_type(sequence_field, pbf_wire_type::varint):
          out.sequence = in.get_uint64();
          break;
        case protozero::tag_and_type(expires_field, pbf_wire_type::varint):
          out.expires_s = in.get_uint64();
          break;
        default:
          in.skip();
      }
    }
  } catch (const protozero::exception& e) {
    return fail(ec::malformed, e.what());
  }
  return out;
}

bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= record_name_bytes_max
         && std::all_of(name.begin(), name.end(),
                        [](char c) { return c > 0x20 && c < 0x7f && c != '/'; });
}

}  // namespace

result<byte_buffer> signed_record_key(const peer_id& publisher, std::string_view name) {
  if (!is_name(name))
    return fail(ec::bad_argument,
                "a record's name is 1 to 128 printable characters without blanks and '/'");
  std::string key{key_prefix};
  key += publisher.to_string();
  key += '/';
  key += name;
  return to_buffer(as_bytes(key));
}

result<peer_id> signed_record_publisher(bytes_view key) {
  std::string_view text = as_text(key);
  if (!text.starts_with(key_prefix)) return fail(ec::malformed, "the key is not /weft/PEER/NAME");
  text.remove_prefix(key_prefix.size());
  const std::size_t end = text.find('/');
  if (end == std::string_view::npos || !is_name(text.substr(end + 1)))
    return fail(ec::malformed, "the key is not /weft/PEER/NAME");
  WEFT_TRY(const peer_id publisher, peer_id::parse(text.substr(0, end)));
  // One key per record: an id has other texts too, which would be other places.
  if (publisher.to_string() != text.substr(0, end))
    return fail(ec::malformed, "the peer of the key is not in its base58 form");
  return publisher;
}

result<byte_buffer> seal_record(const crypto::ed25519_private_key& key, std::string_view name,
                                bytes_view value, std::uint64_t sequence, wall_time expires) {
  if (value.size() > signed_value_bytes_max)
    return fail(ec::oversized, "the value of a record has at most 32768 bytes");
  if (expires.time_since_epoch() < std::chrono::seconds(1))
    return fail(ec::bad_argument, "a record expires after 1970");
  WEFT_TRY(const byte_buffer path, signed_record_key(key.id(), name));
  std::string payload;
  protozero::pbf_writer out{payload};
  const auto add = [&out](protozero::pbf_tag_type field, bytes_view bytes) {
    const auto text = as_text(bytes);
    out.add_bytes(field, text.data(), text.size());
  };
  add(key_field, path);
  add(value_field, value);
  out.add_uint64(sequence_field, sequence);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(expires.time_since_epoch());
  out.add_uint64(expires_field, static_cast<std::uint64_t>(seconds.count()));
  return seal_envelope(key, envelope_domain, as_bytes(payload_type), as_bytes(payload));
}

result<signed_record> open_record(bytes_view key, bytes_view record) {
  WEFT_TRY(const peer_id publisher, signed_record_publisher(key));
  WEFT_TRY(const opened_envelope envelope,
           open_envelope(record, envelope_domain, as_bytes(payload_type)));
  if (envelope.signer != publisher)
    return fail(ec::wrong_peer, "the record is signed by another than the peer of its key");
  WEFT_TRY(const payload_fields fields, read_payload(envelope.payload));
  if (!std::equal(fields.key.begin(), fields.key.end(), key.begin(), key.end()))
    return fail(ec::wrong_destination, "the record is signed for another key");
  if (fields.value.size() > signed_value_bytes_max) return fail(ec::oversized);
  signed_record out;
  out.publisher = publisher;
  out.value = fields.value;
  out.sequence = fields.sequence;
  const auto seconds = static_cast<std::int64_t>(std::min(fields.expires_s, seconds_max));
  out.expires = wall_time{std::chrono::seconds(seconds)};
  return out;
}

}  // namespace weft::dht
