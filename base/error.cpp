// SPDX-License-Identifier: MIT
#include "base/error.hpp"

#include <array>

namespace weft {

namespace {

constexpr std::array<std::string_view, ec_count> names{"none",
                                                       "truncated",
                                                       "malformed",
                                                       "oversized",
                                                       "bad_varint",
                                                       "bad_signature",
                                                       "bad_certificate",
                                                       "bad_seal",
                                                       "bad_key",
                                                       "wrong_peer",
                                                       "wrong_destination",
                                                       "replayed",
                                                       "stale",
                                                       "hop_limit",
                                                       "not_found",
                                                       "exists",
                                                       "limit",
                                                       "queue_full",
                                                       "timeout",
                                                       "unreachable",
                                                       "closed",
                                                       "reset",
                                                       "unsupported",
                                                       "protocol_violation",
                                                       "cancelled",
                                                       "stopping",
                                                       "io",
                                                       "disk_full",
                                                       "corrupt",
                                                       "denied",
                                                       "in_use",
                                                       "bad_config",
                                                       "bad_argument",
                                                       "not_running",
                                                       "crypto"};

}  // namespace

std::string_view to_string(ec code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : std::string_view{"unknown"};
}

std::string to_string(const error& e) {
  std::string text{to_string(e.code)};
  if (!e.detail.empty()) text += ": " + e.detail;
  return text;
}

}  // namespace weft
