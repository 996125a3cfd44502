// SPDX-License-Identifier: MIT
#include "node/cli_tree.hpp"

#include <CLI/CLI.hpp>

namespace weft::node {

void add_sim_command(CLI::App& app, cli_state& state) {
  auto* sim = app.add_subcommand(
      "sim", "Run the node's cores in virtual time: many nodes, one process, one seed");
  sim->footer(
      "  weft sim --list\n  weft sim --scenario broadcast --nodes 1000 --seed 7\n"
      "  weft sim --scenario mixed --runs 20\n  weft sim --scenario ./mine.toml --json\n"
      "  weft sim --scenario mixed --nodes 30 --seed 3 --trace-from 120000");
  sim->add_option("--nodes", state.sim.nodes, "Number of nodes, instead of the scenario's")
      ->check(CLI::Range(2, 100'000));
  sim->add_option("--seed", state.sim.seed, "What decides everything that is random");
  sim->add_option("--scenario", state.sim.scenario,
                  "Name of a scenario that came with the program, or a TOML file")
      ->type_name("NAME|FILE");
  sim->add_option("--runs", state.sim.runs,
                  "Runs, with successive seeds; ends at the first failure")
      ->check(CLI::Range(1, 100'000));
  sim->add_option("--trace-from", state.sim.trace_from,
                  "Print every event from this number on (standard error)");
  sim->add_flag("--list", state.sim.list, "List the scenarios that came with the program");
  state.on(sim, [&state] { return command_sim(state.common, state.sim); });
}

}  // namespace weft::node
