// SPDX-License-Identifier: MIT
#pragma once

#include "actors/deadline_timer.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_links.hpp"
#include "transport/session_core.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <variant>
#include <vector>

namespace weft::actors {

/// Everything a session actor is made of. References and pointers outlive it.
struct session_parts {
  peer_id self;
  transport::session_config config;
  rng random{0};
  std::vector<multiaddr> listen;
  transport::port* port = nullptr;
  transport::session_metrics* metrics = nullptr;
  /// For the round trips it measures.
  io_links* links = nullptr;
  /// Called once: every address is bound, or one failed.
  std::function<void(result<void>)> on_listening;
  /// Called whenever it is known where the node listens, mostly with the same; may be null.
  std::function<void(const std::vector<multiaddr>&)> on_addresses;
};

/// Class of `session_actor`.
class session_actor_impl {
 public:
  static constexpr const char* runtime_name = "weft.session";
  /// Questions to the reactor that wait for their answer; more get ec::limit.
  static constexpr std::size_t questions_max = 4096;
  /// Round trips are asked of the reactor this often. Without an answer for `reactor_silence_max`
  /// of such rounds the actor ends with an error, because the reactor is stuck; time in which the
  /// whole process did not run does not count.
  static constexpr duration inspect_interval = std::chrono::seconds(5);
  static constexpr duration inspect_after_change = std::chrono::seconds(1);
  static constexpr duration reactor_silence_max = std::chrono::seconds(30);
  /// A reactor answer that comes later than the question's own timeout plus this is given up.
  static constexpr duration answer_slack = std::chrono::seconds(2);
  static constexpr duration perf_timeout = std::chrono::minutes(10);
  static constexpr duration disconnect_timeout = std::chrono::seconds(5);

  session_actor_impl(session_actor::pointer self, session_parts parts);
  session_actor::behavior_type make_behavior();

 private:
  struct inspection {
    std::optional<reply<peer_list>> answer;
  };
  using answer_slot = std::variant<reply<round_trip>, reply<perf_report>, inspection>;
  struct question {
    peer_id peer;
    instant deadline;
    answer_slot slot;
  };
  struct waiting_disconnect {
    peer_id peer;
    instant deadline;
    reply<void> answer;
  };

  void on_events(const event_batch& batch);
  void on_event(const transport::event& e);
  void on_tick();
  void on_connect(const connect_question& q);
  void on_discovered(const peer_discovered& p);
  void on_needs(const session_needs& n);
  void on_disconnect(const disconnect_question& q);
  void on_ping(const ping_question& q);
  void on_perf(const perf_question& q);
  void on_peers(const peers_question& q);
  void on_change(const session_change& q);
  void on_status(const session_status_question& q);
  void on_halt();
  void on_drain(const drain_question& q);

  void on_listening(const multiaddr& address);
  void on_listen_failed(const transport::listen_failed_event& e);
  void on_ping_answer(const transport::ping_event& e);
  void on_perf_answer(const transport::perf_event& e);
  void on_inspection(const transport::inspect_event& e);
  void on_session_gone(const peer_id& peer);

  /// A number for a new question, or none when too many wait.
  std::optional<transport::request_id> add_question(const peer_id& peer, duration timeout,
                                                    answer_slot slot);
  template <class Slot>
  std::optional<Slot> take_question(transport::request_id id);
  void expire_questions();
  void ask_round_trips();
  /// Posts the core's commands, answers connects, arms the timer.
  void finish();

  instant now() const { return now_of(self_); }

  session_actor::pointer self_;
  session_parts parts_;
  transport::session_core core_;
  transport::session_outbox out_;
  transport::command_batch commands_;
  deadline_timer<session_actor::base> timer_;
  std::map<transport::request_id, question> questions_;
  std::map<transport::connect_ticket, reply<connection>> connects_;
  std::vector<waiting_disconnect> disconnects_;
  std::vector<reply<std::vector<std::string>>> drains_;
  std::vector<multiaddr> listening_;
  /// What the DHT actor knows of them.
  std::vector<multiaddr> told_addresses_;
  std::vector<std::string> listen_failures_;
  std::size_t listen_open_ = 0;
  std::uint64_t next_number_ = 1;
  instant next_inspect_{};
  /// Rounds since the reactor last answered.
  std::int64_t silent_rounds_ = 0;
  bool halted_ = false;
};

}  // namespace weft::actors
