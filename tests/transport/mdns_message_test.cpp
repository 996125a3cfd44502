// SPDX-License-Identifier: MIT
// Multicast DNS packets: what is written, read back by hand-made bytes of other makes, and hostile
// ones.
#include "transport/mdns_message.hpp"

#include "tests/transport/transport_fixture.hpp"

#include <string>

namespace weft::transport::mdns {
namespace {

using transport::testing::host;
using transport::testing::peer;

constexpr std::uint16_t ptr = 12;
constexpr std::uint16_t txt = 16;

void add(byte_buffer& out, std::initializer_list<int> bytes) {
  for (const int b : bytes) out.push_back(static_cast<std::uint8_t>(b));
}
void add16(byte_buffer& out, std::size_t value) {
  add(out, {static_cast<int>(value >> 8 & 0xff), static_cast<int>(value & 0xff)});
}
byte_buffer header(int flags, std::size_t questions, std::size_t answers, std::size_t additional) {
  byte_buffer out;
  add(out, {0, 0});
  add16(out, static_cast<std::size_t>(flags));
  add16(out, questions);
  add16(out, answers);
  add16(out, 0);
  add16(out, additional);
  return out;
}
void add_name(byte_buffer& out, std::string_view text) {
  while (!text.empty()) {
    const auto label = text.substr(0, text.find('.'));
    out.push_back(static_cast<std::uint8_t>(label.size()));
    append(out, as_bytes(label));
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  out.push_back(0);
}
void add_question(byte_buffer& out, std::string_view name, std::uint16_t type = ptr,
                  int klass = 1) {
  add_name(out, name);
  add16(out, type);
  add16(out, static_cast<std::size_t>(klass));
}
void add_text(byte_buffer& out, std::string_view owner, const std::vector<std::string>& texts,
              int klass = 1, int lifetime = 120) {
  add_name(out, owner);
  add16(out, txt);
  add16(out, static_cast<std::size_t>(klass));
  add(out, {0, 0});
  add16(out, static_cast<std::size_t>(lifetime));
  byte_buffer data;
  for (const auto& text : texts) {
    data.push_back(static_cast<std::uint8_t>(text.size()));
    append(data, as_bytes(text));
  }
  add16(out, data.size());
  append(out, data);
}
std::string entry(int n) {
  return "dnsaddr="
         + host(static_cast<std::uint8_t>(n))
               .with_peer(peer(static_cast<std::uint8_t>(n)))
               .to_string();
}
ec code_of(bytes_view input) {
  const auto read = decode(input);
  return read ? ec::none : read.error().code;
}

TEST(mdns_message, asks_for_peers_byte_for_byte) {
  byte_buffer expected;
  add(expected, {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0});
  append(expected, as_bytes("\x04_p2p\x04_udp\x05local"));
  add(expected, {0, 0, 12, 0, 1});
  EXPECT_EQ(encode_query(), expected);
  const auto read = decode(expected);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->response);
  EXPECT_TRUE(read->asks_peers);
  EXPECT_FALSE(read->asks_services);
}

TEST(mdns_message, a_response_names_the_service_and_carries_the_addresses) {
  const std::vector own{host(1), host(2), *multiaddr::parse("/ip6/2001:db8::1/udp/4001/quic-v1")};
  const auto packets = encode_response("abcdefghijklmnopqrstuvwxyz012345", peer(7), own);
  ASSERT_EQ(packets.size(), 1u);
  byte_buffer expected;
  add(expected, {0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 1});
  add_name(expected, service_name);
  add(expected, {0, 12, 0, 1, 0, 0, 0, 120, 0, 33 + 17});
  add_name(expected, "abcdefghijklmnopqrstuvwxyz012345._p2p._udp.local");
  add_name(expected, "abcdefghijklmnopqrstuvwxyz012345._p2p._udp.local");
  add(expected, {0, 16, 0, 1, 0, 0, 0, 120});
  byte_buffer texts;
  for (const auto& address : own) {
    const auto text = "dnsaddr=" + address.with_peer(peer(7)).to_string();
    texts.push_back(static_cast<std::uint8_t>(text.size()));
    append(texts, as_bytes(text));
  }
  add16(expected, texts.size());
  append(expected, texts);
  EXPECT_EQ(packets[0], expected);
  const auto read = decode(packets[0]);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->response);
  ASSERT_EQ(read->peers.size(), 1u);
  EXPECT_EQ(read->peers[0].peer, peer(7));
  EXPECT_EQ(read->peers[0].addresses, own);
}

TEST(mdns_message, many_addresses_take_several_packets) {
  std::vector<multiaddr> own;
  for (std::uint8_t i = 1; i <= addresses_max; ++i) own.push_back(host(i));
  std::vector<multiaddr> seen;
  const auto packets = encode_response("a", peer(7), own);
  EXPECT_GT(packets.size(), 1u);
  for (const auto& packet : packets) {
    EXPECT_LE(packet.size(), own_packet_bytes_max);
    const auto read = decode(packet);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->peers.size(), 1u);
    seen.insert(seen.end(), read->peers[0].addresses.begin(), read->peers[0].addresses.end());
  }
  EXPECT_EQ(seen, own);
  EXPECT_TRUE(encode_response("a", peer(7), {}).empty());
}

TEST(mdns_message, the_names_of_services_are_asked_for_and_told) {
  byte_buffer question = header(0, 1, 0, 0);
  add_question(question, enumeration_name);
  EXPECT_TRUE(decode(question)->asks_services);
  EXPECT_FALSE(decode(question)->asks_peers);
  byte_buffer expected = header(0x8400, 0, 1, 0);
  add_name(expected, "_services._dns-sd._udp.local");
  add(expected, {0, 12, 0, 1, 0, 0, 0, 120, 0, 17});
  add_name(expected, service_name);
  EXPECT_EQ(encode_services(), expected);
}

TEST(mdns_message, reads_other_makes) {
  // Names with pointers and capitals, the flag of a unicast answer, type ANY.
  byte_buffer question = header(0, 2, 0, 0);
  add_question(question, "_P2P._UDP.Local", 255, 0x8001);
  add_question(question, "_http._tcp.local");
  EXPECT_TRUE(decode(question)->asks_peers);

  // PTR and TXT as answers, the text's owner by pointer; several strings, keys in capitals, others.
  byte_buffer response = header(0x8400, 0, 2, 1);
  add_name(response, service_name);
  add16(response, ptr);
  add(response, {0, 1, 0, 0, 0, 120});
  add16(response, 4);
  const std::size_t owner = response.size();
  add(response, {1, 'x', 0xc0, 12});
  add(response, {0xc0, static_cast<int>(owner)});
  add16(response, txt);
  add(response, {0x80, 1, 0, 0, 0, 120});
  byte_buffer data;
  for (std::string text : {std::string("other=1"), "DNSADDR=" + entry(1).substr(8), entry(2)}) {
    data.push_back(static_cast<std::uint8_t>(text.size()));
    append(data, as_bytes(text));
  }
  add16(response, data.size());
  append(response, data);
  add_text(response, "y._p2p._udp.local", {entry(1)});
  const auto read = decode(response);
  ASSERT_TRUE(read) << to_string(read.error());
  ASSERT_EQ(read->peers.size(), 2u);
  EXPECT_EQ(read->peers[0].peer, peer(1));
  EXPECT_EQ(read->peers[0].addresses, std::vector{host(1)});
  EXPECT_EQ(read->peers[1].peer, peer(2));
  EXPECT_EQ(read->bad_addresses, 0u);
}

TEST(mdns_message, takes_only_what_is_of_the_service_and_lives) {
  byte_buffer response = header(0x8400, 0, 0, 6);
  add_text(response, "x._http._tcp.local", {entry(1)});
  add_text(response, "_p2p._udp.local", {entry(1)});
  add_text(response, "x.y._p2p._udp.local", {entry(1)});
  add_text(response, "x._p2p._udp.local", {entry(1)}, 3);
  add_text(response, "x._p2p._udp.local", {entry(1)}, 1, 0);
  add_text(response, "x._p2p._udp.local",
           {"dnsaddr=", "dnsaddr=/ip4/1.2.3.4/udp/1/quic-v1", "dnsaddr=nothing",
            "dnsaddr=/p2p/" + peer(1).to_string()});
  const auto read = decode(response);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->peers.empty());
  EXPECT_EQ(read->bad_addresses, 4u);
  // A query may hold records, too: known answers.
  byte_buffer query = header(0, 0, 1, 0);
  add_text(query, "x._p2p._udp.local", {entry(1)});
  EXPECT_TRUE(decode(query)->peers.empty());
  // And a response no questions that matter.
  byte_buffer asks = header(0x8400, 1, 0, 0);
  add_question(asks, service_name);
  EXPECT_FALSE(decode(asks)->asks_peers);
}

TEST(mdns_message, counts_what_is_too_much) {
  byte_buffer peers = header(0x8400, 0, 0, peers_max + 3);
  for (int i = 1; i <= static_cast<int>(peers_max) + 3; ++i)
    add_text(peers, "x._p2p._udp.local", {entry(i)});
  EXPECT_EQ(decode(peers)->peers.size(), peers_max);
  EXPECT_EQ(decode(peers)->surplus_peers, 3u);

  byte_buffer addresses = header(0x8400, 0, 0, addresses_max + 2);
  for (int i = 1; i <= static_cast<int>(addresses_max) + 2; ++i)
    add_text(addresses, "x._p2p._udp.local",
             {"dnsaddr=" + host(static_cast<std::uint8_t>(i)).with_peer(peer(1)).to_string()});
  ASSERT_EQ(decode(addresses)->peers.size(), 1u);
  EXPECT_EQ(decode(addresses)->peers[0].addresses.size(), addresses_max);
  EXPECT_EQ(decode(addresses)->surplus_addresses, 2u);

  byte_buffer entries = header(0x8400, 0, 0, entries_max + 5);
  for (std::size_t i = 0; i < entries_max; ++i) add_text(entries, "x.local", {});
  const auto read = decode(entries);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->surplus_entries, 5u);
  byte_buffer questions = header(0, 0xffff, 0xffff, 0xffff);
  for (std::size_t i = 0; i < entries_max; ++i) add_question(questions, "x.local");
  EXPECT_EQ(decode(questions)->surplus_entries, 3u * 0xffff - entries_max);
}

TEST(mdns_message, refuses_hostile_names) {
  const auto with_name = [](std::initializer_list<int> name) {
    byte_buffer out = header(0, 1, 0, 0);
    add(out, name);
    add(out, {0, 12, 0, 1});
    return out;
  };
  EXPECT_EQ(code_of(with_name({1, 'a', 0})), ec::none);
  EXPECT_EQ(code_of(with_name({0xc0, 12})), ec::malformed) << "to itself";
  EXPECT_EQ(code_of(with_name({1, 'a', 0xc0, 12})), ec::malformed) << "to its own beginning";
  EXPECT_EQ(code_of(with_name({0xc0, 40})), ec::malformed) << "forwards";
  EXPECT_EQ(code_of(with_name({0xc0, 2})), ec::malformed) << "into the header";
  EXPECT_EQ(code_of(with_name({0x40, 'a', 0})), ec::malformed) << "an unknown kind of label";
  EXPECT_EQ(code_of(with_name({0x80, 'a', 0})), ec::malformed);
  // A chain of pointers is read as far as it leads backwards; of a name of 256 bytes it is refused.
  byte_buffer chain = header(0, 3, 0, 0);
  add_question(chain, "a");
  add(chain, {0xc0, 12, 0, 12, 0, 1, 0xc0, 19, 0, 12, 0, 1});
  EXPECT_EQ(code_of(chain), ec::none);
  byte_buffer longest = header(0, 1, 0, 0);
  for (int i = 0; i < 127; ++i) add(longest, {1, 'a'});
  add(longest, {0, 0, 12, 0, 1});
  EXPECT_EQ(code_of(longest), ec::none);
  byte_buffer longer = header(0, 1, 0, 0);
  for (int i = 0; i < 128; ++i) add(longer, {1, 'a'});
  add(longer, {0, 0, 12, 0, 1});
  EXPECT_EQ(code_of(longer), ec::oversized);
}

TEST(mdns_message, refuses_every_prefix_and_other_operations) {
  const auto whole = encode_response("a", peer(7), std::vector{host(1)}).at(0);
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_EQ(code_of(bytes_view(whole).first(n)), ec::truncated) << n;
  byte_buffer short_text = header(0x8400, 0, 0, 1);
  add_text(short_text, "x._p2p._udp.local", {});
  short_text[short_text.size() - 1] = 2;
  add(short_text, {5, 'a'});
  EXPECT_EQ(code_of(short_text), ec::truncated) << "a string longer than its record";
  EXPECT_EQ(code_of(header(0x0800, 0, 0, 0)), ec::unsupported) << "an operation";
  EXPECT_EQ(code_of(header(0x8003, 0, 0, 0)), ec::unsupported) << "a response code";
  EXPECT_EQ(code_of(byte_buffer(packet_bytes_max + 1)), ec::oversized);
  EXPECT_EQ(code_of(byte_buffer(packet_bytes_max)), ec::none) << "nothing in it";
}

}  // namespace
}  // namespace weft::transport::mdns
