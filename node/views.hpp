// SPDX-License-Identifier: MIT
#pragma once

#include "actors/bench_types.hpp"
#include "actors/telling_types.hpp"
#include "base/error.hpp"
#include "dht/dht_types.hpp"
#include "transport/access_rules.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

/// The JSON forms of docs/admin-api.md: durations are seconds, sizes bytes, wall times Unix
/// seconds.
namespace weft::node {

using json = nlohmann::ordered_json;

json view(const error& e);
json view(const actors::sample_summary& s);
json view(const transport::session_info& s);
json view(const transport::access_rule& r);
json view(const actors::connection& c);
json view(const actors::ping_round& r);
json view(const actors::ping_report& r);
json view(const actors::transfer_progress& p);
json view(const actors::receipt& r);
json view(const actors::inbox_message& m);
json view(const actors::route_view& r);
json view(const actors::readiness_check& c);
json view(const actors::node_status& s);
json view(const actors::bench_result& r);
json view(const actors::topic_message& m);
json view(const actors::publish_outcome& o);
json view(const actors::topic_view& t);
json view(const actors::stored_value& s);
json view(const actors::found_value& f);
json view(const actors::found_peers& f);
json view(const dht::dht_status& s);

/// `{"error": {"code", "text"}}`
json error_view(const error& e);
/// Reads it back; ec::malformed with the text itself when it is none.
error error_from(std::string_view text);
/// One line with its newline; bytes that are no UTF-8 become U+FFFD.
std::string line_of(const json& j);
/// Whether text can be shown as it is.
bool is_utf8(std::string_view text) noexcept;
/// Adds "text", or "hex" where the bytes are no text.
void add_content(json& j, bytes_view content);
json texts(const std::vector<multiaddr>& addresses);
double wall_seconds(wall_time t);

/// ec::bad_argument.
result<peer_id> parse_peer(std::string_view text);

}  // namespace weft::node
