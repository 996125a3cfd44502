// SPDX-License-Identifier: MIT
#include "sim/network_config.hpp"

#include <string>

namespace weft::sim {

result<void> network_config::validate() const {
  const auto refuse
      = [](std::string text) { return fail(ec::bad_config, "network: " + std::move(text)); };
  if (loss_per_million > 500'000) return refuse("loss_per_million must be at most 500 000");
  if (jitter_per_million > 1'000'000) return refuse("jitter_per_million must be at most 1 000 000");
  if (segment_bytes < 1200) return refuse("segment_bytes must be at least 1200");
  if (window_initial_bytes < 2400 || window_max_bytes < window_initial_bytes)
    return refuse("window_initial_bytes must be from 2400 to window_max_bytes");
  if (receive_window_bytes < segment_bytes)
    return refuse("receive_window_bytes must be at least segment_bytes");
  if (negotiation_round_trips > 4) return refuse("negotiation_round_trips must be at most 4");
  return bounds.validate();
}

}  // namespace weft::sim
