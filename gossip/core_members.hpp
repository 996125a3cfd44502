// SPDX-License-Identifier: MIT
#pragma once

#include "base/block_table.hpp"
#include "base/hash.hpp"
#include "base/rng.hpp"
#include "base/slot_index.hpp"
#include "base/timer_wheel.hpp"
#include "gossip/core_state.hpp"
#include "gossip/gossip_core.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::gossip {

/// What goes to a peer when the present call ends.
struct outgoing {
  rpc_writer control;
  /// A frame that others get, too; alone, or before the others.
  chunk_view common;
  std::vector<message_id> iwant;

  void forget() {
    control.clear();
    common = {};
    iwant.clear();
  }
};

/// What the calls of one core, or of several, use in turn.
struct call_memory {
  rpc_view rpc;
  rpc_writer writer;
  byte_buffer text;
  /// Peers that the present call has something for, and what; the latter keep their memory.
  std::vector<peer_slot> touched;
  std::vector<std::unique_ptr<outgoing>> made;
};

/// The state of a core, apart from what it does with it.
struct core_members {
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return siphash_1_3(process_hash_key(), as_bytes(text));
    }
  };

  core_members(gossip_config config, const peer_id& self, const gossip_crypto& crypto, rng random,
               gossip_metrics& counters, std::shared_ptr<call_memory> memory);

  const gossip_config config_;
  peer_id self_;
  const gossip_crypto& crypto_;
  rng random_;
  gossip_metrics& counters_;
  siphash_key id_key_;

  instant now_{};
  outbox* out_ = nullptr;
  std::uint64_t sequence_ = 0;

  block_table<peer_state, 16> peers_;
  std::vector<peer_slot> free_peers_;
  slot_index by_peer_;
  std::map<ip_address, std::uint32_t> addresses_;
  retained_scores retained_;

  std::vector<std::unique_ptr<topic_state>> topics_;
  std::vector<topic_slot> free_topics_;
  std::unordered_map<std::string, topic_slot, text_hash, std::equal_to<>> by_topic_;
  std::size_t subscriptions_ = 0;

  fifo_table<seen_message> seen_;
  std::size_t seen_max_ = 0;
  fifo_table<cached_message> cache_;
  std::size_t cache_bytes_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t beat_ = 0;

  std::unordered_map<std::uint64_t, want> wants_;
  timer_wheel want_timers_;
  timer_wheel tree_timers_;
  std::uint64_t next_wave_ = 0;
  std::uint64_t next_pull_ = 1;
  /// Nanoseconds per byte of pushes, as a time.
  estimator byte_time_;
  std::deque<promise> promises_;
  std::map<std::uint64_t, open_validation> validations_;
  /// Tickets by the message's hash.
  std::unordered_map<std::uint64_t, std::uint64_t> validating_;
  std::size_t validation_bytes_ = 0;
  std::uint64_t next_ticket_ = 1;
  std::map<std::uint64_t, publication> publications_;

  std::optional<instant> heartbeat_at_;
  std::optional<instant> announce_at_;
  instant decayed_at_{};

  std::vector<peer_slot> announcing_;

  const std::shared_ptr<call_memory> memory_;
  rpc_view& rpc_;
  rpc_writer& shared_;
  byte_buffer& scratch_;
  std::vector<peer_slot>& touched_;
  std::vector<std::unique_ptr<outgoing>>& outgoing_;
};

}  // namespace weft::gossip
