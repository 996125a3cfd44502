// SPDX-License-Identifier: MIT
#pragma once

#include "base/library_version.hpp"

namespace weft::actors {

/// CAF.
void add_libraries(library_versions& out);

}  // namespace weft::actors
