// SPDX-License-Identifier: MIT
#include "node/bench_report.hpp"
#include "node/cli_tree.hpp"

#include <CLI/CLI.hpp>

namespace weft::node {

namespace {

void add_mesh(CLI::App& app, cli_state& state) {
  auto* mesh = app.add_subcommand("mesh", "Local clusters of real node processes");
  mesh->require_subcommand(1)->fallthrough();
  mesh->footer("  weft mesh up 5 --topology line --demo");
  auto* up = mesh->add_subcommand(
      "up", "Start nodes on loopback, show them live, stop them all on Ctrl-C");
  up->footer(
      "  weft mesh up 5\n  weft mesh up 20 --topology random --seed 7\n  weft mesh up 5 --topology "
      "line --demo\n"
      "  weft mesh up 3 --topology full --json --duration 10");
  up->add_option("N", state.mesh.nodes, "Number of nodes")->check(CLI::Range(1, 500));
  up->add_option("--topology", state.mesh.topology, "line, ring, star, random or full")
      ->check(CLI::IsMember({"line", "ring", "star", "random", "full"}));
  up->add_option("--degree", state.mesh.degree, "random: sessions of a node in the mean")
      ->check(CLI::Range(1, 100));
  up->add_option("--keep", state.mesh.directory,
                 "Keep the nodes' directories here, as --dir does (else a temporary folder)")
      ->type_name("DIR");
  up->add_option("--seed", state.mesh.seed, "Of the random topology");
  up->add_flag("--demo", state.mesh.demo,
               "Send messages from end to end and show their acknowledgements");
  up->add_option("--duration", state.mesh.duration, "Seconds to stay up; 0: until Ctrl-C")
      ->check(CLI::NonNegativeNumber);
  state.on(up, [&state] { return command_mesh_up(state.common, state.mesh); });
}

/// Of the benches over many nodes.
void add_crowd_options(CLI::App& bench, cli_state& state) {
  bench.add_option("--nodes", state.bench.nodes, "broadcast, throughput, lookup: nodes to start")
      ->check(CLI::Range(2, 500));
  bench.add_option("--topology", state.bench.topology, "How they are joined")
      ->check(CLI::IsMember({"line", "ring", "star", "random", "full"}));
  bench.add_option("--degree", state.bench.degree, "random: sessions of a node in the mean")
      ->check(CLI::Range(1, 100));
  bench.add_option("--seed", state.bench.seed, "Of the random topology");
  bench.add_option("--fanout", state.bench.fanout, "Mesh peers of each node (gossip.degree)")
      ->check(CLI::Range(1, 50));
  bench.add_flag("--unsigned", state.bench.unsigned_messages,
                 "broadcast, throughput: messages without signatures");
  bench.add_flag("--here", state.bench.here,
                 "broadcast, throughput, lookup: from the running node (--dir), over the cluster "
                 "it is part of");
}

}  // namespace

void add_lab_commands(CLI::App& app, cli_state& state) {
  add_mesh(app, state);
  auto* bench
      = app.add_subcommand("bench", "Measure with real node processes: medians of several runs");
  bench->footer(
      "  weft bench handshake\n  weft bench stream --json\n  weft bench message --durable --rate "
      "1000\n"
      "  weft bench message --hops 5 --window 1\n  weft bench routing --count 1000000\n  weft "
      "bench idle\n"
      "  weft bench broadcast --nodes 10\n  weft bench throughput --nodes 2 --bytes 200\n  weft "
      "bench "
      "lookup --nodes 50\n  weft bench sessions --count 1000\n  weft bench ping --to "
      "/ip4/127.0.0.1/udp/4001/quic-v1/p2p/12D3KooW…");
  bench
      ->add_option(
          "NAME", state.bench.name,
          "handshake, ping, stream, message, broadcast, throughput, lookup, routing, idle or "
          "sessions")
      ->required()
      ->check(CLI::IsMember({"handshake", "ping", "stream", "message", "broadcast", "throughput",
                             "lookup", "routing", "idle", "sessions"}));
  bench->add_option("--repetitions", state.bench.repetitions, "Runs; the median run is reported")
      ->check(CLI::Range(1, 100));
  bench->add_option("--samples", state.bench.samples, "Handshakes, rounds or messages of a run")
      ->check(CLI::Range(1, 2'000'000));
  bench->add_option("--bytes", state.bench.bytes,
                    "stream: bytes each way; message: size of a body");
  bench->add_option("--hops", state.bench.hops, "ping, message: hops to the far end")
      ->check(CLI::Range(1, 30));
  bench->add_flag("--durable", state.bench.durable, "message: the durable class");
  bench->add_option("--rate", state.bench.rate, "message: send at this many per second")
      ->check(CLI::NonNegativeNumber);
  bench
      ->add_option("--window", state.bench.window,
                   "message: unacknowledged at a time; 1 is one after another")
      ->check(CLI::Range(1, 100'000));
  bench->add_option("--count", state.bench.count, "sessions: how many; routing: entries")
      ->check(CLI::Range(1, 100'000'000));
  bench->add_option("--seconds", state.bench.seconds, "idle, sessions: length of the window")
      ->check(CLI::Range(1.0, 3600.0));
  bench->add_option("--to", state.bench.to,
                    "Measure from the running node (--dir) against this address or peer");
  add_crowd_options(*bench, state);
  state.on(bench, [&state] { return command_bench(state.common, state.bench); });

  // Started by `bench sessions` alone.
  auto* far = app.add_subcommand("bench-far", "")->group("");
  far->add_option("ADDRESS", state.target)->required();
  far->add_option("COUNT", state.bench.count)->required();
  state.on(far, [&state] { return command_bench_far(state.target, state.bench.count); });
}

}  // namespace weft::node
