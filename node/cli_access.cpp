// SPDX-License-Identifier: MIT
#include "node/cli_tree.hpp"

#include <CLI/CLI.hpp>

namespace weft::node {

namespace {

void add_rule(CLI::App& app, cli_state& state, const char* name, const char* help,
              const char* examples,
              exit_code (*command)(const common_options&, const access_options&)) {
  auto* sub = app.add_subcommand(name, help);
  sub->footer(examples);
  sub->add_option("SUBJECT", state.access.subject,
                  "A peer id, an IP address, or a block such as 192.0.2.0/24")
      ->required();
  sub->add_option("--for", state.access.seconds, "Seconds after which the rule ends (else never)")
      ->check(CLI::PositiveNumber);
  sub->add_option("--reason", state.access.reason, "Why, for those who read the list later");
  state.on(sub, [&state, command] { return command(state.common, state.access); });
}

}  // namespace

void add_access_commands(CLI::App& app, cli_state& state) {
  add_rule(app, state, "ban", "Keep a peer or an address out; ends its sessions",
           "  weft ban 12D3KooW…\n  weft ban 203.0.113.0/24 --for 3600 --reason 'scans'",
           command_ban);
  add_rule(app, state, "allow",
           "Let a peer or an address in: out of a banned block, or where network.admit is listed",
           "  weft allow 203.0.113.7\n  weft allow 12D3KooW… --for 86400", command_allow);
  auto* access = app.add_subcommand("access", "Access rules: list them, forget one");
  access->require_subcommand(1)->fallthrough();
  access->footer("  weft access list\n  weft access forget 203.0.113.0/24");
  auto* list = access->add_subcommand("list", "List the access rules in force");
  list->footer("  weft access list --json");
  state.on(list, [&state] { return command_access_list(state.common); });
  auto* forget = access->add_subcommand("forget", "Remove the rule for a peer or an address");
  forget->footer("  weft access forget 203.0.113.0/24");
  forget->add_option("SUBJECT", state.access.subject, "As `weft access list` shows it")->required();
  state.on(forget, [&state] { return command_access_forget(state.common, state.access); });
}

}  // namespace weft::node
