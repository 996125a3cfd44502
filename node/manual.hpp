// SPDX-License-Identifier: MIT
#pragma once

#include "node/cli_outline.hpp"

#include <string>
#include <vector>

/// Manual pages in the man(7) language, made from the command line and the table of configuration
/// keys, so that they cannot say anything else. Without a date: a package built twice is the same.
namespace weft::node {

/// weft(1): every command with its options and examples.
std::string command_manual(const std::vector<command_outline>& commands);
/// weft.toml(5): every configuration key.
std::string config_manual();

}  // namespace weft::node
