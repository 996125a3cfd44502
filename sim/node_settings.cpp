// SPDX-License-Identifier: MIT
#include "sim/population.hpp"

#include <initializer_list>

/// Limits and times: the product's defaults, and draws that bring rare branches about.
namespace weft::sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class T>
T any_of(rng& random, std::initializer_list<T> values) {
  return *(values.begin() + random.below(values.size()));
}

void draw_gossip(gossip::gossip_config& c, rng& random) {
  c.heartbeat = any_of<duration>(random, {milliseconds(500), milliseconds(700), seconds(1)});
  c.heartbeat_first = any_of<duration>(random, {milliseconds(50), milliseconds(100), seconds(1)});
  c.degree_lazy = any_of(random, {4U, 6U, 10U});
  c.flood_publish = random.below(2) == 0;
  c.history = any_of(random, {4U, 5U, 8U});
  c.idontwant_bytes_min = any_of<std::size_t>(random, {64, 1024, 16'384});
  c.control_bytes_max = any_of<std::size_t>(random, {1024, 16'384});
  c.prune_backoff = any_of<duration>(random, {seconds(10), seconds(60)});
  c.wanted_max = any_of<std::size_t>(random, {64, 1024, 16'384});
  c.promises_max = any_of<std::size_t>(random, {16, 256, 4096});
  c.unwanted_per_peer_max = any_of<std::size_t>(random, {16, 4096});
  c.lazy.enabled = random.below(4) != 0;
  c.lazy.wave_interval = any_of<duration>(random, {seconds(2), seconds(3)});
  c.lazy.wave_burst = any_of(random, {1U, 6U});
  c.lazy.heal_after = any_of(random, {1U, 2U, 4U});
  c.lazy.root_delay = any_of<duration>(random, {milliseconds(500), seconds(4)});
  c.lazy.tree_idle = any_of<duration>(random, {seconds(5), seconds(60)});
  c.lazy.announce_delay = any_of<duration>(random, {milliseconds(0), milliseconds(2)});
  c.lazy.push_bytes_min = any_of<std::size_t>(random, {2048, 64 * 1024});
}

void draw_dht(dht::dht_config& c, rng& random) {
  c.alpha = any_of<std::size_t>(random, {3, 10});
  c.beta = any_of<std::size_t>(random, {2, 3});
  c.queries_max = any_of<std::size_t>(random, {32, 512});
  c.hedge_initial = any_of<duration>(random, {milliseconds(50), milliseconds(300)});
  c.full_table_below = any_of<std::size_t>(random, {0, 2048});
  c.bucket_entries = any_of<std::size_t>(random, {8, 20});
  c.refresh_interval = any_of<duration>(random, {seconds(30), seconds(600)});
  c.liveness_interval = any_of<duration>(random, {seconds(20), seconds(900)});
  c.checks_in_flight = any_of<std::size_t>(random, {1, 8});
  c.backoff_min = any_of<duration>(random, {seconds(5), seconds(30)});
  c.persist_interval = any_of<duration>(random, {seconds(10), seconds(300)});
}

void draw_sessions(transport::session_config& c, rng& random) {
  c.dials_max = any_of<std::size_t>(random, {2, 64});
  c.connect_timeout = any_of<duration>(random, {seconds(2), seconds(10)});
  c.backoff.cap = any_of<duration>(random, {seconds(5), seconds(20)});
  c.book.peers_max = any_of<std::size_t>(random, {64, 4096});
}

}  // namespace

node_settings settings_for(const scenario&) {
  node_settings out;
  // Peers are asked for by the scenario; a minute between two dials would only lengthen the run.
  out.sessions.backoff.cap = seconds(20);
  return out;
}

network_config network_for(const scenario& s) {
  network_config out;
  out.where = s.network.terrain == "lan" ? terrain::lan : terrain::world;
  out.loss_per_million = s.network.loss_per_million;
  out.jitter_per_million = s.network.jitter_per_million;
  return out;
}

node_settings randomised(const node_settings& base, rng& random) {
  // A draw that the cores refuse as a whole is drawn again.
  for (int attempt = 0; attempt < 32; ++attempt) {
    node_settings out = base;
    draw_gossip(out.gossip, random);
    draw_dht(out.dht, random);
    draw_sessions(out.sessions, random);
    if (out.gossip.validate() && out.dht.validate() && out.sessions.validate()) return out;
  }
  return base;
}

network_config randomised(const network_config& base, rng& random) {
  network_config out = base;
  auto& queue = out.bounds.queue;
  for (auto& c : queue.classes)
    c.bytes_max = any_of<std::size_t>(random, {c.bytes_max / 8, c.bytes_max});
  out.bounds.requests_per_session_max = any_of<std::size_t>(random, {16, 64});
  out.bounds.idle_timeout = any_of<duration>(random, {seconds(15), seconds(30)});
  out.window_initial_bytes = any_of<std::size_t>(random, {12'000, 48'000});
  out.receive_window_bytes = any_of<std::size_t>(random, {128 * 1024, 1 << 20});
  out.segment_bytes = any_of<std::size_t>(random, {4096, 16 * 1024});
  return out.validate() ? out : base;
}

}  // namespace weft::sim
