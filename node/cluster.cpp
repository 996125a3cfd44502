// SPDX-License-Identifier: MIT
#include "node/cluster.hpp"

#include "base/rng.hpp"
#include "node/client.hpp"
#include "node/daemon.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace weft::node {

namespace {

using clock = std::chrono::steady_clock;
constexpr duration poll_interval = std::chrono::milliseconds(5);
constexpr duration stop_patience = std::chrono::seconds(10);

std::string config_path(const cluster_node& node) {
  return path_in(node.directory, std::string(config_file_name));
}

std::string log_tail(const std::string& directory) {
  constexpr std::size_t shown = 2000;
  const auto log = read_file(directory + "/log", 16 * 1024 * 1024);
  if (!log || log->empty()) return " (its log is empty)";
  return "; its log ends with:\n" + log->substr(log->size() > shown ? log->size() - shown : 0);
}

std::set<std::string> session_peers(const std::string& directory) {
  std::set<std::string> peers;
  if (const auto j = node_client(directory).get("/v1/peers"))
    for (const auto& s : (*j)["sessions"]) peers.insert(s.value("peer", ""));
  return peers;
}

}  // namespace

result<links> make_links(std::string_view topology, std::size_t nodes, std::uint64_t seed,
                         std::size_t degree) {
  links made;
  if (topology == "line" || topology == "ring") {
    for (std::size_t i = 1; i < nodes; ++i) made.emplace_back(i, i - 1);
    if (topology == "ring" && nodes > 2) made.emplace_back(0, nodes - 1);
    return made;
  }
  if (topology == "star") {
    for (std::size_t i = 1; i < nodes; ++i) made.emplace_back(i, 0);
    return made;
  }
  if (topology == "full") {
    for (std::size_t i = 1; i < nodes; ++i)
      for (std::size_t j = 0; j < i; ++j) made.emplace_back(i, j);
    return made;
  }
  if (topology != "random")
    return fail(ec::bad_argument, "no topology '" + std::string(topology)
                                      + "'; there are line, ring, star, random and full");
  rng random(seed);
  std::set<std::pair<std::size_t, std::size_t>> chosen;
  // A random tree keeps the mesh in one piece; further links bring the mean degree up.
  for (std::size_t i = 1; i < nodes; ++i) chosen.emplace(i, random.below(i));
  const auto wanted = std::min(nodes * degree / 2, nodes * (nodes - 1) / 2);
  while (chosen.size() < wanted) {
    const auto a = random.below(nodes);
    const auto b = random.below(nodes);
    if (a != b) chosen.emplace(std::max(a, b), std::min(a, b));
  }
  made.assign(chosen.begin(), chosen.end());
  return made;
}

result<void> cluster::make_root() {
  if (!temporary_) {
    root_ = absolute_path(root_);
    return make_private_directory(root_);
  }
  const char* folder = std::getenv("TMPDIR");
  root_ = std::string(folder && *folder ? folder : "/tmp") + "/weft-XXXXXX";
  if (!::mkdtemp(root_.data())) {
    const auto e = system_error("cannot make a directory like", root_, errno);
    root_.clear();
    return fail(e);
  }
  return {};
}

result<void> cluster::start_one(std::size_t index, const config_overrides& overrides) {
  const auto directory = root_ + "/" + std::to_string(index + 1);
  WEFT_TRY(auto settings, profile_config("test"));
  settings.node.name = std::to_string(index + 1);
  if (const auto problems = apply_overrides(overrides, "command line", settings); !problems.empty())
    return fail(ec::bad_config, to_string(problems.front()));
  WEFT_TRY_VOID(make_private_directory(directory));
  const auto key_path = path_in(directory, settings.identity.key_file);
  peer_id id;
  if (file_exists(key_path)) {
    WEFT_TRY(const auto info, read_identity_info(key_path));
    id = info.id;
  } else {
    const auto key = crypto::ed25519_private_key::generate();
    WEFT_TRY_VOID(write_identity(key_path, key, {}, false));
    id = key.id();
  }
  WEFT_TRY_VOID(write_file_atomically(path_in(directory, std::string(config_file_name)),
                                      format_config(settings, false), 0600));
  WEFT_TRY(auto process, child_process::start({"run", "--dir", directory}, directory + "/log"));
  nodes_.push_back({directory, std::move(settings), id, {}, std::move(process)});
  return {};
}

error cluster::died(const cluster_node& node) const {
  return {ec::io, "node " + node.settings.node.name + " ended with exit code "
                      + std::to_string(node.process.exit_status()) + log_tail(node.directory)};
}

result<void> cluster::wait_ready(cluster_node& node) {
  node_client client(node.directory);
  const auto end = clock::now() + ready_patience;
  for (;;) {
    const auto j = client.get("/v1/status");
    if (j && j->value("ready", false) && !(*j)["listening"].empty()) {
      auto address = multiaddr::parse((*j)["listening"][0].get<std::string>());
      if (!address) return fail(std::move(address.error()));
      node.settings.network.listen = {address->without_peer().to_string()};
      node.address = address->with_peer(node.id).to_string();
      return {};
    }
    if (!node.process.running()) return fail(died(node));
    if (interrupted()) return fail(ec::cancelled, "interrupted");
    if (clock::now() >= end)
      return fail(ec::timeout, "node " + node.settings.node.name + " is not ready after "
                                   + std::to_string(ready_patience / std::chrono::seconds(1)) + " s"
                                   + log_tail(node.directory));
    sleep_unless_interrupted(poll_interval);
  }
}

result<void> cluster::start(std::size_t nodes, const config_overrides& overrides) {
  WEFT_TRY_VOID(make_root());
  nodes_.reserve(nodes);
  for (std::size_t i = 0; i < nodes; ++i) WEFT_TRY_VOID(start_one(i, overrides));
  for (auto& node : nodes_) WEFT_TRY_VOID(wait_ready(node));
  return {};
}

result<void> cluster::connect(const links& wanted) {
  for (const auto& [from, to] : wanted)
    nodes_[from].settings.network.bootstrap.push_back(nodes_[to].address);
  for (auto& node : nodes_) {
    // The port it got is written down as well, so that a restarted node is found where it was.
    WEFT_TRY_VOID(
        write_file_atomically(config_path(node), format_config(node.settings, false), 0600));
    const auto done = node_client(node.directory).post("/v1/reload");
    if (!done) return fail(done.error());
  }
  const auto end = clock::now() + ready_patience;
  for (const auto& [from, to] : wanted) {
    while (!session_peers(nodes_[from].directory).contains(nodes_[to].id.to_string())) {
      if (!nodes_[from].process.running()) return fail(died(nodes_[from]));
      if (!nodes_[to].process.running()) return fail(died(nodes_[to]));
      if (interrupted()) return fail(ec::cancelled, "interrupted");
      if (clock::now() >= end)
        return fail(ec::timeout, "nodes " + nodes_[from].settings.node.name + " and "
                                     + nodes_[to].settings.node.name + " have no session"
                                     + log_tail(nodes_[from].directory));
      sleep_unless_interrupted(poll_interval);
    }
  }
  return {};
}

result<void> cluster::wait_route(std::size_t from, std::size_t to, duration longest) const {
  const auto end = clock::now() + longest;
  const auto peer = nodes_[to].id.to_string();
  for (;;) {
    const auto j = node_client(nodes_[from].directory).get("/v1/routes?peer=" + peer);
    if (j && !(*j)["routes"].empty()) return {};
    if (session_peers(nodes_[from].directory).contains(peer)) return {};
    if (interrupted()) return fail(ec::cancelled, "interrupted");
    if (clock::now() >= end)
      return fail(ec::timeout, "node " + nodes_[from].settings.node.name
                                   + " found no route to node " + nodes_[to].settings.node.name
                                   + log_tail(nodes_[from].directory));
    sleep_unless_interrupted(poll_interval);
  }
}

void cluster::stop() {
  for (const auto& node : nodes_) node.process.signal(SIGTERM);
  const auto end = clock::now() + stop_patience;
  for (auto& node : nodes_)
    if (!node.process.wait_end(std::max<duration>(end - clock::now(), duration::zero()))) {
      node.process.signal(SIGKILL);
      node.process.wait_end(stop_patience);
    }
  nodes_.clear();
  if (temporary_ && !root_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
    root_.clear();
  }
}

}  // namespace weft::node
