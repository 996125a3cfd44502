// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

namespace weft::transport {

/// Numbers of the session policy; written by its actor, not by the reactor.
struct session_metrics final : metrics::source {
  metrics::gauge peers;
  metrics::gauge bootstrap_configured;
  metrics::gauge bootstrap_up;
  metrics::gauge book_peers;
  metrics::counter book_evicted_peers;
  metrics::gauge dials_in_flight;
  metrics::counter dials_started;
  metrics::counter dials_joined;
  metrics::counter reconnects;
  metrics::counter connects_asked;
  metrics::counter connects_failed;
  metrics::counter connects_refused;
  metrics::counter surplus_closed;
  metrics::counter idle_closed;
  metrics::gauge passing;
  metrics::counter identified;

  void collect(metrics::visitor& v) const override;
};

}  // namespace weft::transport
