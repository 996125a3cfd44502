// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft::node {

/// What completion and the reference need to know about the command line.
struct option_outline {
  /// "--json" or "-c"; several names of one option are separate entries.
  std::string name;
  std::string help;
  bool takes_value = false;
  bool is_file = false;
  std::vector<std::string> values;
};
struct command_outline {
  /// "config check"; empty for the options of every command.
  std::string name;
  std::string help;
  std::string examples;
  std::string usage;
  std::vector<option_outline> options;
  /// Words a first positional may be.
  std::vector<std::string> words;
};

/// A completion script for bash, zsh or fish; empty for another shell.
std::string completion_script(std::string_view shell, const std::vector<command_outline>& commands);
/// `docs/cli.md`'s reference: every command with its options and examples.
std::string command_reference(const std::vector<command_outline>& commands);

}  // namespace weft::node
