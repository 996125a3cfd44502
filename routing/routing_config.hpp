// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "routing/metric.hpp"

#include <cstddef>
#include <cstdint>

namespace weft::routing {

/// Limits and times of route exchange. Defaults suit meshes of up to some ten thousand nodes.
struct routing_config {
  /// Destinations in the table, reachable or held down, 1 to 16,000,000; about 128 bytes each with
  /// their announcement and two routes.
  std::size_t destinations_max = 200'000;
  /// Routes kept per destination, through different neighbours: 1 to 10.
  std::size_t candidates_max = 8;
  /// Neighbours that exchange routes; further ones are left alone and counted.
  std::size_t neighbours_max = 1024;
  /// Routes one neighbour may contribute.
  std::size_t routes_per_neighbour_max = 200'000;
  /// Longest path accepted, in hops: 1 to 127.
  std::uint8_t hops_max = 64;

  /// The node signs a new announcement this often.
  duration refresh_interval = std::chrono::seconds(120);
  /// Lifetime of the node's announcements; at least twice the refresh interval.
  duration lifetime = std::chrono::seconds(420);
  /// Announcements that live longer are refused.
  duration lifetime_max = std::chrono::hours(24);
  /// Difference of wall clocks tolerated between origin and reader.
  duration clock_skew_max = std::chrono::seconds(120);
  /// Shortest time between two announcements of the node, whatever neighbours ask for.
  duration renew_interval_min = std::chrono::seconds(1);

  /// A change is flushed (snapshot, then updates) this long after it happened.
  duration trigger_delay = std::chrono::milliseconds(20);
  /// Sustained spacing of flushes; up to `flush_burst` of them may come `trigger_delay` apart.
  duration flush_interval = std::chrono::milliseconds(100);
  std::uint32_t flush_burst = 8;

  /// Added to each hop's round-trip time, in metric units; 100 = 1 ms.
  metric hop_penalty = 100;
  /// Assumed while a neighbour's round-trip time is unknown.
  duration rtt_default = std::chrono::milliseconds(10);
  /// A better route replaces the selected one when it is shorter by more than 1/2^n of it, and a
  /// change of metric is advertised or a link's cost adopted when it differs by more than that.
  unsigned hysteresis_shift = 3;

  /// Longest frame sent; and accepted.
  std::size_t frame_bytes_max = 32 * 1024;
  /// Update frames in flight to one neighbour without acknowledgement.
  std::size_t window_frames = 16;
  /// A frame not acknowledged in this time makes the neighbour's copy of the table be sent anew.
  duration ack_timeout = std::chrono::seconds(5);
  /// Unfinished frames held for one neighbour; further ones are dropped and not acknowledged.
  std::size_t inbox_frames_max = 32;

  /// Incoming work is done in steps this far apart …
  duration step_interval = std::chrono::milliseconds(10);
  /// … of at most this many signature verifications in all …
  std::size_t verifications_per_step = 32;
  /// … and this many for one neighbour …
  std::size_t verifications_per_neighbour_step = 24;
  /// … and this many entries in all.
  std::size_t entries_per_step = 20'000;
  /// A neighbour may begin anew within a session this often, sustained and at once: its process was
  /// killed and came back before the session timed out, or its route exchange was restarted. As
  /// each time costs a walk over the table, more often is not listened to until its turn has come.
  duration restart_interval = std::chrono::seconds(10);
  std::uint32_t restart_burst = 4;
  /// Bad signatures, malformed frames and the like after which a neighbour is ignored until its
  /// session ends.
  std::size_t violations_max = 8;

  /// Sequence number requests taken from one neighbour: sustained per second, and at once.
  std::uint32_t requests_per_second = 50;
  std::uint32_t request_burst = 100;
  /// A request is sent again, and the same one passed on again, after this time.
  duration request_interval = std::chrono::seconds(2);
  std::uint32_t request_tries = 5;
  /// Hops a request may travel.
  std::uint8_t request_hops_max = 64;
  /// Own and passed-on requests remembered.
  std::size_t requests_max = 4096;

  /// Each row is checked for age and metric at least this often; at most an hour.
  duration sweep_interval = std::chrono::seconds(5);
  /// An unreachable destination keeps its feasibility distance at least this long; unless its place
  /// is needed, until its announcement expires. At most four hours.
  duration hold_down = std::chrono::seconds(30);

  /// ec::bad_config names the value.
  result<void> validate() const;
};

}  // namespace weft::routing
