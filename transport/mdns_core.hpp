// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "transport/mdns_message.hpp"
#include "transport/mdns_metrics.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::transport {

struct mdns_config {
  /// The second question follows the first after this, each further one after twice the time
  /// before, up to the longest (RFC 6762 section 5.2).
  duration query_first = std::chrono::seconds(1);
  duration query_longest = std::chrono::seconds(60);
  /// Answers wait this long, at random, so that many nodes do not speak at once (section 6).
  duration answer_delay_min = std::chrono::milliseconds(20);
  duration answer_delay_max = std::chrono::milliseconds(120);
  /// An answer was heard by everybody: the next one comes this much later at least (section 6).
  duration answer_interval = std::chrono::seconds(1);
  /// Packets read: in the long run, and at once.
  std::uint32_t packets_per_second = 100;
  std::uint32_t packet_burst = 200;
  /// Peers remembered, each until it was not heard of for `peer_lifetime`; no further ones are
  /// taken meanwhile.
  std::size_t peers_max = 256;
  duration peer_lifetime = std::chrono::seconds(mdns::lifetime_s);
  /// A peer that is heard again with the same addresses is passed on again after this long.
  duration tell_again = std::chrono::seconds(15);
};

/// Effects, in order within each list.
struct mdns_outbox {
  /// For the multicast group, on every interface.
  std::vector<byte_buffer> packets;
  std::vector<mdns::found_peer> found;
};

/// Asks the local network for libp2p peers and tells it of this node. Pure.
class mdns_core {
 public:
  mdns_core(const peer_id& self, const mdns_config& config, rng random, mdns_metrics& counters);

  /// Where this node listens; loopback addresses are told of only when there are no others. A
  /// change is told at once.
  void set_addresses(std::vector<multiaddr> own, instant now);
  void on_packet(bytes_view input, instant now, mdns_outbox& out);
  void on_deadline(instant now, mdns_outbox& out);
  instant next_deadline() const;
  /// When this node asks next; the first question is due at once.
  instant next_question() const noexcept { return query_at_; }

  std::size_t size() const noexcept { return peers_.size(); }

 private:
  struct neighbour {
    std::vector<multiaddr> addresses;
    instant heard{};
    instant told{};
  };

  bool take_token(instant now);
  void take_peer(mdns::found_peer&& peer, instant now, mdns_outbox& out);
  void answer_soon(instant now);
  void forget_old(instant now);
  void drop(mdns_drop reason, std::size_t n = 1) { counters_.dropped[reason] += n; }

  const peer_id self_;
  const mdns_config config_;
  rng random_;
  mdns_metrics& counters_;
  /// As the specification wants it: of no meaning, 32 to 63 characters.
  std::string name_;
  std::vector<multiaddr> addresses_;
  std::map<peer_id, neighbour> peers_;
  instant query_at_{};
  duration query_after_;
  std::optional<instant> answer_at_;
  std::optional<instant> answered_at_;
  std::optional<instant> services_at_;
  double tokens_;
  instant tokens_at_{};
};

}  // namespace weft::transport
