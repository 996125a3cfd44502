// SPDX-License-Identifier: MIT
#include "transport/mdns_metrics.hpp"

#include <array>

namespace weft::transport {

std::string_view to_string(mdns_drop reason) noexcept {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(mdns_drop::count_)> names{
      "malformed", "oversized", "unsupported", "rate",       "entries",
      "peers",     "addresses", "bad_address", "peers_full", "answered"};
  return names[static_cast<std::size_t>(reason)];
}

void mdns_metrics::collect(metrics::visitor& v) const {
  v.count("weft_mdns_packets_received_total", "Multicast packets read.", {}, packets_received);
  v.count("weft_mdns_queries_sent_total", "Own questions for peers.", {}, queries_sent);
  v.count("weft_mdns_responses_sent_total", "Packets that told of this node.", {}, responses_sent);
  v.count("weft_mdns_sends_failed_total", "Packets that an interface did not take.", {},
          sends_failed);
  v.count("weft_mdns_found_total", "Peers heard of and passed on, again and again.", {}, found);
  v.read("weft_mdns_peers", "Peers of the local network that are remembered.", {}, peers);
  v.read("weft_mdns_interfaces", "Interfaces that discovery takes place on.", {}, interfaces);
  dropped.collect(v, "weft_mdns_dropped_total", "What was not used, by reason.", "reason");
}

}  // namespace weft::transport
