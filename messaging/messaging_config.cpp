// SPDX-License-Identifier: MIT
#include "messaging/messaging_config.hpp"

#include "messaging/effects.hpp"

namespace weft::messaging {

result<void> messaging_config::validate() const {
  const auto bad = [](const char* what) { return fail(ec::bad_config, what); };
  if (fragment_bytes < 1024 || fragment_bytes > 60 * 1024)
    return bad("fragment_bytes must be between 1024 and 61440");
  if (volatile_payload_bytes_max < fragment_bytes
      || volatile_payload_bytes_max > reassembly_memory_max)
    return bad(
        "volatile_payload_bytes_max must be between fragment_bytes and reassembly_memory_max");
  if (durable_payload_bytes_max < fragment_bytes || durable_payload_bytes_max > (64ull << 30))
    return bad("durable_payload_bytes_max must be between fragment_bytes and 64 GiB");
  if (window_messages < 16 || window_messages > 16 * 1024)
    return bad("window_messages must be between 16 and 16384");
  if (window_bytes < 4 * fragment_bytes) return bad("window_bytes must hold four fragments");
  if (opening_window_messages == 0) return bad("opening_window_messages must not be 0");
  if (queue_messages_max == 0 || queue_bytes_max < fragment_bytes)
    return bad("queue_messages_max and queue_bytes_max must hold a message");
  if (class_messages_max() < queue_messages_max || class_bytes_max() < queue_bytes_max)
    return bad("seven eighths of total_messages_max and total_bytes_max must hold one queue");
  if (payloads_per_peer_max == 0 || payload_reads_max == 0)
    return bad("payloads_per_peer_max and payload_reads_max must not be 0");
  if (default_hop_limit == 0 || default_hop_limit > hop_limit_max)
    return bad("default_hop_limit must be between 1 and hop_limit_max");
  if (rto_min <= duration::zero() || rto_initial < rto_min || rto_max < rto_initial)
    return bad("rto_min, rto_initial and rto_max must be positive and in this order");
  if (probe_messages == 0 || reopen_after_timeouts == 0)
    return bad("probe_messages and reopen_after_timeouts must not be 0");
  if (channels_max == 0 || channels_per_peer_max < 2 || peers_max == 0)
    return bad("channels_max and peers_max must not be 0, channels_per_peer_max at least 2");
  if (rekey_messages < 16 || rekey_after <= duration::zero() || idle_timeout <= duration::zero())
    return bad("rekey_messages must be at least 16, rekey_after and idle_timeout positive");
  if (opens_per_second == 0 || opens_burst == 0 || remembered_channels_max < channels_max)
    return bad("opens_* must not be 0 and remembered_channels_max not below channels_max");
  if (clock_skew <= duration::zero() || frame_age_max <= duration::zero())
    return bad("clock_skew and frame_age_max must be positive");
  if (volatile_lifetime <= duration::zero() || durable_lifetime <= duration::zero())
    return bad("volatile_lifetime and durable_lifetime must be positive");
  if (ack_entries_max == 0 || ack_entries_max > 2048 || ack_interval < duration::zero())
    return bad("ack_entries_max must be between 1 and 2048");
  if (storing_messages_max == 0 || storing_bytes_max < fragment_bytes)
    return bad("storing_messages_max and storing_bytes_max must hold a message");
  if (reassemblies_max == 0 || reassemblies_per_peer_max == 0 || progress_step == 0)
    return bad("reassemblies_max, reassemblies_per_peer_max and progress_step must not be 0");
  return {};
}

std::string_view to_string(receipt_status status) noexcept {
  switch (status) {
    case receipt_status::stored:
      return "stored";
    case receipt_status::delivered:
      return "delivered";
    case receipt_status::failed:
      break;
  }
  return "failed";
}

}  // namespace weft::messaging
