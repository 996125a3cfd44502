// SPDX-License-Identifier: MIT
#pragma once

#include "base/ip_prefix.hpp"
#include "base/multiaddr.hpp"
#include "transport/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace weft::transport::io {

/// Counts inbound handshakes and sessions by address and by network, and says whether one more
/// fits. Pure book-keeping.
class admission {
 public:
  /// `key` makes the hash of addresses unpredictable.
  admission(const limits& bounds, std::uint64_t key) noexcept : bounds_(bounds), hash_{key} {}

  /// The limit that a further handshake from there would break; none when it may start.
  std::optional<limit_kind> refuses(const ip_endpoint& remote) const;
  /// New clients have to prove their address first.
  bool wants_retry() const noexcept { return half_open_ >= bounds_.retry_above; }
  void handshake_started(const ip_endpoint& remote);
  /// The handshake succeeded: it counts as a session from now on.
  void handshake_confirmed(const ip_endpoint& remote);
  void handshake_failed(const ip_endpoint& remote);
  void session_ended(const ip_endpoint& remote);
  std::size_t half_open() const noexcept { return half_open_; }
  /// Sessions and handshakes of the address, and of the subnet, that has most.
  std::size_t busiest_address() const noexcept { return most(addresses_); }
  std::size_t busiest_subnet() const noexcept { return most(subnets_); }

 private:
  struct prefix_hash {
    std::uint64_t key;
    std::size_t operator()(const ip_prefix& p) const noexcept;
  };
  struct counts {
    std::size_t half_open = 0;
    std::size_t sessions = 0;
  };
  using table = std::unordered_map<ip_prefix, counts, prefix_hash>;
  static std::size_t most(const table& t) noexcept;
  static counts look_up(const table& t, const ip_prefix& p) noexcept;
  static void change(table& t, const ip_prefix& p, int half_open, int sessions);
  void change(const ip_endpoint& e, int half_open, int sessions);

  const limits& bounds_;
  prefix_hash hash_;
  table addresses_{16, hash_};
  table subnets_{16, hash_};
  std::size_t half_open_ = 0;
};

}  // namespace weft::transport::io
