// SPDX-License-Identifier: MIT
#include "actors/protocols.hpp"

#include "messaging/messaging_config.hpp"
#include "routing/routing_core.hpp"

#include <string>

namespace weft::actors {

std::vector<transport::protocol> protocol_table(std::size_t route_frame_bytes_max) {
  std::vector<transport::protocol> table(2);
  table[message_protocol] = {.names = {messaging::protocol_name},
                             .kind = transport::stream_kind::frames,
                             .frame_bytes_max = messaging::frame_bytes_max,
                             .concern = messaging_concern};
  table[route_protocol] = {.names = {std::string(routing::protocol_name)},
                           .kind = transport::stream_kind::frames,
                           .frame_bytes_max = route_frame_bytes_max,
                           .concern = routing_concern};
  return table;
}

}  // namespace weft::actors
