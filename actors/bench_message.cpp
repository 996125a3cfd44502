// SPDX-License-Identifier: MIT
#include "actors/bench_base.hpp"
#include "actors/protocols.hpp"

#include <algorithm>
#include <cstring>

namespace weft::actors {

namespace {

/// Sealed probes, timed by their acknowledgements: a window of them, or at a fixed pace.
class message_bench final : public bench_base {
 public:
  /// Messages handed over in one go; small enough that the messaging actor turns to
  /// acknowledgements in between.
  static constexpr std::size_t batch_max = 256;
  static constexpr duration pace_step = std::chrono::milliseconds(1);

  message_bench(bench_request request, callback<bench_result> done)
      : bench_base(std::move(request), "seconds", std::move(done)) {
    const std::size_t size = std::max<std::size_t>(request_.body_bytes, 1);
    auto block = chunk::allocate(size);
    std::memset(block.mutable_data(), 0x5a, size);
    block.mutable_data()[0] = static_cast<std::uint8_t>(body_kind::probe);
    body_ = chunk_view(std::move(block), 0, size);
    window_ = std::max<std::size_t>(request_.window, 1);
  }

  void on_outcomes(const outcome_batch& batch) override {
    if (ended()) return;
    for (const auto& o : batch.outcomes) {
      --open_;
      if (o.why == ec::none) {
        add_sample(to_seconds(paced() ? now() - due(o.ticket) : o.latency));
        result_.hops = o.hops;
      } else if (o.why == ec::queue_full) {
        refused_.push_back(o.ticket);
        pause_until_ = now() + pace_step;
        tick_at(pause_until_);
      } else {
        count_failure();
      }
    }
    if (complete()) return finish();
    if (!paced()) top_up();
  }

  void on_tick() override {
    bench_base::on_tick();
    if (ended()) return;
    top_up();
    if (paced() && (next_ < request_.samples || !refused_.empty())) tick_at(now() + pace_step);
  }

 private:
  bool paced() const noexcept { return request_.rate_per_second > 0; }
  instant due(std::uint64_t ticket) const {
    return started_
           + duration(static_cast<duration::rep>(static_cast<double>(ticket) * 1e9
                                                 / request_.rate_per_second));
  }

  void run() override {
    started_ = now();
    if (paced())
      tick_at(now());
    else
      top_up();
  }

  std::uint64_t take_ticket() {
    if (refused_.empty()) return next_++;
    const auto ticket = refused_.back();
    refused_.pop_back();
    return ticket;
  }

  bool may_send() const {
    if (refused_.empty() && next_ >= request_.samples) return false;
    if (now() < pause_until_) return false;
    if (!paced()) return open_ < window_;
    return !refused_.empty() || due(next_) <= now();
  }

  void top_up() {
    // A half-empty window is refilled, not each slot for itself: batches stay large.
    if (!paced() && window_ > 2 * batch_max && open_ > window_ - batch_max) return;
    while (may_send()) {
      std::vector<outgoing> messages;
      while (messages.size() < batch_max && may_send()) {
        outgoing m;
        m.ticket = take_ticket();
        m.to = peer_;
        m.body = body_;
        m.options.klass = request_.durable ? messaging::message_class::durable
                                           : messaging::message_class::volatile_;
        messages.push_back(std::move(m));
        ++open_;
      }
      if (messages.empty()) return;
      send_messages(std::move(messages));
    }
  }

  void conclude(bench_result& r) override {
    const auto seconds = to_seconds(r.elapsed);
    r.throughput = seconds > 0 ? static_cast<double>(r.samples.count) / seconds : 0;
    r.throughput_unit = "messages_per_second";
  }

  chunk_view body_;
  std::size_t window_ = 1;
  std::size_t open_ = 0;
  std::uint64_t next_ = 0;
  std::vector<std::uint64_t> refused_;
  instant started_{};
  /// After a refusal the queue gets time to empty.
  instant pause_until_{};
};

}  // namespace

std::unique_ptr<job> make_message_bench(bench_request request, callback<bench_result> done) {
  return std::make_unique<message_bench>(std::move(request), std::move(done));
}

}  // namespace weft::actors
