// SPDX-License-Identifier: MIT
#pragma once

#include "actors/messages.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What pings and benches hear from the other actors, and what they hand them in one go.
namespace weft::actors {

/// What became of published messages of a job.
struct published_item {
  std::uint64_t ticket = 0;
  result<publish_outcome> outcome;
};
struct published_batch {
  std::vector<published_item> items;
};

/// Runs one ping or bench and ends.
using job_actor = actor_of<
    // INTERNAL: next step, pace or time limit.
    void(atom::tick),
    // How messages of this job ended.
    void(outcome_batch),
    // What became of its broadcasts.
    void(published_batch),
    // Private messages of other nodes about this bench.
    void(received_letter),
    // Answers of the session actor.
    void(answered<connection>), void(answered<round_trip>), void(answered<perf_report>),
    void(answered<void>),
    // Answers of the DHT actor.
    void(answered<found_peers>)>;

/// Broadcasts of one job, in one go.
struct publish_batch {
  struct item {
    std::uint64_t ticket = 0;
    chunk_view body;
  };
  std::string topic;
  std::vector<item> items;
  job_actor owner;
};
/// Letters about this run go to this job; or, with `runs` false, no longer.
struct bench_owner {
  std::uint64_t run = 0;
  job_actor owner;
  bool runs = true;
};

/// Messages of one job, sent in one go; outcomes come back in batches. A message that cannot be
/// accepted now comes back with ec::queue_full.
struct send_batch {
  std::vector<outgoing> messages;
  job_actor owner;
};

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::published_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::publish_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::bench_owner)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::send_batch)
