// SPDX-License-Identifier: MIT
#include "transport/io/bandwidth.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport::io {
namespace {

/// Seconds' worth of bytes that may go in a burst, and at least this many.
constexpr double burst_seconds = 0.02;
constexpr double burst_bytes_min = 4'096;
/// Waking up more often costs more than the smoothness is worth.
constexpr duration wait_min = std::chrono::milliseconds(1);

double reserve_of(std::uint64_t rate) noexcept {
  return std::max(static_cast<double>(rate) * burst_seconds, burst_bytes_min);
}

bool has_tokens(token_bucket& bucket, std::uint64_t rate, instant now) noexcept {
  if (rate == 0) {
    // A cap that comes later begins without debts.
    bucket = token_bucket(0, now);
    return true;
  }
  bucket.refill(static_cast<double>(rate), reserve_of(rate), now);
  return bucket.tokens() > 0;
}

instant tokens_at(const token_bucket& bucket, std::uint64_t rate, instant now) noexcept {
  if (rate == 0) return now;
  const double seconds = -bucket.tokens() / static_cast<double>(rate);
  return now
         + std::max(wait_min,
                    std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds)));
}

}  // namespace

bandwidth::bandwidth(const live_limits& bounds, instant now) noexcept
    : bounds_(bounds), up_(0, now), down_(0, now) {}

bool bandwidth::may_send(instant now) noexcept {
  return has_tokens(up_, bounds_.upload_bytes_per_second, now);
}

bool bandwidth::may_receive(instant now) noexcept {
  return has_tokens(down_, bounds_.download_bytes_per_second, now);
}

void bandwidth::sent(std::size_t bytes) noexcept {
  if (bounds_.upload_bytes_per_second != 0) up_.overdraw(static_cast<double>(bytes));
}

void bandwidth::received(std::size_t bytes) noexcept {
  if (bounds_.download_bytes_per_second != 0) down_.overdraw(static_cast<double>(bytes));
}

instant bandwidth::send_again(instant now) const noexcept {
  return tokens_at(up_, bounds_.upload_bytes_per_second, now);
}

instant bandwidth::receive_again(instant now) const noexcept {
  return tokens_at(down_, bounds_.download_bytes_per_second, now);
}

std::size_t bandwidth::turn_bytes() const noexcept {
  if (bounds_.upload_bytes_per_second == 0) return SIZE_MAX;
  return static_cast<std::size_t>(reserve_of(bounds_.upload_bytes_per_second));
}

void bandwidth::wait(session_id session, bool wrote) {
  (wrote ? served_ : passed_over_).push_back(session);
}

std::vector<session_id> bandwidth::take_waiting() {
  auto out = std::exchange(passed_over_, {});
  out.insert(out.end(), served_.begin(), served_.end());
  served_.clear();
  return out;
}

std::size_t bandwidth::receive_buffer_bytes(std::size_t wanted) const noexcept {
  constexpr std::size_t least = 256u << 10;
  const std::uint64_t rate = bounds_.download_bytes_per_second;
  return rate == 0 ? wanted : std::min(wanted, std::max<std::size_t>(rate / 10, least));
}

}  // namespace weft::transport::io
