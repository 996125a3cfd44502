// SPDX-License-Identifier: MIT
#include "actors/protocols.hpp"

#include "hosts/gossip_host.hpp"
#include "messaging/messaging_config.hpp"
#include "routing/routing_core.hpp"

#include <string>

namespace weft::actors {

std::vector<transport::protocol> protocol_table(const protocol_settings& settings) {
  std::vector<transport::protocol> table(5);
  table[message_protocol] = {.names = {messaging::protocol_name},
                             .kind = transport::stream_kind::frames,
                             .frame_bytes_max = messaging::frame_bytes_max,
                             .concern = messaging_concern};
  table[route_protocol] = {.names = {std::string(routing::protocol_name)},
                           .kind = transport::stream_kind::frames,
                           .frame_bytes_max = settings.route_frame_bytes_max,
                           .concern = routing_concern};
  table[gossip_protocol] = hosts::gossip_protocol(*settings.gossip, gossip_concern);
  table[gossip_push_protocol] = hosts::gossip_push_protocol(*settings.gossip, gossip_concern);
  table[dht_protocol] = {.names = {settings.dht->protocol_name},
                         .kind = transport::stream_kind::exchange,
                         .frame_bytes_max = settings.dht->message_bytes_max,
                         .concern = 0};
  return table;
}

}  // namespace weft::actors
