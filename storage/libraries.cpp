// SPDX-License-Identifier: MIT
#include "storage/libraries.hpp"

#include <sqlite3.h>

namespace weft::storage {

void add_libraries(library_versions& out) { out.push_back({"SQLite", ::sqlite3_libversion()}); }

}  // namespace weft::storage
