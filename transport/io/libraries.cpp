// SPDX-License-Identifier: MIT
#include "transport/io/libraries.hpp"

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>

namespace weft::transport::io {

void add_libraries(library_versions& out) {
  out.push_back({"ngtcp2", ::ngtcp2_version(0)->version_str});
  out.push_back({"GnuTLS", ::gnutls_check_version(nullptr)});
}

}  // namespace weft::transport::io
