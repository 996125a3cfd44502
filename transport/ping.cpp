// SPDX-License-Identifier: MIT
#include "transport/ping.hpp"

#include <algorithm>
#include <cstring>

namespace weft::transport {

void ping_responder::on_bytes(bytes_view input, byte_buffer& out) {
  while (!input.empty()) {
    const std::size_t take = std::min(ping_bytes - filled_, input.size());
    std::memcpy(partial_.data() + filled_, input.data(), take);
    filled_ += take;
    input = input.subspan(take);
    if (filled_ < ping_bytes) return;
    append(out, partial_);
    filled_ = 0;
    ++rounds_;
  }
}

bool ping_initiator::start(const ping_payload& payload, instant now) noexcept {
  if (waiting_ || failure_ != ec::none) return false;
  sent_ = payload;
  matched_ = 0;
  started_ = now;
  waiting_ = true;
  return true;
}

std::optional<duration> ping_initiator::on_bytes(bytes_view input, instant now) noexcept {
  if (failure_ != ec::none || input.empty()) return std::nullopt;
  if (!waiting_ || input.size() > ping_bytes - matched_
      || std::memcmp(sent_.data() + matched_, input.data(), input.size()) != 0) {
    failure_ = ec::protocol_violation;
    waiting_ = false;
    return std::nullopt;
  }
  matched_ += input.size();
  if (matched_ < ping_bytes) return std::nullopt;
  waiting_ = false;
  return now - started_;
}

}  // namespace weft::transport
