// SPDX-License-Identifier: MIT
#pragma once

#include "node/context.hpp"

/// Endpoints of the admin API that answer line by line, and the benches.
namespace weft::node {

/// Messages as they arrive, starting with those not yet shown.
http_response stream_follow(node_context& node, const http_request& request);
/// `{"round"}` lines, then `{"summary"}` or `{"error"}`.
http_response stream_ping(node_context& node, const http_request& request);
/// `{"progress"}` lines, then `{"receipt"}` or `{"error"}`.
http_response stream_send(node_context& node, const http_request& request);
/// One bench of the actors; answers when it is done.
http_response post_bench(node_context& node, const http_request& request);

/// A number of the query within limits. ec::bad_argument names it.
result<double> number_of(const http_request& request, std::string_view name, double least,
                         double most);

}  // namespace weft::node
