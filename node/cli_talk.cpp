// SPDX-License-Identifier: MIT
#include "node/cli_tree.hpp"

#include <CLI/CLI.hpp>

namespace weft::node {

namespace {

void add_simple(CLI::App& app, cli_state& state, const char* name, const char* help,
                const char* examples, exit_code (*command)(const common_options&)) {
  auto* sub = app.add_subcommand(name, help);
  sub->footer(examples);
  state.on(sub, [&state, command] { return command(state.common); });
}

void add_sessions(CLI::App& app, cli_state& state) {
  auto* connect = app.add_subcommand("connect", "Open a session to an address or a known peer");
  connect->footer(
      "  weft connect /ip4/127.0.0.1/udp/4001/quic-v1/p2p/12D3KooW…\n  weft connect 12D3KooW…");
  connect->add_option("ADDRESS", state.target, "A multiaddr, or a peer id whose address is known")
      ->required();
  state.on(connect, [&state] { return command_connect(state.common, state.target); });
  auto* disconnect = app.add_subcommand("disconnect", "Close the session to a peer");
  disconnect->footer("  weft disconnect 12D3KooW…");
  disconnect->add_option("PEER", state.target, "Peer id")->required();
  state.on(disconnect, [&state] { return command_disconnect(state.common, state.target); });
  auto* ping = app.add_subcommand("ping", "Measure round trips: time, path and transport");
  ping->footer(
      "  weft ping 12D3KooW…\n  weft ping /ip4/127.0.0.1/udp/4001/quic-v1 -c 1000 -i 0\n"
      "  weft ping 12D3KooW… --json");
  ping->add_option("TARGET", state.ping.to, "Peer id (also several hops away) or multiaddr")
      ->required();
  ping->add_option("-c,--count", state.ping.count, "Rounds")->check(CLI::Range(1, 1'000'000));
  ping->add_option("-i,--interval", state.ping.interval, "Seconds between two rounds")
      ->check(CLI::Range(0.0, 3600.0));
  ping->add_option("--timeout", state.ping.timeout, "Seconds to wait for one answer")
      ->check(CLI::Range(0.001, 3600.0));
  state.on(ping, [&state] { return command_ping(state.common, state.ping); });
}

void add_messages(CLI::App& app, cli_state& state) {
  auto* send = app.add_subcommand("send",
                                  "Send a sealed private message and wait for its acknowledgement");
  send->footer(
      "  weft send 12D3KooW… 'hello'\n  echo hello | weft send 12D3KooW… -\n"
      "  weft send 12D3KooW… --file photo.jpg");
  send->add_option("PEER", state.send.to, "Peer id of the recipient, any number of hops away")
      ->required();
  auto* text = send->add_option("TEXT", state.send.text, "The message; - reads standard input");
  send->add_option("--file", state.send.file, "Send a file")->type_name("FILE");
  send->add_flag("--volatile", state.send.volatile_class,
                 "Keep the message in memory only: faster, lost when either node dies");
  send->add_option("--timeout", state.send.timeout,
                   "Seconds to wait (0: until the message expires); a durable message is still "
                   "delivered later")
      ->check(CLI::NonNegativeNumber);
  send->add_option("--hops", state.send.hops, "Hops the message may take")
      ->check(CLI::Range(1, 32));
  state.on(send, [&state, text] {
    state.send.has_text = text->count() > 0;
    return command_send(state.common, state.send);
  });
  auto* recv = app.add_subcommand("recv", "Show messages that were not shown yet, each once");
  recv->footer("  weft recv\n  weft recv --follow --json");
  recv->add_flag("-f,--follow", state.recv.follow, "Keep waiting for further messages");
  recv->add_flag("--peek", state.recv.peek, "Do not mark them as shown");
  recv->add_option("--limit", state.recv.limit, "At most this many")->check(CLI::Range(1, 10'000));
  state.on(recv, [&state] { return command_recv(state.common, state.recv); });
}

}  // namespace

void add_talk_commands(CLI::App& app, cli_state& state) {
  auto* status = app.add_subcommand("status", "Show what the running node is doing");
  status->footer("  weft status\n  weft status --json | jq .messages\n  weft status limits");
  state.on(status, [&state] { return command_status(state.common); });
  add_simple(*status, state, "limits", "Show how much of each limit is used",
             "  weft status limits\n  weft status limits --json", command_status_limits);
  add_simple(app, state, "health",
             "Say whether the node is ready (exit 0), degraded (7) or not running (4)",
             "  weft health && echo fine", command_health);
  add_simple(app, state, "peers", "List the sessions with their figures",
             "  weft peers\n  weft peers --json", command_peers);
  auto* routes = app.add_subcommand("routes", "List routes, or all routes to one peer");
  routes->footer("  weft routes\n  weft routes 12D3KooW… --json");
  routes->add_option("PEER", state.target, "Peer id of a destination");
  state.on(routes, [&state] { return command_routes(state.common, state.target); });
  auto* wait = app.add_subcommand("wait", "Wait until the node is ready");
  wait->footer("  weft run & weft wait --ready --timeout 10");
  wait->add_flag("--ready", state.wait_ready, "Wait for readiness (the default)");
  wait->add_option("--timeout", state.wait_timeout, "Seconds to wait")
      ->check(CLI::NonNegativeNumber);
  state.on(wait, [&state] { return command_wait(state.common, state.wait_timeout); });
  add_sessions(app, state);
  add_messages(app, state);
  add_simple(app, state, "reload", "Reload the configuration and say what was applied",
             "  weft reload --json", command_reload);
  add_simple(app, state, "shutdown", "Drain and end the running node", "  weft shutdown",
             command_shutdown);
}

}  // namespace weft::node
