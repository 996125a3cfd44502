// SPDX-License-Identifier: MIT
#include "transport/limits.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace weft::transport {

namespace {

struct count_rule {
  const char* name;
  std::uint64_t value;
  std::uint64_t min;
  std::uint64_t max;
};
struct time_rule {
  const char* name;
  duration value;
  duration min;
  duration max;
};

std::string seconds(duration d) {
  std::string text = std::to_string(to_seconds(d));
  return text + " s";
}

result<void> check(const count_rule& r) {
  if (r.value >= r.min && r.value <= r.max) return {};
  return fail(ec::bad_config, std::string("transport limit ") + r.name + " is "
                                  + std::to_string(r.value) + "; allowed are "
                                  + std::to_string(r.min) + " to " + std::to_string(r.max));
}

result<void> check(const time_rule& r) {
  if (r.value >= r.min && r.value <= r.max) return {};
  return fail(ec::bad_config, std::string("transport limit ") + r.name + " is " + seconds(r.value)
                                  + "; allowed are " + seconds(r.min) + " to " + seconds(r.max));
}

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;

result<void> check_counts(const limits& l) {
  const count_rule rules[] = {
      {"sessions_max", l.sessions_max, 1, 1'000'000},
      {"sessions_per_peer_max", l.sessions_per_peer_max, 2, 64},
      {"sessions_per_address_max", l.sessions_per_address_max, 1, 1'000'000},
      {"sessions_per_subnet_max", l.sessions_per_subnet_max, 1, 1'000'000},
      {"handshakes_max", l.handshakes_max, 1, 100'000},
      {"retry_above", l.retry_above, 0, 100'000},
      {"handshakes_per_address_max", l.handshakes_per_address_max, 1, 100'000},
      {"stateless_answers_per_second", l.stateless_answers_per_second, 1, 1'000'000},
      {"dials_max", l.dials_max, 1, 100'000},
      {"dial_addresses_max", l.dial_addresses_max, 1, 64},
      {"streams_per_session_max", l.streams_per_session_max, 8, 65'536},
      {"outbound_streams_per_session_max", l.outbound_streams_per_session_max, 8, 65'536},
      {"negotiating_streams_max", l.negotiating_streams_max, 1, l.streams_per_session_max},
      {"stream_opens_per_second", l.stream_opens_per_second, 1, 10'000'000},
      {"stream_opens_burst", l.stream_opens_burst, 1, 1'000'000},
      {"ping_streams_max", l.ping_streams_max, 1, 64},
      {"perf_streams_max", l.perf_streams_max, 0, 256},
      {"requests_per_stream_max", l.requests_per_stream_max, 1, 1024},
      {"requests_per_session_max", l.requests_per_session_max, l.requests_per_stream_max, 65'536},
      {"pushes_per_session_max", l.pushes_per_session_max, 1, l.pushes_max},
      {"pushes_max", l.pushes_max, 1, 65'536},
      {"push_bytes_max", l.push_bytes_max, 64 * kib, 16 * gib},
      {"push_cancels_max", l.push_cancels_max, 1, 65'536},
      {"stream_window_initial", l.stream_window_initial, 16 * kib, l.stream_window_max},
      {"stream_window_max", l.stream_window_max, 16 * kib, 1 * gib},
      {"session_window_initial", l.session_window_initial, l.stream_window_initial,
       l.session_window_max},
      {"session_window_max", l.session_window_max, l.stream_window_max, 4 * gib},
      {"stream_unacked_bytes_max", l.stream_unacked_bytes_max, 64 * kib, 4 * gib},
      {"commands_waiting_max", l.commands_waiting_max, 1024, 1u << 26},
      {"command_bytes_max", l.command_bytes_max, 1 * mib, 64 * gib},
  };
  for (const auto& r : rules)
    if (auto checked = check(r); !checked) return checked;
  return {};
}

/// Below it a handshake takes seconds.
constexpr std::uint64_t bandwidth_min = 64 * kib;

result<void> check_caps(const limits& l) {
  const count_rule rules[] = {
      {"upload_bytes_per_second", l.upload_bytes_per_second, bandwidth_min, 1024 * gib},
      {"download_bytes_per_second", l.download_bytes_per_second, bandwidth_min, 1024 * gib},
      {"memory_bytes", l.memory_bytes, 64 * mib, 1024 * gib},
  };
  for (const auto& r : rules) {
    if (r.value == 0) continue;
    if (auto checked = check(r); !checked)
      return fail(ec::bad_config, checked.error().detail + ", or 0 for no cap");
  }
  return {};
}

result<void> check_times(const limits& l) {
  using namespace std::chrono_literals;
  const time_rule rules[] = {
      {"handshake_timeout", l.handshake_timeout, 100ms, 60s},
      {"dial_stagger", l.dial_stagger, 0s, 10s},
      {"idle_timeout", l.idle_timeout, 1s, 600s},
      // a keep-alive must come at least twice within the idle time
      {"keep_alive", l.keep_alive, 0s, l.idle_timeout / 2},
      {"push_timeout", l.push_timeout, 100ms, 3600s},
      {"push_cancel_memory", l.push_cancel_memory, 1s, 3600s},
      {"negotiation_timeout", l.negotiation_timeout, 100ms, 120s},
  };
  for (const auto& r : rules)
    if (auto checked = check(r); !checked) return checked;
  return {};
}

result<void> check_queue(const send_queue_limits& q) {
  static constexpr const char* names[priority_count]
      = {"queue.control", "queue.interactive", "queue.bulk", "queue.background", "queue.cover"};
  WEFT_TRY_VOID(check(count_rule{"queue.bytes_max", q.bytes_max, 64 * kib, 16 * gib}));
  for (std::size_t i = 0; i < priority_count; ++i) {
    WEFT_TRY_VOID(check(count_rule{names[i], q.classes[i].bytes_max, 4 * kib, q.bytes_max}));
    WEFT_TRY_VOID(
        check(time_rule{names[i], q.classes[i].age_max, duration{}, std::chrono::hours(1)}));
  }
  return {};
}

}  // namespace

result<void> limits::validate() const {
  WEFT_TRY_VOID(check_counts(*this));
  WEFT_TRY_VOID(check_caps(*this));
  WEFT_TRY_VOID(check_times(*this));
  return check_queue(queue);
}

std::string_view to_string(limit_kind kind) noexcept {
  static constexpr std::string_view names[] = {"sessions",
                                               "sessions_per_peer",
                                               "sessions_per_address",
                                               "sessions_per_subnet",
                                               "handshakes",
                                               "handshakes_per_address",
                                               "stateless_answers",
                                               "dials",
                                               "outbound_streams",
                                               "negotiating_streams",
                                               "stream_rate",
                                               "ping_streams",
                                               "perf_streams",
                                               "perf_bytes",
                                               "requests",
                                               "pushes",
                                               "push_bytes",
                                               "push_cancels",
                                               "commands",
                                               "frame_bytes",
                                               "access",
                                               "memory"};
  static_assert(std::size(names) == static_cast<std::size_t>(limit_kind::count_));
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace weft::transport
