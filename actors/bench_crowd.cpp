// SPDX-License-Identifier: MIT
#include "actors/bench_crowd.hpp"

#include "actors/bench_letters.hpp"

#include <array>
#include <utility>

namespace weft::actors {

namespace {

std::uint64_t random_number() {
  std::array<std::uint8_t, 8> bytes{};
  crypto::random_bytes(bytes);
  std::uint64_t out = 0;
  for (const auto b : bytes) out = out << 8 | b;
  return out;
}

}  // namespace

crowd_bench::crowd_bench(bench_request request, std::string unit, callback<bench_result> done,
                         bench_world world)
    : bench_base(std::move(request), std::move(unit), std::move(done)),
      world_(std::move(world)),
      run_(random_number()) {}

void crowd_bench::start() {
  own_run(run_, true);
  start_clocks();
  call_roll();
}

void crowd_bench::call_roll() {
  if (calls_++ == 0) called_ = now();
  std::vector<publish_batch::item> items;
  publish_probe(hosts::bench_probe::kind::roll_call, calls_, 0, items);
  publish_all(std::move(items));
  tick_at(called_ + roll_call_time * calls_ / 2);
}

void crowd_bench::on_letter(const received_letter& letter) {
  if (ended()) return;
  if (const auto* p = std::get_if<hosts::bench_presence>(&letter.letter)) {
    if (calling_)
      receivers_.try_emplace(letter.from,
                             receiver{static_cast<std::uint32_t>(receivers_.size()), p->clock});
    // All that were asked for are here: no need to wait for more.
    if (calling_ && request_.receivers != 0 && receivers_.size() >= request_.receivers)
      tick_at(now());
    return;
  }
  const auto at = receivers_.find(letter.from);
  if (!calling_ && at != receivers_.end()) on_answer(letter.from, at->second, letter);
}

void crowd_bench::on_tick() {
  bench_base::on_tick();
  if (ended()) return;
  if (!calling_) return on_moment();
  const bool whole = request_.receivers != 0 && receivers_.size() >= request_.receivers;
  if (!whole && now() < called_ + roll_call_time) {
    if (calls_ < 2 && now() >= called_ + roll_call_time / 2) call_roll();
    return;
  }
  calling_ = false;
  if (receivers_.empty())
    return fail_with({ec::not_found,
                      "no node answered the roll call of the bench; set "
                      "bench.answer = true on nodes that are to take part"});
  if (receivers_.size() < request_.receivers)
    return fail_with({ec::not_found, "only " + std::to_string(receivers_.size()) + " of "
                                         + std::to_string(request_.receivers)
                                         + " nodes answered the roll call of the bench"});
  on_crowd();
}

void crowd_bench::on_end() { own_run(run_, false); }

void crowd_bench::conclude(bench_result& r) {
  r.receivers = static_cast<std::uint32_t>(receivers_.size());
}

void crowd_bench::publish_probe(hosts::bench_probe::kind what, std::uint32_t sequence,
                                std::size_t bytes, std::vector<publish_batch::item>& into) const {
  const hosts::bench_probe probe{what, run_, sequence, wall(), world_.self};
  into.push_back({sequence, chunk_view::copy(probe.encode(bytes))});
}

void crowd_bench::publish_all(std::vector<publish_batch::item> items) {
  if (!items.empty()) publish(std::string(hosts::bench_topic), std::move(items));
}

void crowd_bench::send_letter(const peer_id& to, const hosts::bench_letter& letter) {
  std::vector<outgoing> out;
  out.push_back(letter_message(to, letter));
  send_messages(std::move(out));
}

}  // namespace weft::actors
