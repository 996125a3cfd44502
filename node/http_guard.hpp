// SPDX-License-Identifier: MIT
#pragma once

#include "node/config.hpp"
#include "node/http.hpp"

#include <string>
#include <string_view>

/// Who may ask the HTTP listener what, when there is no token: a browser must not be made to read a
/// node for another site, and the status page is not for the network unless that was asked for.
namespace weft::node {

/// Host part of a `Host` header or of an authority, without port and brackets, in lower case; empty
/// when it is malformed.
std::string host_of(std::string_view authority);
/// "127.1.2.3", "::1", "localhost", "x.localhost".
bool is_loopback_host(std::string_view host);
/// A numeric IPv4 or IPv6 address. A page reached by one is the node's own: names are what DNS
/// rebinding needs.
bool is_numeric_host(std::string_view host);

/// Paths that monitoring asks for, as opposed to the status page and what belongs to it.
bool is_monitoring_path(std::string_view path);

/// The rules of docs/admin-api.md, "Loopback listener": which `Host` names a request may carry,
/// that another site's page reads nothing, and whom the status page is served to. `bound` is the
/// address listened on.
http_guard make_http_guard(const config::http_section& settings, std::string bound);

}  // namespace weft::node
