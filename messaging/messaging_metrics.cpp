// SPDX-License-Identifier: MIT
#include "messaging/messaging_metrics.hpp"

#include <array>

namespace weft::messaging {

std::string_view to_string(drop_reason reason) noexcept {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(drop_reason::count_)>
      names{"malformed",
            "oversized",
            "wrong_destination",
            "unknown_channel",
            "bad_seal",
            "bad_signature",
            "bad_key",
            "replayed",
            "stale",
            "hop_limit",
            "no_route",
            "loop",
            "open_rate",
            "channel_limit",
            "peer_limit",
            "store_busy",
            "store_refused",
            "reassembly_limit",
            "reassembly_timeout",
            "fragment_mismatch",
            "digest_mismatch",
            "expired",
            "queue_full"};
  const auto index = static_cast<std::size_t>(reason);
  return index < names.size() ? names[index] : std::string_view{"unknown"};
}

void messaging_metrics::collect(metrics::visitor& v) const {
  v.count("weft_messaging_sent_total", "Messages put on the network for the first time.", {}, sent);
  v.count("weft_messaging_sent_bytes_total", "Bytes of frames sealed here.", {}, sent_bytes);
  v.count("weft_messaging_received_total", "Sealed frames opened here.", {}, received);
  v.count("weft_messaging_received_bytes_total", "Bytes of frames opened here.", {},
          received_bytes);
  v.count("weft_messaging_delivered_total", "Messages handed to the user.", {}, delivered);
  v.count("weft_messaging_acknowledged_total", "Messages the receiver acknowledged.", {},
          acknowledged);
  v.count("weft_messaging_retransmitted_total", "Messages and fragments sent again.", {},
          retransmitted);
  v.count("weft_messaging_failed_total", "Messages given up.", {}, failed);
  v.count("weft_messaging_forwarded_total", "Frames passed on for others.", {}, forwarded);
  v.count("weft_messaging_forwarded_bytes_total", "Bytes passed on for others.", {},
          forwarded_bytes);
  v.count("weft_messaging_duplicates_total", "Messages that had arrived before.", {}, duplicates);
  v.count("weft_messaging_fragments_sent_total", "Fragments sealed.", {}, fragments_sent);
  v.count("weft_messaging_fragments_received_total", "Fragments accepted.", {}, fragments_received);
  v.count("weft_messaging_ack_frames_sent_total", "Acknowledgement frames sent.", {},
          ack_frames_sent);
  v.count("weft_messaging_ack_frames_received_total", "Acknowledgement frames received.", {},
          ack_frames_received);
  v.count("weft_messaging_channels_opened_total", "Sealed channels opened by us.", {},
          channels_opened);
  v.count("weft_messaging_channels_accepted_total", "Sealed channels opened by others.", {},
          channels_accepted);
  v.count("weft_messaging_channels_evicted_total", "Channels dropped before their time by a limit.",
          {}, channels_evicted);
  v.count("weft_messaging_seal_failures_total",
          "Channels that could not be opened to a destination.", {}, seal_failures);
  v.count("weft_messaging_open_failures_total", "Frames whose seal or signature did not verify.",
          {}, open_failures);
  dropped.collect(v, "weft_messaging_dropped_total", "Frames and messages dropped.", "reason");
  v.read("weft_messaging_in_flight", "Messages sent and not yet acknowledged.", {}, in_flight);
  v.read("weft_messaging_outbox_messages", "Messages accepted and not yet acknowledged.", {},
         queued);
  v.read("weft_messaging_outbox_bytes", "Bytes of messages accepted and not yet acknowledged.", {},
         queued_bytes);
  v.read("weft_messaging_storing", "Received messages waiting for their commit.", {}, storing);
  v.read("weft_messaging_channels", "Sealed channels.", {}, channels);
  v.read("weft_messaging_peers", "Destinations and senders with state.", {}, peers);
  v.read("weft_messaging_reassemblies", "Large payloads arriving.", {}, reassemblies);
  v.read("weft_messaging_reassembly_bytes", "Memory of volatile payloads arriving.", {},
         reassembly_bytes);
  v.read("weft_messaging_latency_seconds", "From send to acknowledgement.", {}, latency);
}

}  // namespace weft::messaging
