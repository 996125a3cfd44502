// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "sim/terrain.hpp"
#include "transport/identify.hpp"
#include "transport/inbound.hpp"
#include "transport/port.hpp"

#include <cstdint>
#include <vector>

namespace weft::sim {

/// What a node hears from its transport: the listeners of a reactor, one event or batch at a time.
/// An endpoint may post commands from inside these calls.
class endpoint {
 public:
  virtual ~endpoint() = default;
  virtual void on_events(std::vector<transport::event>& events) = 0;
  virtual void on_frames(std::uint8_t concern, const transport::frame_batch& batch) = 0;
  /// One of the next calls is for this endpoint: asks the processor for what it will touch.
  virtual void expect() const noexcept {}
};

/// Where a node is in the network.
struct membership {
  peer_id id;
  /// Public key protobuf, agent and signed record that identify tells; addresses and protocols are
  /// filled in.
  transport::identify about;
  site where;
  ip_endpoint address;
};

}  // namespace weft::sim
