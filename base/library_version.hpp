// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

/// Which libraries a binary runs with. Each module adds those that only it includes.
namespace weft {

struct library_version {
  std::string name;
  std::string version;
};
using library_versions = std::vector<library_version>;

/// Botan, libsodium, spdlog.
void add_base_libraries(library_versions& out);

}  // namespace weft
