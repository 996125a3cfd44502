// SPDX-License-Identifier: MIT
#include "routing/routing_config.hpp"

#include "routing/route_frame.hpp"
#include "routing/route_row.hpp"

namespace weft::routing {

result<void> routing_config::validate() const {
  const auto check = [](bool ok, const char* text) -> result<void> {
    if (!ok) return fail(ec::bad_config, text);
    return {};
  };
  WEFT_TRY_VOID(check(destinations_max >= 1 && destinations_max <= 16'000'000,
                      "routing destinations_max must be 1 to 16000000"));
  WEFT_TRY_VOID(check(candidates_max >= 1 && candidates_max <= candidates_limit,
                      "routing candidates_max must be 1 to 10"));
  WEFT_TRY_VOID(check(neighbours_max >= 1 && neighbours_max <= 65535,
                      "routing neighbours_max must be 1 to 65535"));
  WEFT_TRY_VOID(
      check(routes_per_neighbour_max >= 1, "routing routes_per_neighbour_max must be at least 1"));
  WEFT_TRY_VOID(check(hops_max >= 1 && hops_max <= 127, "routing hops_max must be 1 to 127"));
  WEFT_TRY_VOID(check(lifetime >= refresh_interval * 2 && lifetime >= std::chrono::seconds(1),
                      "routing lifetime must be at least twice refresh_interval and one second"));
  WEFT_TRY_VOID(check(lifetime <= lifetime_max, "routing lifetime must not exceed lifetime_max"));
  WEFT_TRY_VOID(
      check(refresh_interval > duration::zero() && trigger_delay > duration::zero()
                && flush_interval >= trigger_delay && step_interval > duration::zero()
                && sweep_interval > duration::zero() && ack_timeout > duration::zero()
                && request_interval > duration::zero() && renew_interval_min > duration::zero(),
            "routing intervals must be positive, flush_interval not below trigger_delay"));
  WEFT_TRY_VOID(check(hold_down <= std::chrono::hours(4) && sweep_interval <= std::chrono::hours(1),
                      "routing hold_down must not exceed 4 hours, sweep_interval 1 hour"));
  WEFT_TRY_VOID(check(restart_interval > duration::zero() && restart_burst >= 1,
                      "routing restart_interval must be positive, restart_burst at least 1"));
  WEFT_TRY_VOID(check(flush_burst >= 1, "routing flush_burst must be at least 1"));
  WEFT_TRY_VOID(check(hop_penalty >= 1 && hop_penalty < link_cost_max,
                      "routing hop_penalty must be 1 to 4194303"));
  WEFT_TRY_VOID(check(hysteresis_shift <= 23, "routing hysteresis_shift must be 0 to 23"));
  WEFT_TRY_VOID(check(frame_bytes_max >= 1024 && frame_bytes_max <= frame_bytes_limit,
                      "routing frame_bytes_max must be 1024 to 65536"));
  WEFT_TRY_VOID(check(window_frames >= 1 && inbox_frames_max >= 1,
                      "routing window_frames and inbox_frames_max must be at least 1"));
  WEFT_TRY_VOID(check(verifications_per_step >= 1 && verifications_per_neighbour_step >= 1
                          && entries_per_step >= 1 && violations_max >= 1,
                      "routing budgets must be at least 1"));
  return check(request_hops_max >= 1 && requests_max >= 1 && request_burst >= 1,
               "routing request limits must be at least 1");
}

}  // namespace weft::routing
