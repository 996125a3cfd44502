// SPDX-License-Identifier: MIT
#include "routing/route_records.hpp"

#include <new>

namespace weft::routing {

std::uint32_t route_records::take() {
  if (free_ != none) {
    const std::uint32_t number = free_;
    free_ = state(number).issued_s;
    state(number) = {};
    return number;
  }
  if (used_ % chunk_records == 0) {
    constexpr std::size_t alignment = 64;
    states_.push_back(static_cast<route_state*>(
        state_arena_.allocate(chunk_records * sizeof(route_state), alignment)));
    signatures_.push_back(static_cast<crypto::ed25519_signature*>(
        signature_arena_.allocate(chunk_records * sizeof(crypto::ed25519_signature), alignment)));
  }
  new (&state(used_)) route_state{};
  return used_++;
}

void route_records::give(std::uint32_t number) noexcept {
  state(number).issued_s = free_;
  free_ = number;
}

}  // namespace weft::routing
