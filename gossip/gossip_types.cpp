// SPDX-License-Identifier: MIT
#include "gossip/gossip_types.hpp"

namespace weft::gossip {

std::optional<version> version_of(std::string_view protocol_name) noexcept {
  if (protocol_name == protocol_names[0]) return version::v1_2;
  if (protocol_name == protocol_names[1]) return version::v1_1;
  if (protocol_name == protocol_names[2]) return version::v1_0;
  return std::nullopt;
}

}  // namespace weft::gossip
