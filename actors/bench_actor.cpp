// SPDX-License-Identifier: MIT
#include "actors/bench_actor.hpp"

#include "actors/bench_letters.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace weft::actors {

bench_actor_impl::bench_actor_impl(bench_actor::pointer self, bench_parts parts)
    : self_(self),
      parts_(std::move(parts)),
      timer_(self),
      schedule_(parts_.plan, now_of(self), parts_.random) {
  if (schedule_.next()) tell(self_, bench_actor{self_}, atom::tick_v);
  if (!parts_.answers) return;
  auto follower = [box = box_, me = bench_actor{self}, wall = parts_.wall](const topic_message& m) {
    const auto probe = hosts::bench_probe::decode(m.body);
    if (!probe || (m.author && *m.author != probe->author)) return;
    const std::lock_guard lock(box->mutex);
    if (box->waiting.size() >= arrivals_max) return;
    box->waiting.push_back({probe->author, *probe, m.body.size(), wall()});
    if (!std::exchange(box->told, true)) tell(me, atom::changed_v);
  };
  if (auto s = parts_.topics->follow(std::string(hosts::bench_topic), std::move(follower)))
    subscription_ = *s;
  if (const auto gossip = parts_.links->gossip.handle()) tell(*gossip, atom::changed_v);
}

bench_actor_impl::~bench_actor_impl() {
  if (subscription_) parts_.topics->unfollow(*subscription_);
}

bench_actor::behavior_type bench_actor_impl::make_behavior() {
  return {
      [this](atom::changed) { on_arrivals(); },
      [this](const bench_mail& mail) { on_letters(mail); },
      [this](const bench_owner& o) {
        if (o.runs)
          owners_.insert_or_assign(o.run, o.owner);
        else
          owners_.erase(o.run);
      },
      [this](atom::tick) { on_tick(); },
      [](atom::status) { return actor_status{}; },
  };
}

// -- probes of other nodes ---

void bench_actor_impl::on_arrivals() {
  {
    const std::lock_guard lock(box_->mutex);
    arrived_.swap(box_->waiting);
    box_->told = false;
  }
  for (const auto& a : arrived_) on_arrival(a);
  arrived_.clear();
  // Asked once a batch: the question is a system call.
  for (auto& [number, r] : runs_)
    if (r.tally.messages > 0 && r.heard == now())
      r.tally.processor = parts_.processor() - r.processor_at_first;
  finish();
}

bench_actor_impl::run& bench_actor_impl::run_of(std::uint64_t number, const peer_id& author) {
  const auto at = runs_.find(number);
  if (at != runs_.end() && at->second.author == author) return at->second;
  if (runs_.size() >= runs_max && at == runs_.end()) {
    const auto quietest = std::min_element(
        runs_.begin(), runs_.end(),
        [](const auto& a, const auto& b) { return a.second.heard < b.second.heard; });
    runs_.erase(quietest);
  }
  run fresh;
  fresh.author = author;
  fresh.tally.run = number;
  return runs_[number] = std::move(fresh);
}

void bench_actor_impl::on_arrival(const arrival& a) {
  // A bench of this node measures others.
  if (owners_.contains(a.probe.run)) return;
  auto& r = run_of(a.probe.run, a.author);
  r.heard = now();
  using kind = hosts::bench_probe::kind;
  switch (a.probe.what) {
    case kind::roll_call:
      send(a.author, hosts::bench_presence{a.probe.run, parts_.clock});
      break;
    case kind::timed:
      r.unreported.push_back({a.probe.sequence, a.at});
      if (r.unreported.size() >= hosts::bench_report::records_max)
        report(a.probe.run, r);
      else if (!r.report_at)
        r.report_at = now() + report_delay;
      break;
    case kind::counted:
      count(r, a);
      break;
    case kind::counted_last:
      send(a.author, r.tally);
      break;
  }
}

void bench_actor_impl::count(run& r, const arrival& a) {
  if (r.tally.messages++ == 0) {
    r.tally.first = a.at;
    r.processor_at_first = parts_.processor();
  }
  r.tally.bytes += a.bytes;
  r.tally.last = a.at;
}

void bench_actor_impl::report(std::uint64_t number, run& r) {
  r.report_at.reset();
  send(r.author, hosts::bench_report{number, std::exchange(r.unreported, {})});
}

// -- letters ---

void bench_actor_impl::on_letters(const bench_mail& mail) {
  for (const auto& letter : mail.letters) on_letter(letter);
  finish();
}

void bench_actor_impl::on_letter(const received_letter& letter) {
  if (const auto* q = std::get_if<hosts::clock_question>(&letter.letter)) {
    if (parts_.answers)
      send(letter.from,
           hosts::clock_answer{q->run, q->asked, letter.arrived, parts_.wall(), parts_.clock});
    return;
  }
  const auto number = std::visit([](const auto& l) { return l.run; }, letter.letter);
  const auto owner = owners_.find(number);
  if (owner != owners_.end()) tell(self_, owner->second, letter);
}

void bench_actor_impl::send(const peer_id& to, const hosts::bench_letter& letter) {
  const auto messaging = parts_.links->messaging.handle();
  if (!messaging) return;
  send_question q;
  q.message = letter_message(to, letter);
  tell(self_, *messaging, std::move(q));
}

// -- time ---

void bench_actor_impl::on_tick() {
  timer_.on_tick(now());
  for (auto& [number, r] : runs_)
    if (r.report_at && *r.report_at <= now()) report(number, r);
  std::erase_if(runs_,
                [&](const auto& entry) { return now() - entry.second.heard >= run_silence_max; });
  run_due_bench();
  finish();
}

void bench_actor_impl::run_due_bench() {
  auto due = schedule_.take(now());
  if (!due) return;
  const auto kind = due->kind;
  parts_.run_bench(std::move(*due), [kind, results = parts_.results](result<bench_result> r) {
    if (r)
      log::info("bench", "done",
                {{"bench", to_string(kind)},
                 {"p50", r->samples.p50},
                 {"p99", r->samples.p99},
                 {"unit", r->unit},
                 {"lost", r->failures},
                 {"outcome", to_string(how_it_ended(*r))}});
    else if (r.error() == ec::in_use)
      results->on_skipped(kind);
    else
      log::warn("bench", "failed", {{"bench", to_string(kind)}, {"why", r.error()}});
  });
}

void bench_actor_impl::finish() {
  auto next = schedule_.next();
  for (const auto& [number, r] : runs_) {
    const auto at = r.report_at.value_or(r.heard + run_silence_max);
    next = next ? std::min(*next, at) : at;
  }
  timer_.arm(next, now());
}

}  // namespace weft::actors
