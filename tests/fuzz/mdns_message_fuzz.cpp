// SPDX-License-Identifier: MIT
// Multicast DNS packets: results within their bounds; what was found survives being told again, and
// the core takes it.
#include "base/assert.hpp"
#include "transport/mdns_core.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  using namespace weft::transport;
  const bytes_view input(data, size);
  const auto read = mdns::decode(input);
  mdns_metrics counters;
  mdns_core core(peer_id{}, {}, rng(1), counters);
  mdns_outbox out;
  const instant now{std::chrono::hours(1)};
  core.on_packet(input, now, out);
  if (!read) {
    WEFT_ASSERT(out.found.empty(), "nothing is taken of what does not decode");
    return 0;
  }
  WEFT_ASSERT(read->peers.size() <= mdns::peers_max, "peers are bounded");
  WEFT_ASSERT(out.found.size() == read->peers.size(), "every peer is passed on");
  for (const auto& found : read->peers) {
    WEFT_ASSERT(!found.addresses.empty() && found.addresses.size() <= mdns::addresses_max,
                "addresses are bounded");
    std::size_t told = 0;
    for (const auto& packet : mdns::encode_response("name", found.peer, found.addresses)) {
      WEFT_ASSERT(packet.size() <= mdns::own_packet_bytes_max, "own packets are bounded");
      const auto again = mdns::decode(packet);
      WEFT_ASSERT(again && again->peers.size() == 1 && again->peers[0].peer == found.peer,
                  "own packets decode");
      told += again->peers[0].addresses.size();
    }
    WEFT_ASSERT(told <= found.addresses.size(), "no address is made up");
  }
  return 0;
}
