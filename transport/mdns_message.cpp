// SPDX-License-Identifier: MIT
#include "transport/mdns_message.hpp"

#include "base/assert.hpp"
#include "base/wire.hpp"

#include <algorithm>
#include <string>

namespace weft::transport::mdns {

namespace {

// RFC 1035 sections 3.2.2 to 3.2.5
constexpr std::uint16_t type_ptr = 12;
constexpr std::uint16_t type_txt = 16;
constexpr std::uint16_t type_any = 255;
constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t class_any = 255;
/// Asks for a unicast answer, or says that older records are obsolete (RFC 6762 section 18.12 and
/// 18.13).
constexpr std::uint16_t class_flag = 0x8000;

constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_authoritative = 0x0400;
/// Operation and response code.
constexpr std::uint16_t flags_of_code = 0x780f;

constexpr std::uint8_t pointer_mark = 0xc0;
constexpr std::size_t header_bytes = 12;
constexpr std::size_t text_bytes_max = 255;
constexpr std::string_view attribute = "dnsaddr=";

std::uint8_t lower(std::uint8_t c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c - 'A' + 'a') : c;
}

/// A name in its wire form without pointers, in small letters and without the root's zero.
using name = byte_buffer;

/// "a.b" as a name.
name name_of(std::string_view text) {
  name out;
  while (!text.empty()) {
    const std::string_view label = text.substr(0, text.find('.'));
    out.push_back(static_cast<std::uint8_t>(label.size()));
    append(out, as_bytes(label));
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  return out;
}

/// Whether the name is one label more than `parent`.
bool is_child(const name& child, const name& parent) {
  if (child.empty()) return false;
  const std::size_t label = std::size_t{1} + child.front();
  return child.size() == label + parent.size()
         && std::equal(parent.begin(), parent.end(),
                       child.begin() + static_cast<std::ptrdiff_t>(label));
}

/// Reads names out of a whole packet, as they may point to any earlier part of it.
class packet_reader {
 public:
  explicit packet_reader(bytes_view all) noexcept : all_(all), in_(all) {}

  wire_reader& in() noexcept { return in_; }

  /// The name at the front.
  result<name> read_name() {
    name out;
    bytes_view from = all_.subspan(in_.position());
    // Every pointer leads before the place where the name, or its last part, began.
    std::size_t limit = in_.position();
    std::size_t used = 0;
    bool jumped = false;
    while (true) {
      if (from.empty()) return fail(ec::truncated);
      const std::uint8_t first = from.front();
      if ((first & pointer_mark) == pointer_mark) {
        if (from.size() < 2) return fail(ec::truncated);
        const std::size_t target = static_cast<std::size_t>(first & ~pointer_mark) << 8 | from[1];
        if (target >= limit || target < header_bytes)
          return fail(ec::malformed, "a name's pointer does not lead backwards");
        if (!jumped) used += 2;
        jumped = true;
        limit = target;
        from = all_.subspan(target);
        continue;
      }
      if (first > label_bytes_max) return fail(ec::malformed, "a label of an unknown kind");
      const std::size_t step = std::size_t{1} + first;
      if (from.size() < step) return fail(ec::truncated);
      if (!jumped) used += step;
      if (first == 0) break;
      if (out.size() + step >= name_bytes_max) return fail(ec::oversized, "a name");
      out.push_back(first);
      for (const std::uint8_t c : from.subspan(1, first)) out.push_back(lower(c));
      from = from.subspan(step);
    }
    WEFT_TRY(const bytes_view passed, in_.bytes(used));
    static_cast<void>(passed);
    return out;
  }

 private:
  bytes_view all_;
  wire_reader in_;
};

bool is_class(std::uint16_t given) noexcept {
  const auto plain = static_cast<std::uint16_t>(given & ~class_flag);
  return plain == class_in || plain == class_any;
}

/// Puts an address under its peer.
void take_address(const multiaddr& address, packet& into) {
  const auto peer = address.peer();
  const multiaddr bare = address.without_peer();
  if (!peer || bare.empty() || bare.peer()) {
    ++into.bad_addresses;
    return;
  }
  auto at = std::ranges::find(into.peers, *peer, &found_peer::peer);
  if (at == into.peers.end()) {
    if (into.peers.size() >= peers_max) {
      ++into.surplus_peers;
      return;
    }
    into.peers.push_back({*peer, {}});
    at = std::prev(into.peers.end());
  }
  if (std::ranges::find(at->addresses, bare) != at->addresses.end()) return;
  if (at->addresses.size() >= addresses_max)
    ++into.surplus_addresses;
  else
    at->addresses.push_back(bare);
}

/// The attributes of a TXT record (RFC 6763 section 6).
result<void> take_text(bytes_view data, packet& into) {
  wire_reader in(data);
  while (!in.at_end()) {
    WEFT_TRY(const std::uint8_t size, in.u8());
    WEFT_TRY(const bytes_view bytes, in.bytes(size));
    const std::string_view text = as_text(bytes);
    const auto same = [](char a, char b) {
      return lower(static_cast<std::uint8_t>(a)) == static_cast<std::uint8_t>(b);
    };
    if (text.size() < attribute.size()
        || !std::equal(attribute.begin(), attribute.end(), text.begin(),
                       [&](char b, char a) { return same(a, b); }))
      continue;
    if (const auto address = multiaddr::parse(text.substr(attribute.size())))
      take_address(*address, into);
    else
      ++into.bad_addresses;
  }
  return {};
}

result<void> read_question(packet_reader& from, const name& service, const name& enumeration,
                           packet& into) {
  WEFT_TRY(const name asked, from.read_name());
  WEFT_TRY(const std::uint16_t type, from.in().u16());
  WEFT_TRY(const std::uint16_t klass, from.in().u16());
  if (into.response || !is_class(klass) || (type != type_ptr && type != type_any)) return {};
  into.asks_peers = into.asks_peers || asked == service;
  into.asks_services = into.asks_services || asked == enumeration;
  return {};
}

result<void> read_record(packet_reader& from, const name& service, packet& into) {
  WEFT_TRY(const name owner, from.read_name());
  WEFT_TRY(const std::uint16_t type, from.in().u16());
  WEFT_TRY(const std::uint16_t klass, from.in().u16());
  WEFT_TRY(const std::uint32_t lifetime, from.in().u32());
  WEFT_TRY(const std::uint16_t size, from.in().u16());
  WEFT_TRY(const bytes_view data, from.in().bytes(size));
  // A record of no lifetime says that its content is gone (RFC 6762 section 10.1).
  if (!into.response || type != type_txt || !is_class(klass) || lifetime == 0
      || !is_child(owner, service))
    return {};
  return take_text(data, into);
}

// -- writing ---

void write_name(byte_buffer& out, const name& n) {
  append(out, n);
  out.push_back(0);
}

byte_buffer header(std::uint16_t flags, std::uint16_t questions, std::uint16_t answers,
                   std::uint16_t additional) {
  byte_buffer out;
  wire_writer(out).u16(0).u16(flags).u16(questions).u16(answers).u16(0).u16(additional);
  return out;
}

void write_pointer_record(byte_buffer& out, const name& owner, const name& target) {
  write_name(out, owner);
  wire_writer(out)
      .u16(type_ptr)
      .u16(class_in)
      .u32(lifetime_s)
      .u16(static_cast<std::uint16_t>(target.size() + 1));
  write_name(out, target);
}

}  // namespace

result<packet> decode(bytes_view input) {
  if (input.size() > packet_bytes_max) return fail(ec::oversized, "a packet");
  packet_reader from(input);
  packet out;
  WEFT_TRY(const std::uint16_t id, from.in().u16());
  static_cast<void>(id);
  WEFT_TRY(const std::uint16_t flags, from.in().u16());
  WEFT_TRY(const std::uint16_t questions, from.in().u16());
  std::size_t records = 0;
  for (int section = 0; section < 3; ++section) {
    WEFT_TRY(const std::uint16_t count, from.in().u16());
    records += count;
  }
  if ((flags & flags_of_code) != 0) return fail(ec::unsupported);
  out.response = (flags & flag_response) != 0;
  const name service = name_of(service_name);
  const name enumeration = name_of(enumeration_name);
  std::size_t left = entries_max;
  for (std::size_t i = 0; i < questions && left > 0; ++i, --left)
    WEFT_TRY_VOID(read_question(from, service, enumeration, out));
  // Where the records begin is only known after the last question.
  const bool reached = questions <= entries_max;
  for (std::size_t i = 0; reached && i < records && left > 0; ++i, --left)
    WEFT_TRY_VOID(read_record(from, service, out));
  const std::size_t all = questions + records;
  out.surplus_entries = all > entries_max ? all - entries_max : 0;
  return out;
}

byte_buffer encode_query() {
  byte_buffer out = header(0, 1, 0, 0);
  write_name(out, name_of(service_name));
  wire_writer(out).u16(type_ptr).u16(class_in);
  return out;
}

std::vector<byte_buffer> encode_response(std::string_view own, const peer_id& self,
                                         std::span<const multiaddr> addresses) {
  WEFT_ASSERT(
      !own.empty() && own.size() <= label_bytes_max && own.find('.') == std::string_view::npos,
      "the own name is one label");
  const name service = name_of(service_name);
  name owner = name_of(own);
  append(owner, service);
  std::vector<byte_buffer> out;
  byte_buffer texts;
  const auto room = own_packet_bytes_max - header_bytes - 2 * (owner.size() + service.size() + 32);
  const auto finish = [&] {
    if (texts.empty()) return;
    byte_buffer packet = header(flag_response | flag_authoritative, 0, 1, 1);
    write_pointer_record(packet, service, owner);
    write_name(packet, owner);
    wire_writer(packet)
        .u16(type_txt)
        .u16(class_in)
        .u32(lifetime_s)
        .u16(static_cast<std::uint16_t>(texts.size()));
    append(packet, texts);
    out.push_back(std::move(packet));
    texts.clear();
  };
  for (const multiaddr& address : addresses) {
    const std::string text = std::string(attribute) + address.with_peer(self).to_string();
    if (text.size() > text_bytes_max) continue;
    if (texts.size() + 1 + text.size() > room) finish();
    texts.push_back(static_cast<std::uint8_t>(text.size()));
    append(texts, as_bytes(text));
  }
  finish();
  return out;
}

byte_buffer encode_services() {
  byte_buffer out = header(flag_response | flag_authoritative, 0, 1, 0);
  write_pointer_record(out, name_of(enumeration_name), name_of(service_name));
  return out;
}

}  // namespace weft::transport::mdns
