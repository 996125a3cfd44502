// SPDX-License-Identifier: MIT
#include "actors/bench_metrics.hpp"

#include <chrono>

namespace weft::actors {

namespace {

bool in_seconds(bench_kind kind) noexcept {
  return kind != bench_kind::stream && kind != bench_kind::throughput;
}

constexpr double bits_per_byte = 8;

std::int64_t whole(double v) noexcept { return static_cast<std::int64_t>(v); }

}  // namespace

bench_end how_it_ended(const bench_result& r) noexcept {
  if (r.each.empty() && r.delivered == 0) return bench_end::failed;
  return r.failures == 0 && !r.cut_short ? bench_end::complete : bench_end::partial;
}

std::string_view to_string(bench_end end) noexcept {
  switch (end) {
    case bench_end::complete:
      return "complete";
    case bench_end::partial:
      return "partial";
    case bench_end::failed:
      return "failed";
    case bench_end::skipped:
      return "skipped";
    case bench_end::count_:
      break;
  }
  return "unknown";
}

void bench_metrics::on_result(bench_kind kind, const result<bench_result>& r, wall_time at) {
  auto& k = kinds_[static_cast<std::size_t>(kind)];
  if (!r) return static_cast<void>(++k.runs[bench_end::failed]);
  ++k.runs[how_it_ended(*r)];
  k.samples_lost += r->failures;
  k.last_run_seconds.set(
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
  if (in_seconds(kind))
    for (const double s : r->each) k.seconds.observe(s);
  if (kind == bench_kind::broadcast || kind == bench_kind::throughput) receivers_.set(r->receivers);
  if (kind == bench_kind::throughput) {
    messages_per_second_.set(whole(r->throughput));
    bytes_per_second_.set(whole(r->bytes_per_second));
  }
  if (kind == bench_kind::stream) {
    upload_bytes_per_second_.set(whole(r->samples.p50 / bits_per_byte));
    download_bytes_per_second_.set(whole(r->second_way.p50 / bits_per_byte));
  }
}

void bench_metrics::on_skipped(bench_kind kind) noexcept {
  ++kinds_[static_cast<std::size_t>(kind)].runs[bench_end::skipped];
}

void bench_metrics::collect(metrics::visitor& v) const {
  for (std::size_t i = 0; i < bench_kinds; ++i) {
    const auto kind = static_cast<bench_kind>(i);
    const auto& k = kinds_[i];
    const metrics::label bench{"bench", to_string(kind)};
    k.runs.collect(v, "weft_bench_runs_total", "Benches that this node ran, by how they ended.",
                   "outcome", bench);
    v.count("weft_bench_samples_lost_total",
            "Samples of benches that failed or did not come in time.", {bench}, k.samples_lost);
    v.read("weft_bench_last_run_timestamp_seconds", "When the last bench with a result ended.",
           {bench}, k.last_run_seconds);
    if (in_seconds(kind))
      v.read("weft_bench_seconds",
             "Samples of benches: handshakes, round trips, deliveries of broadcasts, lookups.",
             {bench}, k.seconds);
  }
  v.read("weft_bench_messages_per_second",
         "Messages per second at the slowest receiver in the last throughput bench.", {},
         messages_per_second_);
  v.read("weft_bench_bytes_per_second",
         "Bytes per second at the slowest receiver in the last throughput bench.", {},
         bytes_per_second_);
  v.read("weft_bench_stream_bytes_per_second", "Median of the last stream bench.",
         {{"direction", "upload"}}, upload_bytes_per_second_);
  v.read("weft_bench_stream_bytes_per_second", "Median of the last stream bench.",
         {{"direction", "download"}}, download_bytes_per_second_);
  v.read("weft_bench_receivers", "Nodes that took part in the last broadcast or throughput bench.",
         {}, receivers_);
}

}  // namespace weft::actors
