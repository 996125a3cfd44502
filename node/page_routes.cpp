// SPDX-License-Identifier: MIT
#include "node/page_files.hpp"

#include <array>
#include <utility>

namespace weft::node {

namespace {

constexpr std::string_view policy
    = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
      "'self'; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
      "require-trusted-types-for 'script'; trusted-types 'none'";

std::string_view type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> types{
      {{".html", "text/html; charset=utf-8"},
       {".css", "text/css; charset=utf-8"},
       {".js", "text/javascript; charset=utf-8"},
       {".svg", "image/svg+xml"}}};
  for (const auto& [ending, type] : types)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

}  // namespace

void add_page_routes(http_routes& routes) {
  for (const auto& file : page_files()) {
    const auto serve = [file](const http_request&) -> http_response {
      return {200,
              std::string(type_of(file.name)),
              std::string(file.content),
              {},
              {{"Content-Security-Policy", std::string(policy)}}};
    };
    routes["GET /page/" + std::string(file.name)] = serve;
    if (file.name == "index.html") routes["GET /"] = serve;
  }
}

}  // namespace weft::node
