// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "transport/port.hpp"

#include <cstdint>
#include <vector>

/// What the session core asks for and tells.
namespace weft::transport {

/// The asker's number of a connect request.
using connect_ticket = std::uint64_t;

/// The first session to a peer came up, or the last one went away.
struct peer_change {
  peer_id peer;
  bool up = false;
  direction side = direction::inbound;
  multiaddr remote;
  session_id session = 0;
  /// Only when down.
  close_reason reason = close_reason::local;
};
struct connected {
  peer_id peer;
  session_id session = 0;
  multiaddr remote;
  duration handshake{};
  /// There was a session already.
  bool existed = false;
};
struct connect_answer {
  connect_ticket ticket = 0;
  result<connected> outcome;
};

/// Effects of the core, in order within each vector. Deal with `changes` before `answers`.
struct session_outbox {
  std::vector<control_command> commands;
  std::vector<peer_change> changes;
  std::vector<connect_answer> answers;

  void clear() {
    commands.clear();
    changes.clear();
    answers.clear();
  }
  bool empty() const noexcept { return commands.empty() && changes.empty() && answers.empty(); }
};

}  // namespace weft::transport
