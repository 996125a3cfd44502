// SPDX-License-Identifier: MIT
#pragma once

#include "tests/transport/transport_fixture.hpp"
#include "transport/session_core.hpp"

#include <memory>

namespace weft::transport::testing {

/// A session core with a scripted transport around it and a clock that the test moves.
struct session_fixture : ::testing::Test {
  void start(session_config config) {
    const auto valid = config.validate();
    ASSERT_TRUE(valid) << to_string(valid.error());
    core = std::make_unique<session_core>(self, std::move(config), rng(42), metrics);
    core->start(now, out);
  }
  void advance_to(instant when) {
    now = when;
    core->on_deadline(now, out);
  }
  void connect(connect_ticket ticket, std::optional<peer_id> whom, std::vector<multiaddr> addresses,
               std::optional<duration> timeout = std::nullopt) {
    core->connect(ticket, whom, addresses, timeout, now, out);
  }
  result<void> disconnect(const peer_id& whom) { return core->disconnect(whom, "asked", out); }
  void up(const peer_id& whom, request_id dial, direction side = direction::outbound) {
    const std::uint8_t n = whom.bytes().back();
    core->on_event(
        session_up_event{whom, ++sessions, side, host(n), std::chrono::milliseconds(2), dial}, now,
        out);
  }
  void down(const peer_id& whom, close_reason reason) {
    core->on_event(session_down_event{whom, sessions, reason, ""}, now, out);
  }
  void fail_dial(const dial_command& dial, ec code) {
    core->on_event(dial_failed_event{dial.id, dial.expected, code}, now, out);
  }

  // What the core wants done since the last call.
  std::vector<dial_command> take_dials() {
    std::vector<dial_command> dials;
    std::erase_if(out.commands, [&](const control_command& c) {
      const auto* d = std::get_if<dial_command>(&c);
      if (d) dials.push_back(*d);
      return d != nullptr;
    });
    return dials;
  }
  std::size_t take_disconnects() {
    return std::erase_if(out.commands, [](const control_command& c) {
      return std::holds_alternative<disconnect_command>(c);
    });
  }
  std::vector<connect_answer> take_answers() { return std::exchange(out.answers, {}); }
  /// The code of the only answer; none when it is a success.
  ec answer_code() {
    const auto answers = take_answers();
    EXPECT_EQ(answers.size(), 1u);
    if (answers.size() != 1) return ec::corrupt;
    return answers[0].outcome ? ec::none : answers[0].outcome.error().code;
  }
  /// "+1 -1": peers that came and went.
  std::string changes() {
    std::string text;
    for (const auto& c : std::exchange(out.changes, {}))
      text += (text.empty() ? "" : " ") + std::string(c.up ? "+" : "-")
              + std::to_string(c.peer.bytes().back());
    return text;
  }

  const peer_id self = peer(200);
  instant now = at(std::chrono::seconds(0));
  session_id sessions = 0;
  session_metrics metrics;
  session_outbox out;
  std::unique_ptr<session_core> core;
};

}  // namespace weft::transport::testing
