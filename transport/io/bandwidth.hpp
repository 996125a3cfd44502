// SPDX-License-Identifier: MIT
#pragma once

#include "base/token_bucket.hpp"
#include "transport/limits.hpp"
#include "transport/port.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::transport::io {

/// Holds the bytes in datagrams to `live_limits::upload_bytes_per_second` and `download_…`. Pure
/// book-keeping: says when to wait, and whose turn is next.
class bandwidth {
 public:
  bandwidth(const live_limits& bounds, instant now) noexcept;

  /// Both are true without a cap.
  bool may_send(instant now) noexcept;
  bool may_receive(instant now) noexcept;
  void sent(std::size_t bytes) noexcept;
  void received(std::size_t bytes) noexcept;
  /// When it is worth asking again.
  instant send_again(instant now) const noexcept;
  instant receive_again(instant now) const noexcept;

  /// Bytes that a session writes before others have their turn.
  std::size_t turn_bytes() const noexcept;
  /// Notes a session that has more to write; those that wrote something come after those that did
  /// not.
  void wait(session_id session, bool wrote);
  bool anyone_waits() const noexcept { return !passed_over_.empty() || !served_.empty(); }
  /// The waiting ones in the order of their turns.
  std::vector<session_id> take_waiting();

  /// Bytes that may wait in the kernel: a tenth of a second's worth, so that what is over the cap
  /// is lost early and the senders learn of it. `wanted` without a cap.
  std::size_t receive_buffer_bytes(std::size_t wanted) const noexcept;

 private:
  const live_limits& bounds_;
  token_bucket up_;
  token_bucket down_;
  std::vector<session_id> passed_over_;
  std::vector<session_id> served_;
};

}  // namespace weft::transport::io
