// SPDX-License-Identifier: MIT
#include "actors/libraries.hpp"

#include <caf/config.hpp>

namespace weft::actors {

void add_libraries(library_versions& out) {
  out.push_back({"CAF", std::to_string(CAF_VERSION / 10000) + "."
                            + std::to_string(CAF_VERSION / 100 % 100) + "."
                            + std::to_string(CAF_VERSION % 100)});
}

}  // namespace weft::actors
