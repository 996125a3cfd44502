// SPDX-License-Identifier: MIT
#include "node/cli_tree.hpp"

#include <CLI/CLI.hpp>

namespace weft::node {

namespace {

void add_broadcast(CLI::App& app, cli_state& state) {
  auto* pub = app.add_subcommand("pub", "Broadcast a message to everybody subscribed to a topic");
  pub->footer(
      "  weft pub news 'the first'\n  date | weft pub news -\n  weft pub news hello --json");
  pub->add_option("TOPIC", state.pub.topic, "Name of the topic")->required();
  pub->add_option("DATA", state.pub.data, "The message; - (the default) reads standard input");
  state.on(pub, [&state] { return command_pub(state.common, state.pub); });
  auto* sub = app.add_subcommand("sub", "Subscribe to a topic and show its messages as they come");
  sub->footer("  weft sub news\n  weft sub news --count 1 --json");
  sub->add_option("TOPIC", state.sub.topic, "Name of the topic")->required();
  sub->add_option("-n,--count", state.sub.count, "End after this many messages; 0: never");
  state.on(sub, [&state] { return command_sub(state.common, state.sub); });
  auto* topics = app.add_subcommand("topics", "List topics: subscribers and mesh");
  topics->footer("  weft topics --json");
  state.on(topics, [&state] { return command_topics(state.common); });
}

using dht_command = exit_code (*)(const common_options&, const dht_options&);

CLI::App* add_dht(CLI::App& dht, cli_state& state, const char* name, const char* help,
                  const char* examples, dht_command command) {
  auto* sub = dht.add_subcommand(name, help);
  sub->footer(examples);
  state.on(sub, [&state, command] { return command(state.common, state.dht); });
  return sub;
}

}  // namespace

void add_telling_commands(CLI::App& app, cli_state& state) {
  add_broadcast(app, state);
  auto* dht = app.add_subcommand("dht", "Store and find values, providers and peers in the DHT");
  dht->require_subcommand(1)->fallthrough();
  dht->footer(
      "  weft dht put greeting 'hello'\n  weft dht get /weft/12D3KooW…/greeting\n  weft dht "
      "find-peer 12D3KooW…");
  auto* put = add_dht(*dht, state, "put", "Store a signed value under a name of this node's own",
                      "  weft dht put greeting 'hello'\n  cat page.html | weft dht put page -",
                      command_dht_put);
  put->add_option("NAME", state.dht.key, "Name of the record; the answer has the whole key")
      ->required();
  put->add_option("VALUE", state.dht.value, "The value; - (the default) reads standard input");
  auto* get = add_dht(*dht, state, "get", "Find a value",
                      "  weft dht get /weft/12D3KooW…/greeting\n  weft dht get greeting",
                      command_dht_get);
  get->add_option("KEY", state.dht.key, "/weft/PEER/NAME, or the NAME of a record of this node")
      ->required();
  const char* key_help = "A CID, or any text (its SHA-256 is the key)";
  auto* provide = add_dht(*dht, state, "provide", "Announce that this node has some content",
                          "  weft dht provide bafkrei…", command_dht_provide);
  provide->add_option("KEY", state.dht.key, key_help)->required();
  auto* providers
      = add_dht(*dht, state, "find-providers", "Find who has some content",
                "  weft dht find-providers bafkrei… --count 3 --json", command_dht_find_providers);
  providers->add_option("KEY", state.dht.key, key_help)->required();
  providers->add_option("-n,--count", state.dht.count, "Stop after this many")
      ->check(CLI::Range(1, 1000));
  add_dht(*dht, state, "status", "Show this node's part of the DHT: buckets, records, providers",
          "  weft dht status\n  weft dht status --json", command_dht_status);
  auto* peer = add_dht(*dht, state, "find-peer", "Find the addresses of a peer",
                       "  weft dht find-peer 12D3KooW…", command_dht_find_peer);
  peer->add_option("PEER", state.dht.key, "Peer id")->required();
}

}  // namespace weft::node
