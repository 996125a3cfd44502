// SPDX-License-Identifier: MIT
// Invariants: bytes -> address -> bytes and address -> text -> address are the identity; what
// parses from text survives both.
#include "base/assert.hpp"
#include "base/multiaddr.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using namespace weft;

void check(const multiaddr& address) {
  const auto bytes = multiaddr::from_bytes(address.bytes());
  WEFT_ASSERT(bytes && *bytes == address, "binary form round trip");
  const std::string text = address.to_string();
  const auto parsed = multiaddr::parse(text);
  WEFT_ASSERT(parsed && *parsed == address, "text form round trip");
  const auto plain = address.without_peer();
  if (const auto id = address.peer()) {
    // An address that ends in several peers loses only the last, which the next one then replaces.
    WEFT_ASSERT(plain.peer() || plain.with_peer(*id) == address, "the peer comes off and on again");
    WEFT_ASSERT(address.with_peer(*id) == address, "its own peer changes nothing");
  } else {
    WEFT_ASSERT(plain == address, "nothing to take off");
  }
  if (const auto endpoint = address.quic_v1_endpoint())
    WEFT_ASSERT(multiaddr::quic_v1(*endpoint) == plain, "the endpoint is the whole address");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input{data, size};
  if (const auto address = multiaddr::from_bytes(input)) {
    WEFT_ASSERT(
        std::equal(input.begin(), input.end(), address->bytes().begin(), address->bytes().end()),
        "the bytes are kept");
    check(*address);
  }
  if (const auto address = multiaddr::parse(as_text(input))) check(*address);
  return 0;
}
