// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "transport/mdns_core.hpp"
#include "transport/mdns_metrics.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace weft::transport::io {

/// What mDNS discovery is made of. The counters must outlive it.
struct mdns_options {
  peer_id self;
  mdns_config config{};
  rng random{0};
  mdns_metrics& metrics;
  /// Called on the service's thread with peers that were heard of.
  std::function<void(std::vector<mdns::found_peer>&&)> on_found;
};

/// Discovery in the local network over 224.0.0.251:5353 (RFC 6762), on every interface that is up
/// and does multicast, with a socket and a thread of its own. Interfaces are looked for again at
/// every question. Packets that do not come to the multicast group are not read, so nobody beyond
/// the link is heard (section 11).
class mdns_service {
 public:
  /// ec::in_use when another process keeps the port for itself, ec::denied, ec::io.
  static result<std::unique_ptr<mdns_service>> start(mdns_options options);
  /// Joins the thread.
  ~mdns_service();
  mdns_service(const mdns_service&) = delete;
  mdns_service& operator=(const mdns_service&) = delete;

  /// Where this node listens. Thread-safe; the same again changes nothing.
  void set_addresses(std::vector<multiaddr> own);

 private:
  class impl;
  explicit mdns_service(std::unique_ptr<impl> state) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::transport::io
