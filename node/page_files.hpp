// SPDX-License-Identifier: MIT
#pragma once

#include "node/http.hpp"

#include <span>
#include <string_view>

/// The status page: the files of node/page, part of the binary.
namespace weft::node {

struct page_file {
  /// "index.html"
  std::string_view name;
  std::string_view content;
};

/// Every file of node/page; made by cmake/weft_embed.cmake.
std::span<const page_file> page_files();

/// `GET /` and `GET /page/NAME`, with a policy that lets the page load and ask nothing but its own
/// listener.
void add_page_routes(http_routes& routes);

}  // namespace weft::node
