// SPDX-License-Identifier: MIT
#include "transport/inbound.hpp"

namespace weft::transport {

void credit_gate::take(std::size_t bytes) noexcept {
  level_.fetch_add(bytes, std::memory_order_acq_rel);
}

void credit_gate::give_back(std::size_t bytes) noexcept {
  const std::size_t before = level_.fetch_sub(bytes, std::memory_order_acq_rel);
  if (before > low_ && before - bytes <= low_ && on_low_) on_low_();
}

}  // namespace weft::transport
