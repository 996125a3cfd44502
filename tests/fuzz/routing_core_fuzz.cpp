// SPDX-License-Identifier: MIT
#include "base/assert.hpp"
#include "routing/route_frame.hpp"
#include "routing/routing_core.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace {

using namespace weft;

/// Accepts a signature whose first byte is even, so that inputs reach both outcomes.
class parity_crypto final : public routing::announcement_crypto {
 public:
  crypto::ed25519_signature sign(bytes_view) const override { return {}; }
  result<void> verify(const ed25519_public_key&, bytes_view, bytes_view signature) const override {
    if (signature[0] % 2 != 0) return fail(ec::bad_signature);
    return {};
  }
};

peer_id peer(std::uint8_t n) {
  ed25519_public_key key{};
  key[0] = static_cast<std::uint8_t>(n % 4 + 1);
  return peer_id::from_ed25519(key);
}

}  // namespace

/// Bytes as events: neighbours come and go, frames arrive, time passes. Limits must hold
/// throughout.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  routing::routing_config config;
  config.destinations_max = 8;
  config.candidates_max = 3;
  config.neighbours_max = 3;
  config.verifications_per_step = 4;
  config.inbox_frames_max = 2;
  config.window_frames = 2;
  const parity_crypto crypto;
  routing::routing_metrics counters;
  routing::routing_core core({}, crypto, config, rng(1), counters);
  routing::outbox out;
  instant now{std::chrono::seconds(10)};
  wall_time wall{std::chrono::hours(1)};
  core.start(wall, now, out);
  while (size >= 2) {
    const std::uint8_t what = data[0];
    const std::uint8_t argument = data[1];
    data += 2;
    size -= 2;
    const duration step = std::chrono::milliseconds(what & 0xf0) * (argument % 16 + 1);
    now += step;
    wall += step;
    switch (what % 6) {
      case 0:
        core.on_neighbour_up(peer(argument), std::chrono::milliseconds(argument), wall, now, out);
        break;
      case 1:
        core.on_neighbour_down(peer(argument), wall, now, out);
        break;
      case 2:
        core.on_neighbour_rtt(peer(argument), std::chrono::milliseconds(argument), now);
        break;
      case 3:
      case 4: {
        const std::size_t length = std::min<std::size_t>(size, argument * 4u);
        core.on_frame(peer(what >> 3), {data, length}, wall, now, out);
        data += length;
        size -= length;
        break;
      }
      default:
        core.on_deadline(wall, now, out);
    }
    WEFT_ASSERT(core.snapshot()->size() <= config.destinations_max, "the table is bounded");
    WEFT_ASSERT(core.next_deadline().has_value(), "a core always has a next deadline");
    out.clear();
  }
  return 0;
}
