// SPDX-License-Identifier: MIT
#pragma once

#include "node/views.hpp"

#include <string>
#include <string_view>

/// What this binary was made of.
namespace weft::node {

/// "1.2.3"
std::string_view version();
/// The commit, with "-dirty" when files differ from it; "unknown" outside a repository. Made by
/// cmake/weft_revision.cmake.
std::string_view revision();

/// `{"version", "revision", "build_type", "compiler", "system", "libraries": {name: version}}`
json build_info();
/// The same for people, a line each.
std::string build_info_text();

}  // namespace weft::node
