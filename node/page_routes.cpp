// SPDX-License-Identifier: MIT
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "node/page_files.hpp"

#include <array>
#include <utility>

namespace weft::node {

namespace {

std::string_view type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> types{
      {{".html", "text/html; charset=utf-8"}, {".svg", "image/svg+xml"}}};
  for (const auto& [ending, type] : types)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

/// The text between two others; empty when they are not there.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const auto begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const auto rest = text.substr(begin + before.size());
  return rest.substr(0, rest.find(after));
}

/// The source expression of CSP for a script or style inside the page; the digest takes 43
/// characters and its padding.
std::string hash_of(std::string_view inlined) {
  if (inlined.empty()) return "'none'";
  const auto digest = crypto::sha256(as_bytes(inlined));
  return "'sha256-" + to_base64url(digest) + "='";
}

std::string policy_of(std::string_view page) {
  return "default-src 'none'; script-src "
         + hash_of(between(page, "<script type=\"module\">", "</script>")) + "; style-src "
         + hash_of(between(page, "<style>", "</style>"))
         + "; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
           "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
}

/// JSON that ends no script element, whatever its texts hold.
std::string in_markup(std::string_view json) {
  std::string out;
  for (const char c : json)
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  return out;
}

/// The page with what the node says now.
std::string with_answer(std::string_view page, const std::string& answer) {
  constexpr std::string_view place = "type=\"application/json\">";
  const auto at = page.find(place);
  if (at == std::string_view::npos) return std::string(page);
  const auto begin = at + place.size();
  return std::string(page.substr(0, begin)) + in_markup(answer)
         + std::string(page.substr(page.find("</script>", begin)));
}

}  // namespace

void add_page_routes(http_routes& routes, std::function<std::string()> overview) {
  for (const auto& file : page_files()) {
    const std::vector<std::pair<std::string, std::string>> headers{
        {"Content-Security-Policy", policy_of(file.content)}};
    if (file.name == "index.html")
      routes["GET /"] = [file, headers, overview](const http_request&) -> http_response {
        return {200,
                std::string(type_of(file.name)),
                with_answer(file.content, overview()),
                {},
                headers};
      };
    else
      routes["GET /page/" + std::string(file.name)]
          = [file, headers](const http_request&) -> http_response {
        return {200, std::string(type_of(file.name)), std::string(file.content), {}, headers};
      };
  }
}

}  // namespace weft::node
