// SPDX-License-Identifier: MIT
#pragma once

#include "actors/bench_types.hpp"
#include "actors/job.hpp"
#include "actors/runtime_types.hpp"
#include "hosts/bench_wire.hpp"

#include <functional>
#include <memory>

namespace weft::actors {

/// Rounds of ping; each over the session with the peer, or as a sealed probe when there is none.
std::unique_ptr<job> make_ping_job(ping_request request,
                                   std::function<void(const ping_round&)> on_round,
                                   callback<ping_report> done);

/// What benches over many nodes know of this one.
struct bench_world {
  peer_id self;
  std::function<wall_time()> wall;
  hosts::clock_name clock{};
};

/// The bench actor of the request's kind. ec::bad_argument.
result<std::unique_ptr<job>> make_bench_job(const bench_request& request,
                                            callback<bench_result> done, bench_world world);

/// The parts of `make_bench_job`. Handshakes: dial, note the time, close, again. Pings: one after
/// another. Stream: runs of /perf/1.0.0, each way for itself. Message: sealed probes, windowed or
/// paced, timed by their acknowledgements. Broadcast and throughput: probes on the bench topic,
/// timed or counted by every node that answers benches. Lookup: closest peers of random keys.
std::unique_ptr<job> make_handshake_bench(bench_request request, callback<bench_result> done);
std::unique_ptr<job> make_ping_bench(bench_request request, callback<bench_result> done);
std::unique_ptr<job> make_stream_bench(bench_request request, callback<bench_result> done);
std::unique_ptr<job> make_message_bench(bench_request request, callback<bench_result> done);
std::unique_ptr<job> make_broadcast_bench(bench_request request, callback<bench_result> done,
                                          bench_world world);
std::unique_ptr<job> make_throughput_bench(bench_request request, callback<bench_result> done,
                                           bench_world world);
std::unique_ptr<job> make_lookup_bench(bench_request request, callback<bench_result> done);

}  // namespace weft::actors
