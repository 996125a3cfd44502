// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "transport/io/private_network.hpp"

#include <string>
#include <vector>

/// Files with the key of a private network: one line of 64 hexadecimal digits, mode 0600.
namespace weft::node {

/// The keys in these files, in order. Names the file: ec::bad_config for another content, two equal
/// keys or too many files, ec::denied when others can read one, ec::not_found.
result<std::vector<transport::io::network_key>> read_network_keys(
    const std::vector<std::string>& paths);

/// Writes a fresh random key. ec::exists unless `replace`.
result<void> write_network_key(const std::string& path, bool replace);

}  // namespace weft::node
