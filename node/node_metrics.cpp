// SPDX-License-Identifier: MIT
#include "node/node_metrics.hpp"

#include "base/log.hpp"

namespace weft::node {

void node_source::collect(metrics::visitor& v) const {
  v.on_gauge("weft_ready", "1 when the node is ready.", {}, context->ready() ? 1 : 0);
  v.on_gauge("weft_config_last_reload_success", "1 when the last reload was applied.", {},
             reload_worked ? 1 : 0);
  v.on_gauge("weft_config_last_reload_timestamp_seconds", "Time of the last applied configuration.",
             {}, reload_time);
  for (const auto level :
       {log::level::debug, log::level::info, log::level::warn, log::level::error})
    v.on_counter("weft_log_messages_total", "Log lines written.",
                 {{"level", log::to_string(level)}},
                 static_cast<double>(log::lines_written(level)));
  const auto rules = context->access.rules();
  for (const auto verdict : {transport::access_verdict::ban, transport::access_verdict::allow})
    v.on_gauge("weft_access_rules", "Access rules by verdict.", {{"verdict", to_string(verdict)}},
               static_cast<double>(rules->count(verdict)));
  v.on_counter("weft_log_lines_suppressed_total",
               "Log lines left out because their event came too often.", {},
               static_cast<double>(log::lines_suppressed()));
  v.on_counter("weft_log_lines_failed_total", "Log lines the operating system did not take.", {},
               static_cast<double>(log::lines_failed()));
  const auto requests = [&](std::string_view listener, const http_server* server) {
    const auto all = server ? server->requests() : 0;
    const auto bad = server ? server->rejected() : 0;
    const auto refused = server ? server->streams_refused() : 0;
    v.on_counter("weft_http_requests_total", "Requests by listener and outcome.",
                 {{"listener", listener}, {"outcome", "handled"}}, static_cast<double>(all - bad));
    v.on_counter("weft_http_requests_total", "Requests by listener and outcome.",
                 {{"listener", listener}, {"outcome", "unknown"}}, static_cast<double>(bad));
    v.on_counter("weft_http_streams_refused_total", "Streaming requests beyond the limit.",
                 {{"listener", listener}}, static_cast<double>(refused));
  };
  requests("admin", admin);
  requests("http", http);
}

}  // namespace weft::node
