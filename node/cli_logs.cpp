// SPDX-License-Identifier: MIT
#include "node/cli_tree.hpp"

#include <CLI/CLI.hpp>

namespace weft::node {

void add_logs_command(CLI::App& app, cli_state& state) {
  auto* logs = app.add_subcommand("logs", "Show the latest log lines of the running node");
  logs->footer(
      "  weft logs\n  weft logs --follow --level warn\n"
      "  weft logs --component session -n 20 --json\n  weft logs level session debug");
  logs->add_flag("-f,--follow", state.logs.follow, "Keep showing lines as they are written");
  logs->add_option("-n,--lines", state.logs.lines, "At most so many of the latest lines")
      ->check(CLI::Range(0, 2048));
  logs->add_option("--level", state.logs.level, "Lines of this level and above")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
  logs->add_option("--component", state.logs.component, "Lines of one component");
  state.on(logs, [&state] { return command_logs(state.common, state.logs); });
  auto* level = logs->add_subcommand(
      "level", "Show the levels, or set that of a component (or of all) until the next restart");
  level->footer(
      "  weft logs level\n  weft logs level session debug\n  weft logs level warn\n"
      "  weft logs level session default");
  level->add_option("COMPONENT", state.log_level.component,
                    "session, transport, gossip, …; left out: all");
  level->add_option("LEVEL", state.log_level.level,
                    "trace, debug, info, warn, error, off; default: as configured");
  state.on(level, [&state] { return command_logs_level(state.common, state.log_level); });
}

}  // namespace weft::node
