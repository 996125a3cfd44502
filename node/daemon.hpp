// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "node/config.hpp"

#include <string>

/// The node process: `weft run`.
namespace weft::node {

struct daemon_options {
  /// The node's directory: configuration, identity, store, admin socket.
  std::string directory;
  /// Empty: `config.toml` in the directory.
  std::string config_path;
  /// `--set section.key=value`
  config_overrides overrides;
  std::string passphrase_file;
};

inline constexpr std::string_view config_file_name = "config.toml";

/// Runs until SIGTERM or SIGINT, then drains; a second signal ends the process at once. SIGHUP
/// reloads. Returns the error that kept it from starting or made it stop: ec::in_use (directory,
/// port, address), ec::bad_config, ec::denied, ec::not_found (no `weft init` yet), ec::timeout (the
/// drain overran).
result<void> run_daemon(const daemon_options& options);

}  // namespace weft::node
