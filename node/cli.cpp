// SPDX-License-Identifier: MIT
#include "node/build_info.hpp"
#include "node/cli_outline.hpp"
#include "node/cli_tree.hpp"
#include "node/commands.hpp"
#include "node/manual.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>

namespace weft::node {

namespace {

void outline(const CLI::App& app, const std::string& prefix, std::vector<command_outline>& out) {
  command_outline c;
  c.name = prefix;
  c.help = app.get_description();
  c.examples = app.get_footer();
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) {
      c.usage += (c.usage.empty() ? "" : " ")
                 + (option->get_required() ? option->get_name() : "[" + option->get_name() + "]");
      continue;
    }
    const bool value = option->get_items_expected_max() > 0;
    const auto type = option->get_type_name();
    option_outline o{"", option->get_description(), value, type == "FILE" || type == "DIR", {}};
    for (const auto& name : option->get_snames()) {
      o.name = "-" + name;
      c.options.push_back(o);
    }
    for (const auto& name : option->get_lnames()) {
      o.name = "--" + name;
      c.options.push_back(o);
    }
  }
  // Commands without a description are for the program's own use.
  const auto described
      = app.get_subcommands([](const CLI::App* sub) { return !sub->get_description().empty(); });
  for (const auto* sub : described) c.words.push_back(sub->get_name());
  out.push_back(c);
  for (const auto* sub : described)
    outline(*sub, prefix.empty() ? sub->get_name() : prefix + " " + sub->get_name(), out);
}

/// Options that every command takes appear once more at each, so that completion offers them there.
std::vector<command_outline> outline(const CLI::App& app) {
  std::vector<command_outline> out;
  outline(app, "", out);
  return out;
}

void add_meta_commands(CLI::App& app, cli_state& state) {
  auto* version
      = app.add_subcommand("version", "Show the version, and what the program was made of");
  version->footer("  weft version\n  weft version --json | jq -r .revision");
  state.on(version, [&state] {
    std::fputs((state.common.json ? line_of(build_info()) : build_info_text()).c_str(), stdout);
    return exit_code::ok;
  });
  auto* completion = app.add_subcommand("completion", "Print a completion script for a shell");
  completion->footer(
      "  weft completion bash > ~/.local/share/bash-completion/completions/weft\n"
      "  weft completion zsh > \"${fpath[1]}/_weft\"\n"
      "  weft completion fish > ~/.config/fish/completions/weft.fish");
  completion->add_option("SHELL", state.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "markdown", "man"}));
  state.on(completion, [&app, &state] {
    const auto commands = outline(app);
    const auto text = state.shell == "markdown" ? command_reference(commands)
                      : state.shell == "man"    ? command_manual(commands)
                                                : completion_script(state.shell, commands);
    std::fputs(text.c_str(), stdout);
    return exit_code::ok;
  });
}

/// The mistyped command, if that is what went wrong.
std::string suggestion(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> names;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--dir") ++i;
    if (word.starts_with('-')) continue;
    if (std::find(known.begin(), known.end(), word) != known.end()) return {};
    const auto nearest = nearest_name(word, known);
    return "unknown command '" + std::string(word) + "'"
           + (nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?");
  }
  return {};
}

int fail_usage(const CLI::App& app, const CLI::ParseError& e, int argc, char** argv) {
  const auto better = suggestion(app, argc, argv);
  std::fprintf(stderr, "weft: %s\n", printable(better.empty() ? e.what() : better).c_str());
  std::string help = "weft";
  for (const auto* sub = &app; !sub->get_subcommands().empty();) {
    sub = sub->get_subcommands().front();
    help += " " + sub->get_name();
  }
  std::fprintf(stderr, "see: %s --help\n", help.c_str());
  return static_cast<int>(exit_code::usage);
}

}  // namespace

void cli_state::on(CLI::App* command, std::function<exit_code()> action) {
  command->fallthrough();
  actions.emplace_back(command, std::move(action));
}

int run_command_line(int argc, char** argv) {
  CLI::App app("Weft: a peer-to-peer mesh node", "weft");
  cli_state state;
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Show help and examples");
  // The parser ends the last line itself.
  const auto version = [] {
    auto text = build_info_text();
    text.pop_back();
    return text;
  };
  app.set_version_flag("--version", version, "Show the version");
  app.add_option("--dir", state.common.directory,
                 "The node's directory (else WEFT_DIR, else ~/.weft)")
      ->type_name("DIR")
      ->group("Every command");
  app.add_flag("--json", state.common.json, "Answer in JSON: one object, or one per line")
      ->group("Every command");
  app.footer(
      "Exit codes: 0 ok, 1 failure, 2 usage, 3 bad configuration, 4 node not running, 5 not "
      "found,\n"
      "6 timeout or unreachable, 7 degraded, 8 denied, 9 already running. `weft COMMAND --help` "
      "has examples.");
  add_node_commands(app, state);
  add_talk_commands(app, state);
  add_logs_command(app, state);
  add_access_commands(app, state);
  add_telling_commands(app, state);
  add_lab_commands(app, state);
  add_sim_command(app, state);
  add_meta_commands(app, state);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    return fail_usage(app, e, argc, argv);
  }
  // The innermost command that was named has the action.
  for (auto at = state.actions.rbegin(); at != state.actions.rend(); ++at)
    if (at->first->parsed()) return static_cast<int>(at->second());
  return static_cast<int>(exit_code::usage);
}

}  // namespace weft::node
