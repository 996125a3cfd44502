// SPDX-License-Identifier: MIT
#pragma once

#include "node/context.hpp"

/// Endpoints of the admin API for broadcasts and for the DHT.
namespace weft::node {

/// POST /v1/publish?topic=T: the body to everybody subscribed.
http_response post_publish(node_context& node, const http_request& request);
/// GET /v1/subscribe?topic=T: `{"subscribed"}`, then `{"message"}` lines as they arrive.
http_response stream_subscribe(node_context& node, const http_request& request);
/// GET /v1/topics
http_response get_topics(node_context& node, const http_request& request);

/// POST /v1/dht/put?name=N: the body as this node's signed record of that name.
http_response post_dht_put(node_context& node, const http_request& request);
/// GET /v1/dht/get?key=K, providers?key=K&count=N, peer?id=P; POST provide?key=K.
http_response get_dht_value(node_context& node, const http_request& request);
http_response post_dht_provide(node_context& node, const http_request& request);
http_response get_dht_providers(node_context& node, const http_request& request);
http_response get_dht_status(node_context& node, const http_request& request);
http_response get_dht_peer(node_context& node, const http_request& request);

}  // namespace weft::node
