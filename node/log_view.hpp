// SPDX-License-Identifier: MIT
#pragma once

#include "base/log_ring.hpp"
#include "node/context.hpp"
#include "node/views.hpp"

#include <optional>

/// The log of the running node: its last lines, lines as they come, and its levels.
namespace weft::node {

/// `{"number", "time", "level", "component", "event", …}`: the fields of the line follow.
json view(const log::recent_line& line);
/// `{"levels": [{"component", "level", "temporary"}], "suppressed_lines", "failed_lines"}`
json log_state_view();

/// `GET /v1/logs?level=L&component=C&limit=N`
http_response get_logs(node_context& node, const http_request& request);
/// `GET /v1/logs/follow`, with the same choice: a `{"line"}` each, `{"lost": n}` for a reader that
/// is slower than the log.
http_response stream_logs(node_context& node, const http_request& request);
/// `GET /v1/logs/levels`
http_response get_log_levels(node_context& node, const http_request& request);
/// `POST /v1/logs/level?component=C&level=L`; the level "default" drops one that was set.
http_response post_log_level(node_context& node, const http_request& request);

}  // namespace weft::node
