// SPDX-License-Identifier: MIT
#include "node/http_guard.hpp"

#include "base/ip_address.hpp"
#include "node/admin_json.hpp"

#include <algorithm>
#include <array>

namespace weft::node {

namespace {

constexpr std::size_t host_bytes_max = 253;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5
         && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

http_response refused(int status, ec code, std::string text) {
  return {status, "application/json", line_of(error_view({code, std::move(text)})), {}};
}

class guard {
 public:
  guard(const config::http_section& settings, std::string bound)
      : settings_(settings), bound_(host_of(bound)), local_(is_loopback_host(bound_)) {}

  std::optional<http_response> operator()(const http_head& head) const {
    if (head.hosts.size() > 1) return refused(400, ec::malformed, "more than one Host");
    // A browser always names its host; what does not is no browser.
    const bool named = !head.hosts.empty();
    const auto host = named ? host_of(head.hosts.front()) : std::string{};
    if (named && host.empty()) return refused(400, ec::malformed, "the Host is malformed");
    const bool monitoring = is_monitoring_path(head.path);
    // Scrapers in a network of containers use names that nobody here can know.
    if (named && !knows(host) && (local_ || !monitoring))
      return refused(421, ec::denied,
                     "this node is not '" + host + "'; further names are set by http.hosts");
    if (is_foreign(head))
      return refused(403, ec::denied, "pages of other sites may not read this node");
    if (!monitoring) return page_refusal(head);
    return std::nullopt;
  }

 private:
  bool knows(std::string_view host) const {
    const auto& names = settings_.hosts;
    return is_loopback_host(host) || host == bound_ || (!local_ && is_numeric_host(host))
           || std::find(names.begin(), names.end(), host) != names.end();
  }

  /// A link followed from elsewhere is no reading: the other page does not see the answer.
  static bool is_foreign(const http_head& head) {
    const bool followed = head.fetch_mode == "navigate" && head.path == "/";
    if (!head.fetch_site.empty() && head.fetch_site != "same-origin" && head.fetch_site != "none"
        && !followed)
      return true;
    if (head.origin.empty()) return false;
    constexpr std::string_view scheme = "http://";
    return !head.origin.starts_with(scheme) || head.hosts.empty()
           || head.origin.substr(scheme.size()) != head.hosts.front();
  }

  std::optional<http_response> page_refusal(const http_head& head) const {
    if (settings_.page == "off")
      return refused(404, ec::not_found, "the status page is off (http.page)");
    if (settings_.page == "loopback" && !is_loopback_host(head.remote))
      return refused(403, ec::denied,
                     "the status page is for this machine alone; http.page = \"any\" changes that");
    return std::nullopt;
  }

  const config::http_section settings_;
  const std::string bound_;
  const bool local_;
};

}  // namespace

std::string host_of(std::string_view authority) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return {};
    const auto rest = host.substr(end + 1);
    if (!rest.empty() && !(rest.starts_with(':') && is_port(rest.substr(1)))) return {};
    host = host.substr(1, end - 1);
    if (!is_numeric_host(host)) return {};
  } else if (const auto colon = host.find(':'); colon != std::string_view::npos) {
    // Without brackets an IPv6 address stands alone, as in the configuration.
    if (host.find(':', colon + 1) != std::string_view::npos)
      return is_numeric_host(host) ? std::string(host) : std::string{};
    if (!is_port(host.substr(colon + 1))) return {};
    host = host.substr(0, colon);
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > host_bytes_max) return {};
  std::string out(host);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  const bool fine = std::all_of(out.begin(), out.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'
           || c == ':';
  });
  return fine ? out : std::string{};
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  if (const auto v4 = parse_ip4(host)) return (*v4)[0] == 127;
  const auto v6 = parse_ip6(host);
  if (!v6) return false;
  std::array<std::uint8_t, 16> loopback{};
  loopback[15] = 1;
  // ::ffff:127.0.0.0/104, as a socket for both families sees IPv4.
  std::array<std::uint8_t, 13> mapped{};
  mapped[10] = mapped[11] = 0xff;
  mapped[12] = 127;
  return *v6 == loopback || std::equal(mapped.begin(), mapped.end(), v6->begin());
}

bool is_numeric_host(std::string_view host) { return parse_ip4(host) || parse_ip6(host); }

bool is_monitoring_path(std::string_view path) {
  constexpr std::array<std::string_view, 4> paths{"/livez", "/readyz", "/status", "/metrics"};
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

http_guard make_http_guard(const config::http_section& settings, std::string bound) {
  return guard(settings, std::move(bound));
}

}  // namespace weft::node
