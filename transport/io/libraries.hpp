// SPDX-License-Identifier: MIT
#pragma once

#include "base/library_version.hpp"

namespace weft::transport::io {

/// ngtcp2, GnuTLS.
void add_libraries(library_versions& out);

}  // namespace weft::transport::io
