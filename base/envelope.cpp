// SPDX-License-Identifier: MIT
#include "base/envelope.hpp"

#include "base/wire.hpp"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <string>

namespace weft {

namespace {

namespace envelope_field {
constexpr protozero::pbf_tag_type public_key = 1;
constexpr protozero::pbf_tag_type payload_type = 2;
constexpr protozero::pbf_tag_type payload = 3;
constexpr protozero::pbf_tag_type signature = 5;
}  // namespace envelope_field

namespace record_field {
constexpr protozero::pbf_tag_type peer_id = 1;
constexpr protozero::pbf_tag_type sequence = 2;
constexpr protozero::pbf_tag_type address = 3;
}  // namespace record_field

/// AddressInfo.multiaddr
constexpr protozero::pbf_tag_type address_bytes = 1;

constexpr auto length_delimited = protozero::pbf_wire_type::length_delimited;
constexpr auto varint = protozero::pbf_wire_type::varint;

bytes_view view_of(const protozero::data_view& data) noexcept {
  return as_bytes({data.data(), data.size()});
}

void add_bytes(protozero::pbf_writer& out, protozero::pbf_tag_type tag, bytes_view value) {
  const auto text = as_text(value);
  out.add_bytes(tag, text.data(), text.size());
}

byte_buffer signed_part(std::string_view domain, bytes_view payload_type, bytes_view payload) {
  byte_buffer out;
  out.reserve(domain.size() + payload_type.size() + payload.size() + 30);
  wire_writer{out}
      .length_prefixed(as_bytes(domain))
      .length_prefixed(payload_type)
      .length_prefixed(payload);
  return out;
}

struct envelope_fields {
  bytes_view public_key;
  bytes_view payload_type;
  bytes_view payload;
  bytes_view signature;
};

result<envelope_fields> read_envelope(bytes_view envelope) {
  envelope_fields fields;
  const auto text = as_text(envelope);
  try {
    protozero::pbf_reader in{text.data(), text.size()};
    while (in.next()) {
      bytes_view* target = nullptr;
      switch (in.tag_and_type()) {
        case protozero::tag_and_type(envelope_field::public_key, length_delimited):
          target = &fields.public_key;
          break;
        case protozero::tag_and_type(envelope_field::payload_type, length_delimited):
          target = &fields.payload_type;
          break;
        case protozero::tag_and_type(envelope_field::payload, length_delimited):
          target = &fields.payload;
          break;
        case protozero::tag_and_type(envelope_field::signature, length_delimited):
          target = &fields.signature;
          break;
        default:
          in.skip();
          continue;
      }
      *target = view_of(in.get_view());
    }
  } catch (const protozero::exception& e) {
    return fail(ec::malformed, e.what());
  }
  return fields;
}

/// Adds one address, or counts it as skipped: an unknown protocol must not spoil the rest of the
/// list.
void read_address(protozero::pbf_reader in, peer_record& record) {
  while (in.next()) {
    if (in.tag_and_type() != protozero::tag_and_type(address_bytes, length_delimited)) {
      in.skip();
      continue;
    }
    auto address = multiaddr::from_bytes(view_of(in.get_view()));
    if (address) {
      record.addresses.push_back(std::move(*address));
    } else {
      ++record.addresses_skipped;
    }
  }
}

}  // namespace

byte_buffer seal_envelope(const crypto::ed25519_private_key& key, std::string_view domain,
                          bytes_view payload_type, bytes_view payload) {
  std::string out;
  protozero::pbf_writer writer{out};
  add_bytes(writer, envelope_field::public_key,
            crypto::ed25519_public_key_protobuf(key.public_key()));
  add_bytes(writer, envelope_field::payload_type, payload_type);
  add_bytes(writer, envelope_field::payload, payload);
  add_bytes(writer, envelope_field::signature,
            key.sign(signed_part(domain, payload_type, payload)));
  return to_buffer(as_bytes(out));
}

result<opened_envelope> open_envelope(bytes_view envelope, std::string_view domain,
                                      bytes_view payload_type) {
  if (envelope.size() > envelope_bytes_max) return fail(ec::oversized, "signed envelope");
  WEFT_TRY(const auto fields, read_envelope(envelope));
  if (fields.public_key.empty() || fields.signature.empty())
    return fail(ec::malformed, "an envelope has a key and a signature");
  if (as_text(fields.payload_type) != as_text(payload_type))
    return fail(ec::unsupported, "an envelope of another payload type");
  WEFT_TRY_VOID(crypto::verify_with_libp2p_key(
      fields.public_key, signed_part(domain, fields.payload_type, fields.payload),
      fields.signature));
  WEFT_TRY(const auto signer, peer_id::from_public_key_protobuf(fields.public_key));
  return opened_envelope{signer, fields.payload_type, fields.payload};
}

byte_buffer encode_peer_record(const peer_record& record) {
  std::string out;
  protozero::pbf_writer writer{out};
  add_bytes(writer, record_field::peer_id, record.id.bytes());
  writer.add_uint64(record_field::sequence, record.sequence);
  for (const multiaddr& address : record.addresses) {
    protozero::pbf_writer info{writer, record_field::address};
    add_bytes(info, address_bytes, address.bytes());
  }
  return to_buffer(as_bytes(out));
}

result<peer_record> decode_peer_record(bytes_view payload) {
  peer_record record;
  const auto text = as_text(payload);
  try {
    protozero::pbf_reader in{text.data(), text.size()};
    while (in.next()) {
      switch (in.tag_and_type()) {
        case protozero::tag_and_type(record_field::peer_id, length_delimited): {
          WEFT_TRY(record.id, peer_id::from_bytes(view_of(in.get_view())));
          break;
        }
        case protozero::tag_and_type(record_field::sequence, varint):
          record.sequence = in.get_uint64();
          break;
        case protozero::tag_and_type(record_field::address, length_delimited):
          read_address(in.get_message(), record);
          if (record.addresses.size() + record.addresses_skipped > peer_record_addresses_max)
            return fail(ec::oversized, "a peer record with more than 64 addresses");
          break;
        default:
          in.skip();
      }
    }
  } catch (const protozero::exception& e) {
    return fail(ec::malformed, e.what());
  }
  if (record.id.empty()) return fail(ec::malformed, "a peer record without a peer id");
  return record;
}

byte_buffer seal_peer_record(const crypto::ed25519_private_key& key, std::uint64_t sequence,
                             const std::vector<multiaddr>& addresses) {
  return seal_envelope(key, peer_record_domain, peer_record_type,
                       encode_peer_record({key.id(), sequence, addresses, 0}));
}

result<peer_record> open_peer_record(bytes_view envelope) {
  WEFT_TRY(const auto opened, open_envelope(envelope, peer_record_domain, peer_record_type));
  WEFT_TRY(auto record, decode_peer_record(opened.payload));
  if (record.id != opened.signer)
    return fail(ec::wrong_peer, "a peer record signed by another peer");
  return record;
}

}  // namespace weft
