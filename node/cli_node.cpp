// SPDX-License-Identifier: MIT
#include "node/cli_tree.hpp"

#include <CLI/CLI.hpp>

namespace weft::node {

namespace {

/// "section.key=value" pairs; the parser has checked that each holds an equals sign.
config_overrides overrides_of(const std::vector<std::string>& settings) {
  config_overrides pairs;
  for (const auto& text : settings) {
    const auto equals = text.find('=');
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

void add_settings(CLI::App* command, cli_state& state) {
  command
      ->add_option("--set", state.settings,
                   "Override a configuration key: --set log.level=debug (repeatable)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->check([](const std::string& text) {
        return text.find('=') == std::string::npos ? "'" + text + "' is not KEY=VALUE"
                                                   : std::string{};
      });
}

void add_init(CLI::App& app, cli_state& state) {
  auto* init = app.add_subcommand("init", "Make a node: directory, configuration and identity");
  init->footer(
      "  weft init\n  weft init --dir /var/lib/weft --profile private\n"
      "  weft init --dir a --profile test --set network.listen=/ip4/127.0.0.1/udp/4001/quic-v1");
  std::vector<std::string> profiles(profile_names().begin(), profile_names().end());
  init->add_option("--profile", state.init.profile, "server, lowpower, private or test")
      ->check(CLI::IsMember(profiles));
  init->add_flag("--encrypt", state.init.encrypt, "Ask for a passphrase and seal the key with it");
  init->add_option("--passphrase-file", state.init.passphrase_file,
                   "Seal the key with the passphrase in this file")
      ->type_name("FILE");
  init->add_flag("--force", state.init.force, "Write the configuration anew; the identity is kept");
  add_settings(init, state);
  state.on(init, [&state] {
    state.init.overrides = overrides_of(state.settings);
    return command_init(state.common, state.init);
  });
}

void add_run(CLI::App& app, cli_state& state) {
  auto* run = app.add_subcommand("run", "Run the node until SIGTERM or Ctrl-C; SIGHUP reloads");
  run->footer(
      "  weft run\n  weft run --init --dir /var/lib/weft --set log.level=debug\n"
      "  WEFT_LOG_FORMAT=json weft run");
  run->add_option("--config", state.run.config_path,
                  "Configuration file (else config.toml in the directory)")
      ->type_name("FILE");
  run->add_option("--passphrase-file", state.run.passphrase_file,
                  "File with the identity's passphrase")
      ->type_name("FILE");
  run->add_flag("--init", state.run.init,
                "Make the directory, the configuration and the identity if they are missing");
  add_settings(run, state);
  state.on(run, [&state] {
    state.run.overrides = overrides_of(state.settings);
    return command_run(state.common, state.run);
  });
}

void add_config(CLI::App& app, cli_state& state) {
  auto* config = app.add_subcommand("config", "Check and show the configuration");
  config->require_subcommand(1)->fallthrough();
  config->footer(
      "  weft config check\n  weft config show --json\n  weft config defaults > example.toml");
  const auto with_file = [&](CLI::App* command) {
    command
        ->add_option("--config", state.config.config_path,
                     "Configuration file (else config.toml in the directory)")
        ->type_name("FILE");
    add_settings(command, state);
  };
  auto* check
      = config->add_subcommand("check", "Read the configuration and say what is wrong with it");
  check->footer("  weft config check --config /etc/weft/config.toml");
  with_file(check);
  state.on(check, [&state] {
    state.config.overrides = overrides_of(state.settings);
    return command_config_check(state.common, state.config);
  });
  auto* show = config->add_subcommand("show", "Show every key with the value in force");
  show->footer("  weft config show\n  WEFT_LOG_LEVEL=debug weft config show");
  with_file(show);
  state.on(show, [&state] {
    state.config.overrides = overrides_of(state.settings);
    return command_config_show(state.common, state.config);
  });
  auto* defaults
      = config->add_subcommand("defaults", "Print an example file with every key explained");
  defaults->footer("  weft config defaults > config.toml");
  defaults->add_flag("--markdown", state.config.markdown, "As a table for the documentation");
  defaults->add_flag("--manual", state.config.manual, "As a manual page, weft.toml(5)");
  state.on(defaults, [&state] { return command_config_defaults(state.common, state.config); });
}

void add_doctor(CLI::App& app, cli_state& state) {
  auto* doctor = app.add_subcommand(
      "doctor", "Examine machine, directory and configuration (exit 7: warnings, 1: errors)");
  doctor->footer("  weft doctor\n  weft doctor --json | jq .findings\n  weft doctor --list");
  doctor
      ->add_option("--config", state.doctor.config_path,
                   "Configuration file (else config.toml in the directory)")
      ->type_name("FILE");
  doctor->add_flag("--list", state.doctor.list, "Print every code with its meaning");
  add_settings(doctor, state);
  state.on(doctor, [&state] {
    state.doctor.overrides = overrides_of(state.settings);
    return command_doctor(state.common, state.doctor);
  });
}

void add_keys(CLI::App& app, cli_state& state) {
  auto* keys = app.add_subcommand("keys", "Look after the node's identity");
  keys->require_subcommand(1)->fallthrough();
  keys->footer("  weft keys show\n  weft keys export backup.key\n  weft keys passphrase");
  const auto common = [&](CLI::App* command) {
    command
        ->add_option("--passphrase-file", state.keys.passphrase_file,
                     "File with the present passphrase")
        ->type_name("FILE");
  };
  auto* show = keys->add_subcommand("show", "Show the peer id and how the key is protected");
  show->footer("  weft keys show --json");
  state.on(show, [&state] { return command_keys_show(state.common, state.keys); });
  auto* out = keys->add_subcommand("export", "Write a backup of the identity and read it back");
  out->footer("  weft keys export backup.key\n  weft keys export backup.key --no-passphrase");
  out->add_option("FILE", state.keys.file, "Where the backup goes")->required()->type_name("FILE");
  common(out);
  out->add_option("--new-passphrase-file", state.keys.new_passphrase_file,
                  "Seal the backup with this passphrase")
      ->type_name("FILE");
  out->add_flag("--no-passphrase", state.keys.remove_passphrase, "Leave the backup unsealed");
  out->add_flag("--force", state.keys.force, "Replace an existing file");
  state.on(out, [&state] { return command_keys_export(state.common, state.keys); });
  auto* in = keys->add_subcommand("import", "Take the identity of a backup; the node must not run");
  in->footer("  weft keys import backup.key --force");
  in->add_option("FILE", state.keys.file, "The backup")->required()->type_name("FILE");
  common(in);
  in->add_flag("--force", state.keys.force, "Replace the present identity");
  state.on(in, [&state] { return command_keys_import(state.common, state.keys); });
  auto* network = keys->add_subcommand("network", "Write a fresh key of a private network");
  network->footer("  weft keys network network.key");
  network->add_option("FILE", state.keys.file, "Where the key goes")->required()->type_name("FILE");
  network->add_flag("--force", state.keys.force, "Replace an existing file");
  state.on(network, [&state] { return command_keys_network(state.common, state.keys); });
  auto* secret = keys->add_subcommand("passphrase", "Set, change or remove the passphrase");
  secret->footer(
      "  weft keys passphrase\n  weft keys passphrase --passphrase-file old --new-passphrase-file "
      "new\n"
      "  weft keys passphrase --remove");
  common(secret);
  secret
      ->add_option("--new-passphrase-file", state.keys.new_passphrase_file,
                   "File with the new passphrase")
      ->type_name("FILE");
  secret->add_flag("--remove", state.keys.remove_passphrase,
                   "Store the key unsealed, protected by its file mode only");
  state.on(secret, [&state] { return command_keys_passphrase(state.common, state.keys); });
}

}  // namespace

void add_node_commands(CLI::App& app, cli_state& state) {
  add_init(app, state);
  add_run(app, state);
  auto* id = app.add_subcommand("id", "Show this node's peer id");
  id->footer("  weft id\n  weft id --dir b --json");
  state.on(id, [&state] { return command_id(state.common); });
  add_config(app, state);
  add_keys(app, state);
  add_doctor(app, state);
}

}  // namespace weft::node
