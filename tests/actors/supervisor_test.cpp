// SPDX-License-Identifier: MIT
// The supervisor with plain children: restart budget, fatal ends, the order of a drain, actors that
// overrun.
#include "actors/supervisor_actor.hpp"
#include "tests/actors/actor_fixture.hpp"

#include <caf/event_based_actor.hpp>
#include <gtest/gtest.h>

namespace weft::actors {
namespace {

using namespace std::chrono_literals;

class supervisor_test : public testing::Test {
 protected:
  virtual_system system{42};
  std::vector<std::string> events;
  std::map<std::string, any_actor> alive;
  std::vector<std::string> fatal;
  std::optional<supervisor_actor> supervisor;
  actor_metrics_table metrics;

  /// A child that does nothing; `stubborn` ones ignore the order to end.
  child_spec child(const std::string& name, bool restartable, bool stubborn = false) {
    child_spec c;
    c.name = name;
    c.restartable = restartable;
    c.health = &metrics.of(name);
    c.start = [this, name, stubborn]() -> result<any_actor> {
      events.push_back("start " + name);
      auto a = (*system).spawn(
          [stubborn](caf::event_based_actor* self, caf::unit_t) -> caf::behavior {
            if (stubborn) self->set_exit_handler([](caf::exit_msg&) {});
            return {[](atom::status) { return actor_status{}; }};
          },
          caf::unit);
      alive[name] = a;
      return a;
    };
    c.retire = [this, name] { events.push_back("retire " + name); };
    c.halt = [this, name] { events.push_back("halt " + name); };
    return c;
  }
  void start(std::vector<child_spec> children) {
    supervisor_parts parts;
    parts.children = std::move(children);
    parts.on_fatal = [this](std::string_view actor, const error&) { fatal.emplace_back(actor); };
    parts.on_started
        = [this](const result<void>& r) { events.push_back(r ? "started" : "failed"); };
    supervisor = spawn_state<supervisor_actor, supervisor_actor_impl>(*system, std::move(parts));
    system.run();
  }
  void crash(const std::string& name) {
    caf::anon_send_exit(alive.at(name), caf::exit_reason::unhandled_exception);
    system.run();
  }
  std::vector<std::string> drain(duration deadline) {
    std::optional<std::vector<std::string>> out;
    tell(*supervisor, drain_question{deadline, reply<std::vector<std::string>>([&](auto names) {
                                       out = names.value_or(std::vector<std::string>{});
                                     })});
    system.run_for(deadline + 10s);
    EXPECT_TRUE(out.has_value());
    return out.value_or(std::vector<std::string>{"no answer"});
  }
  void TearDown() override {
    if (supervisor) drain(0s);
    alive.clear();
    supervisor.reset();
  }
};

TEST_F(supervisor_test, starts_bottom_up_and_ends_in_reverse) {
  start({child("low", false), child("middle", true), child("high", true)});
  EXPECT_EQ(events,
            (std::vector<std::string>{"start low", "start middle", "start high", "started"}));
  events.clear();
  EXPECT_TRUE(drain(5s).empty());
  const auto ended = [&](const char* name) {
    return std::find(events.begin(), events.end(), std::string("retire ") + name);
  };
  EXPECT_EQ(events.at(0), "halt low");
  EXPECT_LT(ended("high"), ended("middle"));
  EXPECT_LT(ended("middle"), ended("low"));
  EXPECT_LT(ended("low"), events.end());
}

TEST_F(supervisor_test, a_child_that_cannot_start_is_told) {
  auto bad = child("bad", true);
  bad.start = []() -> result<any_actor> { return fail(ec::io, "no"); };
  start({child("good", false), std::move(bad)});
  EXPECT_EQ(events.back(), "failed");
}

TEST_F(supervisor_test, restarts_within_the_budget_only) {
  start({child("low", false), child("high", true)});
  for (int i = 0; i < 3; ++i) crash("high");
  EXPECT_TRUE(fatal.empty());
  EXPECT_EQ(std::count(events.begin(), events.end(), "start high"), 4);
  EXPECT_EQ(metrics.of("high").restarts.value(), 3u);
  crash("high");
  EXPECT_EQ(fatal, (std::vector<std::string>{"high"}));
  EXPECT_EQ(std::count(events.begin(), events.end(), "start high"), 4);
}

TEST_F(supervisor_test, the_budget_is_a_sliding_window) {
  start({child("high", true)});
  for (int i = 0; i < 8; ++i) {
    crash("high");
    system.run_for(21s);
  }
  EXPECT_TRUE(fatal.empty());
  EXPECT_EQ(metrics.of("high").restarts.value(), 8u);
}

TEST_F(supervisor_test, the_end_of_a_vital_child_is_fatal) {
  start({child("vital", false), child("high", true)});
  crash("vital");
  EXPECT_EQ(fatal, (std::vector<std::string>{"vital"}));
  EXPECT_EQ(std::count(events.begin(), events.end(), "start vital"), 1);
  EXPECT_EQ(metrics.of("vital").alive.value(), 0);
}

TEST_F(supervisor_test, kills_and_names_who_overruns) {
  start({child("low", false), child("stubborn", true, true)});
  EXPECT_EQ(drain(2s), (std::vector<std::string>{"stubborn"}));
}

TEST_F(supervisor_test, a_flush_that_never_answers_does_not_hold_the_drain) {
  auto slow = child("slow", true);
  std::vector<reply<void>> kept;
  slow.flush = [&](duration, reply<void> done) { kept.push_back(std::move(done)); };
  start({child("low", false), std::move(slow)});
  EXPECT_TRUE(drain(4s).empty());
  EXPECT_EQ(kept.size(), 1u);
}

TEST_F(supervisor_test, reports_health_by_name) {
  start({child("low", false), child("high", true)});
  std::vector<actor_health> health;
  tell(*supervisor,
       health_question{reply<std::vector<actor_health>>([&](auto h) { health = std::move(*h); })});
  system.run();
  ASSERT_EQ(health.size(), 2u);
  EXPECT_EQ(health[0].name, "low");
  EXPECT_TRUE(health[0].alive);
}

TEST_F(supervisor_test, an_actor_that_does_not_answer_probes_counts_as_stuck) {
  auto mute = child("mute", true);
  mute.start = [this]() -> result<any_actor> {
    return (*system).spawn(
        [](caf::event_based_actor* self, caf::unit_t) -> caf::behavior {
          auto kept = std::make_shared<std::vector<caf::response_promise>>();
          return {[self, kept](atom::status) -> caf::result<actor_status> {
            kept->push_back(self->make_response_promise());
            return caf::delegated<actor_status>{};
          }};
        },
        caf::unit);
  };
  start({std::move(mute)});
  system.run_for(30s);
  EXPECT_EQ(metrics.of("mute").unanswered.value(), 1u);
  std::vector<actor_health> health;
  tell(*supervisor,
       health_question{reply<std::vector<actor_health>>([&](auto h) { health = std::move(*h); })});
  system.run();
  EXPECT_FALSE(health.at(0).alive);
}

}  // namespace
}  // namespace weft::actors
