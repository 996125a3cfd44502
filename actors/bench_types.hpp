// SPDX-License-Identifier: MIT
#pragma once

#include "actors/runtime_types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a bench is to measure, and what it found.
namespace weft::actors {

enum class bench_kind : std::uint8_t {
  handshake,
  ping,
  stream,
  message,
  broadcast,
  throughput,
  lookup
};
inline constexpr std::size_t bench_kinds = 7;
std::string_view to_string(bench_kind kind) noexcept;
result<bench_kind> parse_bench_kind(std::string_view text);
/// Broadcasts of that size under way at a time: as many as a peer's queue holds with room to spare;
/// more would be dropped by it.
std::uint32_t broadcast_window(std::size_t body_bytes) noexcept;

/// What a bench actor of this node is to measure against a peer. Fields that a kind does not use
/// are ignored.
struct bench_request {
  bench_kind kind = bench_kind::ping;
  /// handshake: one address with /p2p/ID. Others: a peer with a session or a route; it is dialled
  /// when addresses are given.
  target to;
  /// Handshakes, ping rounds, stream runs or messages. At most `samples_max`.
  std::uint32_t samples = 100;
  /// stream: bytes each way and run.
  std::uint64_t upload_bytes = 0;
  std::uint64_t download_bytes = 0;
  /// message: size of a body, class, and pace.
  std::uint32_t body_bytes = 200;
  bool durable = false;
  /// message, throughput: under way at a time; 1 is one after another. lookup: at once.
  std::uint32_t window = 1024;
  /// message, broadcast: sends at this many per second when above zero; latencies of messages then
  /// count from the due time.
  double rate_per_second = 0;
  /// broadcast, throughput: nodes that must answer the roll call; 0: as many as do.
  std::uint32_t receivers = 0;
  /// The whole bench ends with what it has after this long.
  duration limit = std::chrono::seconds(60);

  static constexpr std::uint32_t samples_max = 2'000'000;
};

struct bench_result {
  std::string name;
  /// "bits_per_second" for stream, "messages_per_second" for throughput, else "seconds".
  std::string unit;
  sample_summary samples;
  /// The samples themselves, sorted in no way.
  std::vector<double> each;
  /// stream: download runs apart from upload runs (`samples` holds the uploads). broadcast: until
  /// the last node had it (`samples`: until each had it).
  sample_summary second_way;
  double throughput = 0;
  std::string throughput_unit;
  std::uint64_t failures = 0;
  /// Its limit was over before its work was: samples that were asked for were never taken.
  bool cut_short = false;
  /// message: hops of the last receipt. lookup: most hops of any.
  std::uint32_t hops = 0;
  /// broadcast, throughput: nodes that took part; deliveries as they should be, and as they came.
  std::uint32_t receivers = 0;
  std::uint64_t expected = 0;
  std::uint64_t delivered = 0;
  /// broadcast: how one-way times were had: "shared" when all clocks are one, "corrected" by the
  /// offsets measured, right to within `clock_uncertainty`.
  std::string clock;
  duration clock_uncertainty{};
  /// throughput: bytes per second at the slowest receiver, and processor seconds of all nodes per
  /// million deliveries.
  double bytes_per_second = 0;
  double cpu_seconds_per_million = 0;
  duration elapsed{};
  /// Processor time of this process during the bench.
  double cpu_seconds = 0;
};

}  // namespace weft::actors
