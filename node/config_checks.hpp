// SPDX-License-Identifier: MIT
#pragma once

#include "node/config.hpp"

#include <string>

/// What the type and the limits of a key do not say about its value. Each returns what is wrong and
/// what is expected, or nothing.
namespace weft::node {

std::string check_listen(const config& c);
std::string check_bootstrap(const config& c);
std::string check_http_listen(const config& c);
std::string check_key_files(const config& c);
std::string check_admit(const config& c);
std::string check_http_page(const config& c);
std::string check_http_hosts(const config& c);
std::string check_level(const config& c);
std::string check_format(const config& c);
std::string check_components(const config& c);
std::string check_signatures(const config& c);
std::string check_benches(const config& c);
std::string check_topics(const config& c);
std::string check_protocol_name(const config& c);
std::string check_not_empty_key(const config& c);
std::string check_not_empty_socket(const config& c);

}  // namespace weft::node
