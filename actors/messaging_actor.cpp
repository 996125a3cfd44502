// SPDX-License-Identifier: MIT
#include "actors/messaging_actor.hpp"

#include "actors/bench_letters.hpp"
#include "actors/io_links.hpp"
#include "actors/protocols.hpp"
#include "base/log.hpp"
#include "messaging/envelope.hpp"

#include <algorithm>
#include <utility>

namespace weft::actors {

messaging_actor_impl::messaging_actor_impl(messaging_actor::pointer self, messaging_parts parts)
    : self_(self),
      parts_(std::move(parts)),
      core_(*parts_.identity, parts_.config, parts_.random, parts_.secrets, *parts_.metrics, hops_),
      timer_(self) {
  hops_.set_routes(parts_.board->latest());
  core_.restore(std::exchange(parts_.stored, {}), now(), parts_.wall(), out_);
  finish();
}

messaging_actor::behavior_type messaging_actor_impl::make_behavior() {
  return {
      [this](const transport::frame_batch_ptr& b) { on_frames(*b); },
      [this](const presence_batch& b) { on_presence(b); },
      [this](const stored_batch& b) { on_stored(b); },
      [this](atom::changed) { on_routes_changed(); },
      [this](atom::tick) { on_tick(); },
      [this](const send_question& q) { on_send(q); },
      [this](const send_batch& b) { on_send_batch(b); },
      [this](const shown_question& q) { on_shown(q); },
      [this](atom::halt) { halted_ = true; },
      [this](atom::flush, const reply<void>& answer) { on_flush(answer); },
      [](atom::status) { return actor_status{}; },
  };
}

// -- events ---

void messaging_actor_impl::on_frames(const transport::frame_batch& batch) {
  expect_destinations(batch);
  const auto time = now();
  const auto wall = parts_.wall();
  for (const auto& f : batch.frames) core_.on_frame(f.peer, f.body, time, wall, out_);
  core_.on_batch_end(time, wall, out_);
  finish();
}

/// A relay waits for a big table once for a batch instead of once for each frame.
void messaging_actor_impl::expect_destinations(const transport::frame_batch& batch) {
  if (!hops_.expects()) return;
  destinations_.clear();
  for (const auto& f : batch.frames) {
    const auto header = messaging::envelope_header::decode(f.body);
    if (header && header->destination != parts_.identity->public_key())
      destinations_.push_back(header->destination);
  }
  hops_.expect(destinations_);
}

void messaging_actor_impl::on_presence(const presence_batch& batch) {
  for (const auto& change : batch.changes) {
    if (change.updated) continue;
    hops_.set_up(change.peer, change.up);
    if (change.up)
      core_.on_peer_up(change.peer, now(), parts_.wall(), out_);
    else
      core_.on_peer_down(change.peer, now(), parts_.wall(), out_);
  }
  finish();
}

void messaging_actor_impl::on_stored(const stored_batch& stored) {
  if (batches_in_store_ > 0) --batches_in_store_;
  settle_shown(*stored.batch);
  core_.on_stored(std::move(*stored.batch), now(), parts_.wall(), out_);
  core_.on_batch_end(now(), parts_.wall(), out_);
  finish();
}

void messaging_actor_impl::on_routes_changed() {
  hops_.set_routes(parts_.board->latest());
  core_.on_route_change(now(), parts_.wall(), out_);
  finish();
}

void messaging_actor_impl::on_tick() {
  timer_.on_tick(now());
  core_.on_deadline(now(), parts_.wall(), out_);
  core_.on_batch_end(now(), parts_.wall(), out_);
  expire_askers();
  finish();
}

// -- sending ---

result<messaging::message_id> messaging_actor_impl::hand_to_core(const outgoing& m) {
  if (halted_) return fail(ec::stopping, "the node is stopping");
  if (origins_.size() >= origins_max) return fail(ec::limit, "too many messages are under way");
  if (m.file) return core_.send_file(m.to, *m.file, m.options, now(), parts_.wall(), out_);
  return core_.send(m.to, m.body, m.options, now(), parts_.wall(), out_);
}

void messaging_actor_impl::on_send(const send_question& q) {
  auto id = hand_to_core(q.message);
  if (!id) {
    q.answer(fail(std::move(id.error())));
    return finish();
  }
  if (q.on_taken) q.on_taken();
  asker a{.answer = q.answer,
          .on_progress = q.on_progress,
          .bytes = q.message.file ? q.message.file->size : q.message.body.size() - 1,
          .deadline = std::nullopt};
  // A durable message is accepted once it is on disk: `settle` says so then.
  const bool durable = q.message.options.klass == messaging::message_class::durable;
  if (a.on_progress && !durable) a.on_progress({id->to_string(), 0, a.bytes});
  if (q.timeout > duration::zero()) a.deadline = deadlines_.emplace(now() + q.timeout, *id);
  origins_.insert_or_assign(*id, std::move(a));
  finish();
}

std::uint32_t messaging_actor_impl::job_number(const job_actor& owner) {
  for (const auto& [number, entry] : jobs_)
    if (entry.owner == owner) return number;
  jobs_.emplace(next_job_, job_entry{owner, 0, {}});
  return next_job_++;
}

void messaging_actor_impl::on_send_batch(const send_batch& batch) {
  const auto number = job_number(batch.owner);
  auto& job = jobs_.at(number);
  for (const auto& m : batch.messages) {
    const auto id = hand_to_core(m);
    if (id) {
      origins_.insert_or_assign(*id, job_item{number, m.ticket});
      ++job.open;
    } else {
      job.ready.outcomes.push_back({m.ticket, id.error().code, 0, {}});
    }
  }
  finish();
}

// -- inbox ---

void messaging_actor_impl::on_shown(const shown_question& q) {
  const auto number = next_shown_++;
  shown_.emplace(number, waiting_shown{0, q.answer});
  messaging::store_batch batch;
  for (const auto row : q.rows)
    batch.operations.emplace_back(messaging::mark_shown{.row = row}, number);
  parts_.inbox->forget_rows(q.rows);
  if (batch.empty())
    q.answer(std::size_t{0});
  else
    submit(batch);
  finish();
}

void messaging_actor_impl::settle_shown(messaging::store_batch& batch) {
  ec worst = ec::none;
  std::uint64_t last = 0;
  for (const auto& op : batch.operations) {
    if (!std::holds_alternative<messaging::mark_shown>(op.action) || op.token == 0) continue;
    last = op.token;
    if (op.outcome == ec::none) {
      ++shown_[op.token].newly;
    } else if (op.outcome != ec::not_found) {
      worst = op.outcome;
    }
  }
  if (const auto at = shown_.find(last); at != shown_.end()) {
    if (worst == ec::none)
      at->second.answer(at->second.newly);
    else
      at->second.answer(fail(worst, "the store could not mark the messages as shown"));
    shown_.erase(at);
  }
  std::erase_if(batch.operations, [](const messaging::store_operation& op) {
    return std::holds_alternative<messaging::mark_shown>(op.action);
  });
}

void messaging_actor_impl::deliver(messaging::delivery& d) {
  const auto body = d.body.bytes();
  const bool is_file = !d.file_path.empty();
  const bool is_user = is_file || (!body.empty() && body[0] == static_cast<int>(body_kind::user));
  if (!is_user) {
    if (auto letter = letter_of(body); letter && parts_.links) {
      if (const auto bench = parts_.links->bench.handle()) {
        bench_mail mail;
        mail.letters.push_back({d.sender, std::move(*letter), d.received});
        tell(self_, *bench, std::move(mail));
      }
    }
    // A probe, or a kind of a later version: acknowledged already, shown to nobody.
    if (d.inbox_row != 0)
      out_.store.operations.emplace_back(messaging::mark_shown{.row = d.inbox_row});
    return;
  }
  inbox_message m{.id = d.id.to_string(),
                  .from = d.sender,
                  .body = is_file ? byte_buffer{} : to_buffer(body.subspan(1)),
                  .file = d.file_path,
                  .bytes = is_file ? d.size : body.size() - 1,
                  .durable = d.klass == messaging::message_class::durable,
                  .hops = d.hops,
                  .sent_at = d.created,
                  .received_at = d.received};
  parts_.inbox->publish(d.inbox_row, std::move(m));
}

// -- outcomes ---

void messaging_actor_impl::settle(const messaging::receipt& r) {
  const auto at = origins_.find(r.id);
  if (at == origins_.end()) return;
  if (r.status == messaging::receipt_status::stored) {
    if (const auto* a = std::get_if<asker>(&at->second); a && a->on_progress)
      a->on_progress({r.id.to_string(), 0, a->bytes});
    return;
  }
  const bool delivered = r.status == messaging::receipt_status::delivered;
  const auto why = delivered ? ec::none : (r.why == ec::none ? ec::timeout : r.why);
  if (const auto* item = std::get_if<job_item>(&at->second)) {
    auto& job = jobs_.at(item->job);
    job.ready.outcomes.push_back({item->ticket, why, r.hops, r.latency});
    --job.open;
  } else {
    auto& a = std::get<asker>(at->second);
    if (a.deadline) deadlines_.erase(*a.deadline);
    if (delivered)
      a.answer(receipt{r.id.to_string(), r.to, r.hops, r.latency, a.bytes});
    else
      a.answer(fail(why, "message " + r.id.to_string() + " was given up"));
  }
  origins_.erase(at);
}

void messaging_actor_impl::report(const messaging::progress& p) {
  const auto at = origins_.find(p.id);
  if (!p.outbound || at == origins_.end()) return;
  if (const auto* a = std::get_if<asker>(&at->second); a && a->on_progress)
    a->on_progress({p.id.to_string(), p.done_bytes, p.total_bytes});
}

void messaging_actor_impl::expire_askers() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now()) {
    const auto id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    const auto at = origins_.find(id);
    if (at == origins_.end()) continue;
    auto a = std::move(std::get<asker>(at->second));
    origins_.erase(at);
    a.answer(fail(ec::timeout, "message " + id.to_string() + " is not acknowledged yet"));
  }
}

void messaging_actor_impl::send_outcomes() {
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    auto& job = at->second;
    if (!job.ready.outcomes.empty()) tell(self_, job.owner, std::exchange(job.ready, {}));
    at = job.open == 0 ? jobs_.erase(at) : std::next(at);
  }
}

void messaging_actor_impl::on_flush(const reply<void>& answer) {
  flushes_.emplace_back(now() + flush_acknowledgements_max, answer);
  core_.on_batch_end(now(), parts_.wall(), out_);
  finish();
}

void messaging_actor_impl::answer_flushes() {
  std::erase_if(flushes_, [&](const auto& flush) {
    if (batches_in_store_ > 0 || (core_.in_flight() > 0 && flush.first > now())) return false;
    flush.second({});
    return true;
  });
}

// -- the end of a round ---

void messaging_actor_impl::submit(messaging::store_batch& batch) {
  if (parts_.store->submit(batch)) {
    ++batches_in_store_;
    return;
  }
  settle_shown(batch);
  core_.on_stored(std::move(batch), now(), parts_.wall(), out_);
}

void messaging_actor_impl::post_transmits(std::vector<messaging::transmit>& transmits) {
  if (transmits.empty()) return;
  transport::command_batch commands;
  commands.sends.reserve(transmits.size());
  for (auto& t : transmits) {
    const auto klass = t.bulk ? transport::priority::bulk : transport::priority::interactive;
    commands.sends.push_back({t.next_hop, message_protocol, klass, std::move(t.frame)});
  }
  parts_.port->post(std::move(commands));
}

void messaging_actor_impl::finish() {
  for (int round = 0; round < refusals_max && !out_.empty(); ++round) {
    std::swap(out_, work_);
    for (auto& d : work_.deliveries) deliver(d);
    for (const auto& r : work_.receipts) settle(r);
    for (const auto& p : work_.progresses) report(p);
    post_transmits(work_.transmits);
    if (!work_.store.empty()) submit(work_.store);
    work_.clear();
  }
  send_outcomes();
  answer_flushes();
  auto next = core_.next_deadline();
  const auto sooner = [&](instant at) { next = next ? std::min(*next, at) : at; };
  if (!deadlines_.empty()) sooner(deadlines_.begin()->first);
  for (const auto& flush : flushes_) sooner(flush.first);
  timer_.arm(next, now());
}

}  // namespace weft::actors
