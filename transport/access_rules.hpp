// SPDX-License-Identifier: MIT
#pragma once

#include "base/ip_prefix.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Who may have a session with this node.
namespace weft::transport {

enum class access_verdict : std::uint8_t { ban, allow, count_ };
std::string_view to_string(access_verdict verdict) noexcept;

/// What a rule is about.
using access_subject = std::variant<peer_id, ip_prefix>;
std::string to_string(const access_subject& subject);
/// A peer id, an IP address, or a block in CIDR notation. ec::bad_argument says what is wrong.
result<access_subject> parse_access_subject(std::string_view text);

struct access_rule {
  access_subject subject;
  access_verdict verdict = access_verdict::ban;
  /// When it was made.
  wall_time since{};
  /// Without effect from then on; none: for good.
  std::optional<wall_time> until{};
  /// For people; never sent to anybody.
  std::string reason{};

  bool holds(wall_time now) const noexcept { return !until || now < *until; }
};

/// A set of rules, one per subject. Of the rules for blocks of addresses the one with the longest
/// prefix decides. A ban of the address or of the peer keeps out; where strangers are refused, an
/// allowance of either lets in.
class access_rules {
 public:
  static constexpr std::size_t rules_max = 10'000;
  static constexpr std::size_t reason_bytes_max = 256;

  /// Only allowed peers and addresses may have a session.
  bool refuse_strangers = false;

  /// Adds a rule or replaces the one with its subject. ec::limit beyond `rules_max`,
  /// ec::oversized for the reason.
  result<void> set(access_rule rule);
  /// False: there was none.
  bool forget(const access_subject& subject);
  /// Removes the rules that hold no longer; how many.
  std::size_t drop_expired(wall_time now);

  bool empty() const noexcept { return rules_.empty(); }
  std::size_t size() const noexcept { return rules_.size(); }
  /// Rules with that verdict.
  std::size_t count(access_verdict verdict) const noexcept;
  /// Peers first, then addresses, each in order.
  std::vector<access_rule> list() const;
  /// When the next rule ceases to hold.
  std::optional<wall_time> next_expiry(wall_time now) const noexcept;

  /// Whether an address is worth a handshake, after which its peer is known.
  bool admits(const ip_endpoint& address, wall_time now) const noexcept;
  /// Whether a peer at that address may have a session.
  bool admits(const peer_id& peer, const ip_endpoint& address, wall_time now) const noexcept;
  /// Whether a peer is banned by its id.
  bool bans(const peer_id& peer, wall_time now) const noexcept;

 private:
  std::optional<access_verdict> verdict_of(const access_subject& subject,
                                           wall_time now) const noexcept;
  std::optional<access_verdict> verdict_of(const ip_endpoint& address,
                                           wall_time now) const noexcept;

  std::map<access_subject, access_rule> rules_;
  /// Rules per length of their prefix: IPv4, IPv6.
  std::array<std::array<std::uint16_t, 129>, 2> lengths_{};
};

}  // namespace weft::transport
