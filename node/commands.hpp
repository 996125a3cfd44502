// SPDX-License-Identifier: MIT
#pragma once

#include "node/config.hpp"
#include "node/terminal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The commands of docs/cli.md behind the parser. Each prints its answer and returns its exit code.
namespace weft::node {

/// Options that every command takes.
struct common_options {
  /// As typed; empty: WEFT_DIR or ~/.weft.
  std::string directory;
  bool json = false;
};

struct init_options {
  std::string profile = "server";
  std::string passphrase_file;
  bool encrypt = false;
  bool force = false;
  config_overrides overrides;
};
exit_code command_init(const common_options& common, const init_options& o);

struct run_options {
  /// Make what is missing before starting: directory, configuration, identity.
  bool init = false;
  std::string config_path;
  std::string passphrase_file;
  config_overrides overrides;
};
exit_code command_run(const common_options& common, const run_options& o);

exit_code command_id(const common_options& common);
exit_code command_status(const common_options& common);
exit_code command_status_limits(const common_options& common);
exit_code command_health(const common_options& common);
exit_code command_peers(const common_options& common);
exit_code command_routes(const common_options& common, const std::string& peer);
exit_code command_wait(const common_options& common, double timeout);
exit_code command_connect(const common_options& common, const std::string& address);
exit_code command_disconnect(const common_options& common, const std::string& peer);
exit_code command_reload(const common_options& common);
exit_code command_shutdown(const common_options& common);

struct ping_options {
  std::string to;
  std::uint32_t count = 4;
  double interval = 1;
  double timeout = 5;
};
exit_code command_ping(const common_options& common, const ping_options& o);

struct send_options {
  std::string to;
  /// The text, or "-" for standard input.
  std::string text;
  bool has_text = false;
  std::string file;
  bool volatile_class = false;
  double timeout = -1;
  std::uint32_t hops = 0;
};
exit_code command_send(const common_options& common, const send_options& o);

struct recv_options {
  bool follow = false;
  /// Leave messages unshown, so that they are listed again.
  bool peek = false;
  std::uint32_t limit = 100;
};
exit_code command_recv(const common_options& common, const recv_options& o);

struct access_options {
  /// A peer id, an address, or a block of addresses.
  std::string subject;
  /// How long the rule holds; 0: for good.
  double seconds = 0;
  std::string reason;
};
exit_code command_ban(const common_options& common, const access_options& o);
exit_code command_allow(const common_options& common, const access_options& o);
exit_code command_access_list(const common_options& common);
exit_code command_access_forget(const common_options& common, const access_options& o);

struct pub_options {
  std::string topic;
  /// The message, or "-" for standard input.
  std::string data = "-";
};
exit_code command_pub(const common_options& common, const pub_options& o);

struct sub_options {
  std::string topic;
  /// Ends after so many messages; 0: never.
  std::uint64_t count = 0;
};
exit_code command_sub(const common_options& common, const sub_options& o);
exit_code command_topics(const common_options& common);

struct dht_options {
  /// A name, key, CID or peer id, by command.
  std::string key;
  std::string value = "-";
  std::uint32_t count = 20;
};
exit_code command_dht_put(const common_options& common, const dht_options& o);
exit_code command_dht_get(const common_options& common, const dht_options& o);
exit_code command_dht_provide(const common_options& common, const dht_options& o);
exit_code command_dht_find_providers(const common_options& common, const dht_options& o);
exit_code command_dht_status(const common_options& common, const dht_options& o);
exit_code command_dht_find_peer(const common_options& common, const dht_options& o);

struct config_options {
  std::string config_path;
  bool markdown = false;
  bool manual = false;
  config_overrides overrides;
};
exit_code command_config_check(const common_options& common, const config_options& o);
exit_code command_config_show(const common_options& common, const config_options& o);
exit_code command_config_defaults(const common_options& common, const config_options& o);

struct keys_options {
  std::string file;
  std::string passphrase_file;
  std::string new_passphrase_file;
  bool remove_passphrase = false;
  bool force = false;
};
exit_code command_keys_show(const common_options& common, const keys_options& o);
exit_code command_keys_export(const common_options& common, const keys_options& o);
exit_code command_keys_import(const common_options& common, const keys_options& o);
/// Writes a fresh key of a private network to `file`.
exit_code command_keys_network(const common_options& common, const keys_options& o);
exit_code command_keys_passphrase(const common_options& common, const keys_options& o);

struct mesh_options {
  std::uint32_t nodes = 5;
  std::string topology = "line";
  std::uint32_t degree = 3;
  std::string directory;
  std::uint64_t seed = 1;
  bool demo = false;
  /// Seconds to stay up; 0: until Ctrl-C.
  double duration = 0;
};
exit_code command_mesh_up(const common_options& common, const mesh_options& o);

struct bench_options {
  std::string name;
  std::uint32_t repetitions = 3;
  std::uint32_t samples = 0;
  std::uint64_t bytes = 0;
  std::uint32_t hops = 1;
  bool durable = false;
  double rate = 0;
  std::uint32_t window = 0;
  std::uint32_t count = 1000;
  double seconds = 10;
  /// Measure against this address or peer from the running node instead of nodes of our own.
  std::string to;
  /// broadcast, throughput, lookup: how many nodes, and how they are joined.
  std::uint32_t nodes = 10;
  std::string topology = "random";
  std::uint32_t degree = 8;
  std::uint64_t seed = 1;
  /// Mesh peers of each node; 0: as configured.
  std::uint32_t fanout = 0;
  bool unsigned_messages = false;
  /// From the running node, over the cluster that it is part of.
  bool here = false;
};
exit_code command_bench(const common_options& common, const bench_options& o);

struct sim_options {
  std::string scenario = "broadcast";
  /// 0: as many as the scenario says.
  std::uint32_t nodes = 0;
  std::uint64_t seed = 1;
  std::uint32_t runs = 1;
  std::optional<std::uint64_t> trace_from;
  bool list = false;
};
/// ec::not_found and ec::bad_config for the scenario; failure when the run breaks an invariant or
/// misses what the scenario expects.
exit_code command_sim(const common_options& common, const sim_options& o);

struct logs_options {
  bool follow = false;
  std::uint32_t lines = 100;
  std::string level;
  std::string component;
};
exit_code command_logs(const common_options& common, const logs_options& o);
/// Without a component: shows the levels. With one word: it is the level of all.
exit_code command_logs_level(const common_options& common, const logs_options& o);

struct doctor_command_options {
  std::string config_path;
  config_overrides overrides;
  /// Only print the codes.
  bool list = false;
};
/// ok, degraded with warnings, failure with errors.
exit_code command_doctor(const common_options& common, const doctor_command_options& o);

/// Parses and runs; the whole of `main`.
int run_command_line(int argc, char** argv);

}  // namespace weft::node
