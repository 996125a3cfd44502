// SPDX-License-Identifier: MIT
#pragma once

#include "node/context.hpp"

/// Endpoints of the admin API for the access rules.
namespace weft::node {

/// GET /v1/access: `{"admit", "rules"}`.
http_response get_access(node_context& node, const http_request& request);
/// POST /v1/access/ban|allow?subject=S[&for=SECONDS][&reason=TEXT]: `{"rule"}`.
http_response post_access_ban(node_context& node, const http_request& request);
http_response post_access_allow(node_context& node, const http_request& request);
/// POST /v1/access/forget?subject=S
http_response post_access_forget(node_context& node, const http_request& request);

}  // namespace weft::node
