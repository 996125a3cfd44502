// SPDX-License-Identifier: MIT
#include "actors/jobs.hpp"
#include "actors/protocols.hpp"

#include <optional>
#include <string>

namespace weft::actors {

namespace {

class ping_job final : public job {
 public:
  ping_job(ping_request request, std::function<void(const ping_round&)> on_round,
           callback<ping_report> done)
      : request_(std::move(request)), on_round_(std::move(on_round)), done_(std::move(done)) {}

  void start() override {
    if (!request_.to.addresses.empty()) {
      ask_connect(0, request_.to, request_.timeout);
    } else if (request_.to.peer) {
      report_.peer = *request_.to.peer;
      next_round();
    } else {
      end_job();
      done_(fail(ec::bad_argument, "the ping names neither a peer nor an address"));
    }
  }

  void on_connected(std::uint64_t, const result<connection>& c) override {
    if (!c) {
      end_job();
      return done_(fail(c.error()));
    }
    report_.peer = c->peer;
    next_round();
  }

  void on_pong(std::uint64_t ticket, const result<round_trip>& pong) override {
    if (ended() || !open_ || ticket != report_.sent) return;
    if (!pong && pong.error().code == ec::not_found) return send_probe();
    auto round = blank_round();
    if (pong) {
      round.round_trip = pong->time;
      round.hops = 1;
      round.remote = pong->remote;
    } else {
      round.round_trip = fail(pong.error());
    }
    close_round(round);
  }

  void on_outcomes(const outcome_batch& batch) override {
    for (const auto& o : batch.outcomes) {
      if (ended() || !open_ || o.ticket != report_.sent) continue;
      auto round = blank_round();
      round.round_trip = o.latency;
      round.hops = o.hops;
      if (o.why != ec::none) round.round_trip = fail(o.why);
      close_round(round);
    }
  }

  void on_tick() override {
    if (ended()) return;
    if (open_ && now() >= round_began_ + request_.timeout) {
      auto round = blank_round();
      round.round_trip = fail(ec::timeout, "no answer in time");
      close_round(round);
    } else if (!open_ && now() >= next_round_) {
      next_round();
    }
  }

 private:
  ping_round blank_round() const {
    ping_round round;
    round.number = report_.sent;
    round.peer = report_.peer;
    return round;
  }

  void next_round() {
    ++report_.sent;
    open_ = true;
    round_began_ = now();
    tick_at(round_began_ + request_.timeout);
    ask_ping(report_.sent, report_.peer, request_.timeout);
  }

  void send_probe() {
    constexpr auto kind = static_cast<std::uint8_t>(body_kind::probe);
    outgoing m;
    m.ticket = report_.sent;
    m.to = report_.peer;
    m.body = chunk_view::copy(bytes_view(&kind, 1));
    m.options.klass = messaging::message_class::volatile_;
    send_messages({std::move(m)});
  }

  void close_round(const ping_round& round) {
    open_ = false;
    if (round.round_trip) {
      ++report_.received;
      seconds_.push_back(to_seconds(*round.round_trip));
    }
    if (on_round_) on_round_(round);
    if (report_.sent < request_.rounds) {
      next_round_ = round_began_ + request_.interval;
      if (next_round_ <= now()) return next_round();
      return tick_at(next_round_);
    }
    report_.seconds = summarize(std::move(seconds_));
    end_job();
    done_(std::move(report_));
  }

  ping_request request_;
  std::function<void(const ping_round&)> on_round_;
  reply<ping_report> done_;
  ping_report report_;
  std::vector<double> seconds_;
  instant round_began_{};
  instant next_round_{};
  bool open_ = false;
};

}  // namespace

std::unique_ptr<job> make_ping_job(ping_request request,
                                   std::function<void(const ping_round&)> on_round,
                                   callback<ping_report> done) {
  return std::make_unique<ping_job>(std::move(request), std::move(on_round), std::move(done));
}

}  // namespace weft::actors
