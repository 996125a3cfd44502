// SPDX-License-Identifier: MIT
#pragma once

#include "node/commands.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace weft::node {

/// Where the parser puts what was typed. Lives as long as the parser.
struct cli_state {
  common_options common;
  init_options init;
  run_options run;
  ping_options ping;
  send_options send;
  recv_options recv;
  access_options access;
  pub_options pub;
  sub_options sub;
  dht_options dht;
  config_options config;
  keys_options keys;
  mesh_options mesh;
  bench_options bench;
  sim_options sim;
  logs_options logs;
  /// Of `weft logs level`.
  logs_options log_level;
  doctor_command_options doctor;
  /// A peer or an address, as typed.
  std::string target;
  std::string shell;
  double wait_timeout = 30;
  bool wait_ready = false;
  /// `--set section.key=value`
  std::vector<std::string> settings;
  std::vector<std::pair<const CLI::App*, std::function<exit_code()>>> actions;

  /// Runs `action` when the command was named.
  void on(CLI::App* command, std::function<exit_code()> action);
};

/// init run id config keys
void add_node_commands(CLI::App& app, cli_state& state);
/// status health peers routes wait connect disconnect ping send recv reload shutdown
void add_talk_commands(CLI::App& app, cli_state& state);
/// ban allow access
void add_access_commands(CLI::App& app, cli_state& state);
/// pub sub topics dht
void add_telling_commands(CLI::App& app, cli_state& state);
/// mesh bench
void add_lab_commands(CLI::App& app, cli_state& state);
/// logs
void add_logs_command(CLI::App& app, cli_state& state);
/// sim
void add_sim_command(CLI::App& app, cli_state& state);

}  // namespace weft::node
