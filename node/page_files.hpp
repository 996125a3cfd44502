// SPDX-License-Identifier: MIT
#pragma once

#include "node/http.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

/// The status page: the files of node/page, part of the binary.
namespace weft::node {

struct page_file {
  /// "index.html"
  std::string_view name;
  std::string_view content;
};

/// The page, with its style and scripts inside, and what it refers to; made by
/// cmake/weft_embed.cmake.
std::span<const page_file> page_files();

/// `GET /`, which holds the answer of `overview` for the page to show at once, and `GET
/// /page/NAME`; with a policy that runs the page's own script alone and lets it ask nobody but its
/// own listener.
void add_page_routes(http_routes& routes, std::function<std::string()> overview);

}  // namespace weft::node
