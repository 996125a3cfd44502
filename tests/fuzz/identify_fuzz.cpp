// SPDX-License-Identifier: MIT
// Identify bodies and streams: bounded results; what was decoded survives encoding.
#include "base/assert.hpp"
#include "transport/identify.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  using weft::transport::identify;
  const bytes_view input(data, size);
  ed25519_public_key key{};
  key.fill(5);
  const peer_id expected = peer_id::from_ed25519(key);

  transport::identify_reader reader;
  static_cast<void>(reader.on_bytes(input.first(size / 2)));
  static_cast<void>(reader.on_bytes(input.subspan(size / 2)));
  static_cast<void>(reader.on_end(expected));

  const auto first = identify::decode(input, expected);
  if (!first) return 0;
  WEFT_ASSERT(first->listen_addresses.size() <= identify::addresses_max, "addresses are bounded");
  WEFT_ASSERT(first->protocols.size() <= identify::protocols_max, "protocols are bounded");
  static_cast<void>(first->certified_addresses(expected));
  const byte_buffer again = first->encode();
  // the key and the texts are never left out, and may alone be longer than what we send
  WEFT_ASSERT(again.size() <= identify::outbound_bytes_max + identify::inbound_bytes_max,
              "own messages are bounded");
  const auto second = identify::decode(again, expected);
  if (again.size() > identify::inbound_bytes_max) return 0;
  WEFT_ASSERT(second, "own messages decode");
  WEFT_ASSERT(second->agent_version == first->agent_version, "texts survive");
  WEFT_ASSERT(second->protocols.size() <= first->protocols.size()
                  && std::equal(second->protocols.begin(), second->protocols.end(),
                                first->protocols.begin()),
              "protocols survive in order");
  return 0;
}
