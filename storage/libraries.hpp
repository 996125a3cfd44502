// SPDX-License-Identifier: MIT
#pragma once

#include "base/library_version.hpp"

namespace weft::storage {

/// SQLite.
void add_libraries(library_versions& out);

}  // namespace weft::storage
