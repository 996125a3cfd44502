// SPDX-License-Identifier: MIT
#include "node/build_info.hpp"

namespace weft::node {

std::string_view version() { return WEFT_VERSION; }

}  // namespace weft::node
