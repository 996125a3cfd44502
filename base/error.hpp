// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weft {

/// Every way an operation of ours can fail. `to_string` gives the stable name used in logs, labels
/// and JSON.
enum class ec : std::uint8_t {
  /// No failure; only where a code is stored without a `result`.
  none = 0,
  /// Input ended before the value did.
  truncated,
  /// Input does not follow its format.
  malformed,
  /// A length, count or value is above its named limit.
  oversized,
  /// A varint is longer than needed or than nine bytes.
  bad_varint,
  /// A signature does not verify.
  bad_signature,
  /// A certificate fails one of the checks of libp2p TLS 1.3.
  bad_certificate,
  /// Decryption or authentication of a sealed text failed.
  bad_seal,
  /// A public or private key is not valid.
  bad_key,
  /// The peer is not the one that was asked for.
  wrong_peer,
  /// A message is addressed to another node.
  wrong_destination,
  /// A message or record was seen before.
  replayed,
  /// A message or record is older than allowed.
  stale,
  /// A message used up its hops.
  hop_limit,
  /// No route, peer, key or file of that name.
  not_found,
  /// The thing exists already.
  exists,
  /// A named limit is reached; try later.
  limit,
  /// A queue is full; the item was not taken.
  queue_full,
  /// The other side took too long.
  timeout,
  /// No path to the other side: refused, unreachable, no address.
  unreachable,
  /// The session or stream is closed.
  closed,
  /// The peer reset the stream or closed the session with an error.
  reset,
  /// The peer does not speak the protocol.
  unsupported,
  /// The peer broke a protocol rule.
  protocol_violation,
  /// The operation was ended by its owner.
  cancelled,
  /// The node is stopping.
  stopping,
  /// The operating system refused.
  io,
  /// The disk is full.
  disk_full,
  /// Stored data is damaged.
  corrupt,
  /// Access is not allowed: permissions, passphrase, ban.
  denied,
  /// The address or socket is in use.
  in_use,
  /// A configuration value is not valid.
  bad_config,
  /// A command-line or API argument is not valid.
  bad_argument,
  /// The daemon is not running.
  not_running,
  /// A cryptographic library failed in a way that input cannot cause.
  crypto,
};

/// Number of codes; for tables indexed by code.
inline constexpr std::size_t ec_count = static_cast<std::size_t>(ec::crypto) + 1;

/// The code's stable snake_case name, for example "bad_signature".
std::string_view to_string(ec code) noexcept;

/// A failure: its code, and a text that says what, where and how to fix it (may be empty on hot
/// paths).
struct error {
  ec code = ec::none;
  std::string detail;

  error() = default;
  error(ec c) : code(c) {}  // NOLINT(google-explicit-constructor): a bare code is an error
  error(ec c, std::string text) : code(c), detail(std::move(text)) {}

  friend bool operator==(const error& a, ec b) noexcept { return a.code == b; }
};

/// "bad_signature: the envelope of 12D3… does not verify", or the bare name without a detail.
std::string to_string(const error& e);

}  // namespace weft
