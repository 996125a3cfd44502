// SPDX-License-Identifier: MIT
#include "transport/session_metrics.hpp"

namespace weft::transport {

void session_metrics::collect(metrics::visitor& v) const {
  v.read("weft_connected_peers", "Peers with at least one session.", {}, peers);
  v.read("weft_bootstrap_peers", "Bootstrap peers by state.", {{"state", "configured"}},
         bootstrap_configured);
  v.read("weft_bootstrap_peers", "Bootstrap peers by state.", {{"state", "connected"}},
         bootstrap_up);
  v.read("weft_peer_book_peers", "Peers whose addresses are known.", {}, book_peers);
  v.count("weft_peer_book_evicted_peers_total", "Peers the full address book has forgotten.", {},
          book_evicted_peers);
  v.read("weft_session_dials", "Dials the session policy waits for.", {}, dials_in_flight);
  v.count("weft_session_dials_started_total", "Dials the session policy started.", {},
          dials_started);
  v.count("weft_session_dials_joined_total",
          "Connect requests that joined a dial already in flight.", {}, dials_joined);
  v.count("weft_session_reconnects_total", "Sessions that came back after a loss.", {}, reconnects);
  v.count("weft_connect_requests_total", "Connect requests.", {}, connects_asked);
  v.count("weft_connect_failures_total", "Connect requests that were answered with an error.", {},
          connects_failed);
  v.count("weft_connect_refusals_total", "Connect requests refused by a limit.", {},
          connects_refused);
  v.count("weft_surplus_sessions_closed_total",
          "Inbound sessions closed because enough peers are connected.", {}, surplus_closed);
  v.count("weft_idle_sessions_closed_total",
          "Sessions opened for a passing purpose that this node ended because nobody needed them.",
          {}, idle_closed);
  v.read("weft_passing_sessions",
         "Sessions opened for a passing purpose, such as queries of the DHT.", {}, passing);
  v.count("weft_peers_identified_total", "Identify messages taken in.", {}, identified);
}

}  // namespace weft::transport
