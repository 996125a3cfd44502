// SPDX-License-Identifier: MIT
#include "sim/invariants.hpp"

#include <algorithm>

namespace weft::sim {

namespace {

std::string above(node_index n, const char* what, std::size_t found, std::size_t allowed) {
  if (found <= allowed) return {};
  return "node " + std::to_string(n) + ": " + what + " are " + std::to_string(found) + ", at most "
         + std::to_string(allowed) + " are allowed";
}

std::string broken_gossip_bound(const sim_node& node, node_index n) {
  const auto& c = node.settings().gossip;
  const auto sizes = node.gossip().sizes();
  for (const auto& [what, found, allowed] :
       {std::tuple{"gossip peers", sizes.peers, c.peers_max},
        std::tuple{"topics", sizes.topics, c.topics_max},
        std::tuple{"subscriptions", sizes.subscriptions, c.subscriptions_max},
        std::tuple{"bytes of seen ids", sizes.seen_bytes, c.seen_bytes_max},
        std::tuple{"cached bytes", sizes.cached_bytes, c.cache_bytes_max},
        std::tuple{"wanted messages", sizes.wanted, c.wanted_max},
        std::tuple{"promises", sizes.promises, c.promises_max},
        std::tuple{"validations", sizes.validations, c.validations_max},
        std::tuple{"publications", sizes.publications, c.publications_max},
        std::tuple{"retained peers", sizes.retained, c.score.retained_max}})
    if (auto text = above(n, what, found, allowed); !text.empty()) return text;
  return {};
}

std::string broken_dht_bound(const sim_node& node, node_index n) {
  const auto& c = node.settings().dht;
  const auto status = node.dht().core().status();
  for (const auto& [what, found, allowed] :
       {std::tuple{"known peers", status.known_peers, c.peers_max},
        std::tuple{"records", status.records, c.records_max},
        std::tuple{"providers", status.providers, c.providers_max},
        std::tuple{"operations", status.operations, c.operations_max},
        std::tuple{"queries", status.queries, c.queries_max}})
    if (auto text = above(n, what, found, allowed); !text.empty()) return text;
  for (const auto& b : status.buckets) {
    if (auto text = above(n, "replacements of a bucket", b.replacements, c.replacements);
        !text.empty())
      return text;
    if (status.full_table) continue;
    if (auto text = above(n, "entries of a bucket", b.entries, c.bucket_entries); !text.empty())
      return text;
  }
  return {};
}

}  // namespace

std::string broken_bound(const population& nodes, node_index n) {
  if (!nodes.running(n)) return {};
  const sim_node& node = nodes[n];
  if (auto text = broken_gossip_bound(node, n); !text.empty()) return text;
  if (auto text = broken_dht_bound(node, n); !text.empty()) return text;
  const auto& sessions = node.sessions();
  if (auto text = above(n, "sessions", sessions.sessions().size(),
                        node.settings().sessions.peers_max + node.settings().sessions.dials_max);
      !text.empty())
    return text;
  return {};
}

std::vector<one_sided_link> one_sided_links(const population& nodes) {
  std::vector<one_sided_link> out;
  for (const node_index n : nodes.live())
    for (const auto& topic : nodes[n].gossip().topics())
      for (const auto& member : topic.mesh) {
        const node_index peer = nodes.net().find(member.peer);
        const auto theirs = nodes.running(peer) ? nodes[peer].gossip().topic(*topic.topic)
                                                : std::optional<gossip::topic_status>{};
        const peer_id& self = nodes.net().id_of(n);
        const bool mutual
            = theirs
              && std::any_of(theirs->mesh.begin(), theirs->mesh.end(),
                             [&](const gossip::mesh_member& m) { return m.peer == self; });
        if (!mutual) out.push_back({n, peer});
      }
  return out;
}

}  // namespace weft::sim
