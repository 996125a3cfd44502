// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

#include <cstdint>
#include <string_view>

namespace weft::transport {

/// Why something of a multicast packet was not used.
enum class mdns_drop : std::uint8_t {
  /// A packet that does not follow its format; one above its limit; one of another operation.
  malformed,
  oversized,
  unsupported,
  /// Packets beyond the rate.
  rate,
  /// Questions and records, peers, or addresses of one packet beyond their limits.
  entries,
  peers,
  addresses,
  /// An attribute that is no address of a peer.
  bad_address,
  /// A peer beyond those remembered.
  peers_full,
  /// A query soon after one that was answered: the answer was for everybody.
  answered,
  count_
};
std::string_view to_string(mdns_drop reason) noexcept;

/// Counters of mDNS discovery: written by its thread, read by any.
struct mdns_metrics final : metrics::source {
  metrics::counter packets_received;
  metrics::counter queries_sent;
  metrics::counter responses_sent;
  metrics::counter sends_failed;
  metrics::counter found;
  metrics::gauge peers;
  metrics::gauge interfaces;
  metrics::counters_by<mdns_drop> dropped;

  void collect(metrics::visitor& v) const override;
};

}  // namespace weft::transport
