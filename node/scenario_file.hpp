// SPDX-License-Identifier: MIT
#pragma once

#include "node/config.hpp"
#include "sim/scenario.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Scenarios of the simulator as TOML files.
namespace weft::node {

/// Reads TOML text into `into`: wrong types, values outside limits and unknown keys (with the
/// nearest known one) are reported with their line, and nothing is applied. `source` names the
/// file in the reports.
config_problems parse_scenario(std::string_view text, std::string_view source, sim::scenario& into);

/// A scenario by the path of its file, or by the name of one that came with the program.
/// ec::not_found with the names there are, ec::bad_config with every mistake, one per line.
result<sim::scenario> load_scenario(const std::string& name_or_path);

/// Where shipped scenarios are looked for, in order: beside the installed program, in the source
/// tree of a build, in the system.
std::vector<std::string> scenario_directories();
/// Names of the shipped scenarios that were found, sorted.
std::vector<std::string> scenario_names();

}  // namespace weft::node
