// SPDX-License-Identifier: MIT
#include "base/library_version.hpp"

#include "base/curve25519_library.hpp"

#include <botan/version.h>
#include <spdlog/version.h>

#include <sodium.h>

namespace weft {

void add_base_libraries(library_versions& out) {
  out.push_back({"Botan", Botan::short_version_cstr()});
  if (const char* version = crypto::curve25519_library::lib25519_version_in_use())
    out.push_back({"lib25519", version});
  out.push_back({"libsodium", ::sodium_version_string()});
  out.push_back({"spdlog", std::to_string(SPDLOG_VER_MAJOR) + "." + std::to_string(SPDLOG_VER_MINOR)
                               + "." + std::to_string(SPDLOG_VER_PATCH)});
}

}  // namespace weft
