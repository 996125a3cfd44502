// SPDX-License-Identifier: MIT
#pragma once

#include "node/context.hpp"
#include "node/metric_sums.hpp"
#include "node/views.hpp"

/// Answers shared by the admin API and the loopback listener.
namespace weft::node {

/// The whole status with process figures and message counts. ec::timeout when the actors do not
/// answer.
result<json> status_json(node_context& node, const metric_sums& all);
/// The same of what is known without the actors; null stands for the sessions and addresses.
json known_status_json(node_context& node, const metric_sums& all);

/// The readiness checks; answers also while an actor is stuck.
json checks_json(const node_context& node);

/// A JSON answer, or the error with the HTTP status that belongs to its code.
http_response json_answer(const json& body, int status = 200);
http_response error_answer(const error& e);

}  // namespace weft::node
