// SPDX-License-Identifier: MIT
// The key of a private network: proofs and certificates by themselves, then handshakes between
// nodes inside, outside and half-way through a change of keys.
#include "transport/io/private_network.hpp"

#include "tests/transport_io/test_node.hpp"
#include "transport/io/clock.hpp"
#include "transport/io/tls_certificate.hpp"

#include <gtest/gtest.h>

#include <array>

namespace weft::transport::io::test {
namespace {

network_key key_of(std::uint8_t n) {
  network_key key{};
  key.fill(n);
  return key;
}
private_network net(std::vector<std::uint8_t> numbers) {
  std::vector<network_key> keys;
  for (const auto n : numbers) keys.push_back(key_of(n));
  return private_network(std::move(keys));
}

TEST(private_network, a_proof_is_for_one_key_and_one_certificate) {
  const byte_buffer info = to_buffer(as_bytes("one public key"));
  const byte_buffer other = to_buffer(as_bytes("another"));
  const auto proof = net({1}).proofs(info);
  EXPECT_EQ(proof.size(), 32u);
  EXPECT_TRUE(net({1}).accepts(proof, info));
  EXPECT_TRUE(net({2, 1}).accepts(proof, info));
  EXPECT_TRUE(net({}).accepts(proof, info)) << "an open network takes everybody";
  EXPECT_TRUE(net({}).accepts({}, info));
  EXPECT_FALSE(net({2}).accepts(proof, info));
  EXPECT_FALSE(net({1}).accepts(proof, other)) << "copied from another certificate";
  EXPECT_FALSE(net({1}).accepts({}, info));
}

TEST(private_network, malformed_proofs) {
  const byte_buffer info = to_buffer(as_bytes("one public key"));
  const auto inside = net({1});
  auto proof = inside.proofs(info);
  for (std::size_t i = 0; i < proof.size(); ++i) {
    proof[i] ^= 1;
    EXPECT_FALSE(inside.accepts(proof, info)) << i;
    proof[i] ^= 1;
  }
  EXPECT_FALSE(inside.accepts(bytes_view(proof).first(31), info));
  auto longer = proof;
  longer.push_back(0);
  EXPECT_FALSE(inside.accepts(longer, info));
  byte_buffer many(32 * 2, 0);
  append(many, proof);
  EXPECT_FALSE(inside.accepts(many, info)) << "more than two";
}

TEST(private_network, certificates_carry_proofs_that_others_ignore) {
  const auto host = crypto::ed25519_private_key::generate();
  const auto inside = net({1, 2});
  for (const auto kind : {certificate_key::p256, certificate_key::ed25519}) {
    const auto made = tls_certificate::make(host, wall_now(), {.kind = kind, .network = &inside});
    ASSERT_TRUE(made) << to_string(made.error());
    const auto der = made->der();
    const std::array<bytes_view, 1> chain{bytes_view(der)};
    EXPECT_EQ(*verify_certificate_chain(chain, wall_now()), host.id());
    EXPECT_EQ(*verify_certificate_chain(chain, wall_now(), net({2})), host.id());
    const auto refused = verify_certificate_chain(chain, wall_now(), net({3}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ec::denied);
    EXPECT_NE(refused.error().detail.find("private network"), std::string::npos);
  }
}

bool meet(std::vector<std::uint8_t> one, std::vector<std::uint8_t> other) {
  test_node a({.change = [&](reactor_options& o) {
    for (const auto n : one) o.network_keys.push_back(key_of(n));
  }});
  test_node b({.change = [&](reactor_options& o) {
    for (const auto n : other) o.network_keys.push_back(key_of(n));
  }});
  return a.dial(b) && a.ping(b.id()) && b.ping(a.id());
}

TEST(reactor_private_network, insiders_meet) {
  EXPECT_TRUE(meet({1}, {1}));
  EXPECT_TRUE(meet({1}, {1, 2})) << "a key is being replaced";
  EXPECT_TRUE(meet({1, 2}, {2, 3}));
  EXPECT_TRUE(meet({2, 1}, {1, 2}));
}

TEST(reactor_private_network, outsiders_are_refused_whoever_dials) {
  test_node inside({.change = [](reactor_options& o) { o.network_keys = {key_of(1)}; }});
  test_node open;
  test_node elsewhere({.change = [](reactor_options& o) { o.network_keys = {key_of(2)}; }});
  for (test_node* outside : {&open, &elsewhere}) {
    EXPECT_FALSE(inside.dial(*outside));
    EXPECT_EQ(inside.dial_error.code, ec::denied);
    EXPECT_NE(inside.dial_error.detail.find("private network"), std::string::npos)
        << inside.dial_error.detail;
    // TLS 1.3: the dialler has finished its handshake when the other side refuses its certificate.
    if (outside->dial(inside)) {
      EXPECT_TRUE(outside->events.wait<session_down_event>());
    }
  }
  EXPECT_TRUE(inside.inspect().sessions.empty());
  EXPECT_TRUE(open.inspect().sessions.empty());
}

TEST(reactor_private_network, at_most_two_keys) {
  test_node many({.change = [](reactor_options& o) {
    o.network_keys = {key_of(1), key_of(2), key_of(3)};
  }});
  EXPECT_EQ(many.net, nullptr);
  EXPECT_EQ(many.dial_error.code, ec::bad_config);
}

}  // namespace
}  // namespace weft::transport::io::test
