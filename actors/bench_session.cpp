// SPDX-License-Identifier: MIT
#include "actors/bench_base.hpp"

namespace weft::actors {

namespace {

/// Dial, note the handshake, close, again.
class handshake_bench final : public bench_base {
 public:
  handshake_bench(bench_request request, callback<bench_result> done)
      : bench_base(std::move(request), "seconds", std::move(done)) {}

  void on_connected(std::uint64_t ticket, const result<connection>& c) override {
    if (ended()) return;
    if (ticket == reach_ticket) return bench_base::on_connected(ticket, c);
    if (!c) {
      count_failure();
      return complete() ? finish() : dial();
    }
    if (!c->existed) add_sample(to_seconds(c->handshake));
    ask_disconnect(0, peer_);
  }
  void on_disconnected(std::uint64_t, const result<void>& r) override {
    if (ended()) return;
    if (!r && r.error().code != ec::not_found) count_failure();
    complete() ? finish() : dial();
  }

 private:
  void run() override { ask_disconnect(0, peer_); }
  void dial() { ask_connect(0, request_.to, {}); }
  void conclude(bench_result& r) override {
    r.throughput = to_seconds(r.elapsed) > 0
                       ? static_cast<double>(r.samples.count) / to_seconds(r.elapsed)
                       : 0;
    r.throughput_unit = "handshakes_per_second";
  }
};

/// Rounds of /ipfs/ping/1.0.0, one after another.
class ping_bench final : public bench_base {
 public:
  ping_bench(bench_request request, callback<bench_result> done)
      : bench_base(std::move(request), "seconds", std::move(done)) {}

  void on_pong(std::uint64_t, const result<round_trip>& pong) override {
    if (ended()) return;
    if (pong)
      add_sample(to_seconds(pong->time));
    else if (pong.error().code == ec::not_found)
      return fail_with(pong.error());
    else
      count_failure();
    complete() ? finish() : run();
  }

 private:
  void run() override { ask_ping(0, peer_, std::chrono::seconds(5)); }
  void conclude(bench_result& r) override {
    r.throughput = to_seconds(r.elapsed) > 0
                       ? static_cast<double>(r.samples.count) / to_seconds(r.elapsed)
                       : 0;
    r.throughput_unit = "rounds_per_second";
  }
};

/// Runs of /perf/1.0.0; uploads and downloads alternate and are timed apart.
class stream_bench final : public bench_base {
 public:
  stream_bench(bench_request request, callback<bench_result> done)
      : bench_base(std::move(request), "bits_per_second", std::move(done)) {}

  void on_perf(std::uint64_t ticket, const result<perf_report>& times) override {
    if (ended()) return;
    if (!times && times.error().code == ec::not_found) return fail_with(times.error());
    const bool up = ticket == upload_ticket;
    if (!times)
      count_failure();
    else if (up)
      add_upload(*times);
    else
      add_download(*times);
    if (up && request_.download_bytes > 0) return ask_perf(1, peer_, 0, request_.download_bytes);
    if (!up && request_.upload_bytes == 0 ? downs_.size() + result_.failures >= request_.samples
                                          : complete())
      return finish();
    run();
  }

 private:
  static constexpr std::uint64_t upload_ticket = 0;

  void run() override {
    if (request_.upload_bytes > 0)
      ask_perf(upload_ticket, peer_, request_.upload_bytes, 0);
    else
      ask_perf(1, peer_, 0, request_.download_bytes);
  }
  static double rate(std::uint64_t bytes, duration time) {
    return static_cast<double>(bytes) * 8 / std::max(to_seconds(time), 1e-9);
  }
  void add_upload(const perf_report& r) {
    add_sample(rate(request_.upload_bytes, r.upload));
    bytes_ += request_.upload_bytes;
  }
  void add_download(const perf_report& r) {
    downs_.push_back(rate(request_.download_bytes, r.download));
    bytes_ += request_.download_bytes;
  }
  void conclude(bench_result& r) override {
    r.second_way = summarize(std::move(downs_));
    r.throughput = rate(bytes_, r.elapsed);
    r.throughput_unit = "bits_per_second";
  }

  std::vector<double> downs_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<job> make_handshake_bench(bench_request request, callback<bench_result> done) {
  return std::make_unique<handshake_bench>(std::move(request), std::move(done));
}
std::unique_ptr<job> make_ping_bench(bench_request request, callback<bench_result> done) {
  return std::make_unique<ping_bench>(std::move(request), std::move(done));
}
std::unique_ptr<job> make_stream_bench(bench_request request, callback<bench_result> done) {
  return std::make_unique<stream_bench>(std::move(request), std::move(done));
}

}  // namespace weft::actors
