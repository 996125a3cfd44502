// SPDX-License-Identifier: MIT
#include "actors/supervisor_actor.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace weft::actors {

supervisor_actor_impl::supervisor_actor_impl(supervisor_actor::pointer self, supervisor_parts parts)
    : self_(self), parts_(std::move(parts)), timer_(self) {
  for (auto& spec : parts_.children) children_.emplace_back(std::move(spec));
  parts_.children.clear();
  on_down(self_, [this](const caf::actor_addr& who, const caf::error& reason) {
    on_child_down(who, reason);
  });
  auto started = start_all();
  if (parts_.on_started) std::exchange(parts_.on_started, nullptr)(std::move(started));
  if (parts_.scheduling) parts_.scheduling->beat(now());
  timer_.arm(now() + parts_.config.probe_interval, now());
}

supervisor_actor::behavior_type supervisor_actor_impl::make_behavior() {
  return {
      [this](atom::tick) { on_tick(); },
      [this](const drain_question& q) { on_drain(q); },
      [this](const health_question& q) { on_health(q); },
      [this](const answered<void>& a) { on_flushed(a); },
  };
}

// -- running ---

result<void> supervisor_actor_impl::start_all() {
  for (auto& c : children_) WEFT_TRY_VOID(start_child(c));
  return {};
}

result<void> supervisor_actor_impl::start_child(child& c) {
  WEFT_TRY(auto handle, c.spec.start());
  watch(self_, handle);
  c.handle = std::move(handle);
  c.probed.reset();
  c.stuck = false;
  if (c.spec.health) c.spec.health->alive.set(1);
  return {};
}

void supervisor_actor_impl::on_child_down(const caf::actor_addr& who, const caf::error& reason) {
  const auto at = std::find_if(children_.begin(), children_.end(), [&](const child& c) {
    return c.handle && c.handle->address() == who;
  });
  if (at == children_.end()) return;
  at->handle.reset();
  if (at->spec.health) at->spec.health->alive.set(0);
  at->spec.retire();
  if (at->ending) {
    end_next();
  } else if (phase_ == phase::running) {
    restart(*at, reason);
  }
}

void supervisor_actor_impl::restart(child& c, const caf::error& reason) {
  const auto text = caf::to_string(reason);
  log::error("supervisor", "actor_ended", {{"actor", c.spec.name}, {"reason", text}});
  if (!c.spec.restartable)
    return fatal(c, error{ec::closed, "the actor " + c.spec.name + " ended: " + text});
  while (!c.restarts.empty() && now() - c.restarts.front() > parts_.config.restart_window)
    c.restarts.pop_front();
  if (c.restarts.size() >= parts_.config.restarts_max)
    return fatal(c, error{ec::limit, "the actor " + c.spec.name + " ended too often: " + text});
  c.restarts.push_back(now());
  if (c.spec.health) ++c.spec.health->restarts;
  if (auto started = start_child(c); !started) fatal(c, std::move(started.error()));
}

void supervisor_actor_impl::fatal(const child& c, error why) {
  log::error("supervisor", "fatal", {{"actor", c.spec.name}, {"error", why}});
  if (!std::exchange(fatal_reported_, true) && parts_.on_fatal) parts_.on_fatal(c.spec.name, why);
}

void supervisor_actor_impl::probe(child& c) {
  if (!c.handle) return;
  if (c.probed) {
    if (now() - *c.probed >= parts_.config.probe_timeout && !std::exchange(c.stuck, true)) {
      if (c.spec.health) ++c.spec.health->unanswered;
      log::error("supervisor", "actor_stuck", {{"actor", c.spec.name}});
    }
    return;
  }
  c.probed = now();
  const auto index = static_cast<std::size_t>(&c - children_.data());
  const auto answered_probe = [this, index] {
    children_[index].probed.reset();
    children_[index].stuck = false;
  };
  // A late answer still clears the flag: the timeout is far beyond that of the probe.
  ask(self_, *c.handle, parts_.config.probe_timeout * 60, atom::status_v)
      .then([answered_probe](const actor_status&) { answered_probe(); },
            [answered_probe](const caf::error&) { answered_probe(); });
}

void supervisor_actor_impl::on_tick() {
  timer_.on_tick(now());
  if (phase_ == phase::running) {
    if (parts_.scheduling) parts_.scheduling->beat(now());
    for (auto& c : children_) probe(c);
    timer_.arm(now() + parts_.config.probe_interval, now());
  } else if (phase_ != phase::ended) {
    // A tick that was meant for the probes may come before the step's time is over.
    if (now() < step_deadline_) return timer_.arm(step_deadline_, now());
    if (phase_ == phase::flushing) {
      flush_next();
    } else if (auto& c = children_[position_]; c.handle && !std::exchange(c.killed, true)) {
      overran_.push_back(c.spec.name);
      kill(*c.handle);
      step_deadline_ = now() + parts_.config.end_grace;
      timer_.arm(step_deadline_, now());
    } else {
      // Not even killable: it never returns from a message. Leave it behind.
      c.handle.reset();
      end_next();
    }
  }
}

void supervisor_actor_impl::on_health(const health_question& q) {
  std::vector<actor_health> out;
  for (const auto& c : children_) {
    actor_health h;
    h.name = c.spec.name;
    h.alive = c.handle.has_value() && !c.stuck;
    if (c.spec.health) {
      h.handled = c.spec.health->handled();
      h.restarts = c.spec.health->restarts.value();
      h.mailbox_depth = c.spec.health->mailbox_depth();
    }
    out.push_back(std::move(h));
  }
  q.answer(std::move(out));
}

// -- ending ---

void supervisor_actor_impl::on_drain(const drain_question& q) {
  const auto deadline = now() + q.deadline;
  if (phase_ != phase::running) {
    // A second call may only be more impatient.
    drains_.push_back(q.answer);
    drain_deadline_ = std::min(drain_deadline_, deadline);
    step_deadline_ = std::min(step_deadline_, drain_deadline_);
    timer_.arm(step_deadline_, now());
    return;
  }
  drains_.push_back(q.answer);
  drain_deadline_ = deadline;
  phase_ = phase::flushing;
  if (parts_.scheduling) parts_.scheduling->rest();
  for (auto& c : children_)
    if (c.handle && c.spec.halt) c.spec.halt();
  position_ = children_.size();
  flush_next();
}

void supervisor_actor_impl::on_flushed(const answered<void>& a) {
  if (phase_ == phase::flushing && a.ticket == position_) flush_next();
}

void supervisor_actor_impl::flush_next() {
  while (position_ > 0) {
    auto& c = children_[--position_];
    const auto left = drain_deadline_ - now();
    if (!c.handle || !c.spec.flush || left <= duration::zero()) continue;
    // The lower ones still need their share of the time.
    const auto share = position_ == 0 ? left : left / 2;
    step_deadline_ = now() + share;
    c.spec.flush(share,
                 reply<void>([me = supervisor_actor{self_}, ticket = position_](result<void> r) {
                   tell(me, answered<void>{ticket, std::move(r)});
                 }));
    timer_.arm(step_deadline_, now());
    return;
  }
  phase_ = phase::ending;
  position_ = children_.size();
  end_next();
}

void supervisor_actor_impl::end_next() {
  while (position_ > 0) {
    auto& c = children_[--position_];
    if (!c.handle) continue;
    c.ending = true;
    c.spec.retire();
    end(*c.handle);
    step_deadline_ = now() + parts_.config.end_grace;
    timer_.arm(step_deadline_, now());
    return;
  }
  finish_drain();
}

void supervisor_actor_impl::finish_drain() {
  phase_ = phase::ended;
  for (const auto& answer : std::exchange(drains_, {})) answer(overran_);
  self_->quit(caf::exit_reason::user_shutdown);
}

}  // namespace weft::actors
