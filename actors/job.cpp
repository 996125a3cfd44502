// SPDX-License-Identifier: MIT
#include "actors/job.hpp"

namespace weft::actors {

namespace {

/// Class of `job_actor`: passes messages on to its job.
class job_actor_impl {
 public:
  static constexpr const char* runtime_name = "weft.job";

  job_actor_impl(job_actor::pointer self, std::unique_ptr<job> what) : job_(std::move(what)) {
    job_->attach(self);
    job_->start();
  }
  job_actor::behavior_type make_behavior() {
    return {
        [this](atom::tick) { job_->on_tick(); },
        [this](const outcome_batch& b) { job_->on_outcomes(b); },
        [this](const published_batch& b) { job_->on_published(b); },
        [this](const received_letter& l) { job_->on_letter(l); },
        [this](const answered<connection>& a) { job_->on_connected(a.ticket, a.value); },
        [this](const answered<round_trip>& a) { job_->on_pong(a.ticket, a.value); },
        [this](const answered<perf_report>& a) { job_->on_perf(a.ticket, a.value); },
        [this](const answered<void>& a) { job_->on_disconnected(a.ticket, a.value); },
        [this](const answered<found_peers>& a) { job_->on_closest(a.ticket, a.value); },
    };
  }

 private:
  std::unique_ptr<job> job_;
};

}  // namespace

void job::ask_connect(std::uint64_t ticket, target to, duration timeout) {
  ask_of(links_->session(), connect_question{std::move(to), timeout, back<connection>(ticket)});
}

void job::ask_disconnect(std::uint64_t ticket, const peer_id& peer) {
  ask_of(links_->session(), disconnect_question{peer, back<void>(ticket)});
}

void job::ask_ping(std::uint64_t ticket, const peer_id& peer, duration timeout) {
  ask_of(links_->session(), ping_question{peer, timeout, back<round_trip>(ticket)});
}

void job::ask_perf(std::uint64_t ticket, const peer_id& peer, std::uint64_t up,
                   std::uint64_t down) {
  ask_of(links_->session(), perf_question{peer, up, down, back<perf_report>(ticket)});
}

void job::send_messages(std::vector<outgoing> messages) {
  if (const auto messaging = links_->messaging.handle()) {
    tell(self_, *messaging, send_batch{std::move(messages), job_actor{self_}});
    return;
  }
  outcome_batch refused;
  for (const auto& m : messages) refused.outcomes.push_back({m.ticket, ec::stopping, 0, {}});
  tell(self_, job_actor{self_}, std::move(refused));
}

void job::publish(std::string topic, std::vector<publish_batch::item> items) {
  if (const auto gossip = links_->gossip.handle()) {
    tell(self_, *gossip, publish_batch{std::move(topic), std::move(items), job_actor{self_}});
    return;
  }
  published_batch refused;
  for (const auto& i : items) refused.items.push_back({i.ticket, fail(ec::stopping)});
  tell(self_, job_actor{self_}, std::move(refused));
}

void job::ask_closest(std::uint64_t ticket, byte_buffer key) {
  ask_of(links_->dht.handle(), closest_question{std::move(key), back<found_peers>(ticket)});
}

void job::own_run(std::uint64_t run, bool runs) {
  ask_of(links_->bench.handle(), bench_owner{run, job_actor{self_}, runs});
}

void job::end_job() {
  on_end();
  ended_ = true;
  self_->quit(caf::exit_reason::user_shutdown);
}

job_actor spawn_job(caf::actor_system& system, std::unique_ptr<job> what, io_links* links,
                    std::shared_ptr<void> slot) {
  what->links_ = links;
  what->slot_ = std::move(slot);
  return spawn_state<job_actor, job_actor_impl>(system, std::move(what));
}

}  // namespace weft::actors
