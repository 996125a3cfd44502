// SPDX-License-Identifier: MIT
#pragma once

#include "transport/io/session.hpp"
#include "transport/io/udp_socket.hpp"
#include "transport/push.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// What a `quic_endpoint` keeps per peer, per dial, per request and per ended session.
namespace weft::transport::io {

/// Passes fates on to the concern of their protocol.
class peer_fates final : public fate_sink {
 public:
  peer_fates(io_context& context, peer_id peer) noexcept
      : context_(context), peer_(std::move(peer)) {}
  void tell(protocol_index protocol, std::uint64_t tag, frame_fate fate) override {
    if (protocol < context_.protocols.size())
      context_.inbound.tell(context_.protocols[protocol].concern, {peer_, protocol, tag, fate});
  }

 private:
  io_context& context_;
  const peer_id peer_;
};

/// What is kept per peer with a session.
struct peer_slot {
  peer_slot(io_context& context, const peer_id& peer)
      : id(peer),
        fates(context, peer),
        queue(context.bounds.queue, context.metrics, &fates),
        unwanted(context.bounds.push_cancels_max, context.bounds.push_cancel_memory) {}
  const peer_id id;
  peer_fates fates;
  send_queue queue;
  unwanted_pushes unwanted;
  std::vector<session*> sessions;
  /// Carries the frames and commands.
  session* chosen = nullptr;
};

/// Answers packets of a session that has ended.
struct tombstone {
  byte_buffer farewell;
  net_path path;
  std::uint32_t seen = 0;
};
/// A request that an actor has yet to answer.
struct open_request {
  session_id session = 0;
  std::int64_t stream = 0;
  std::uint64_t slot = 0;
  instant expires{};
};
/// A dial under way, one address after the other.
struct dial_state {
  request_id id = 0;
  std::optional<peer_id> expected;
  std::vector<multiaddr> addresses;
  std::size_t next = 0;
  std::vector<session_id> attempts;
  std::uint64_t timer = 0;
  error last{ec::unreachable, "no usable address"};
};

}  // namespace weft::transport::io
