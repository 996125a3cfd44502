// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "node/config.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

/// Real node processes on loopback, for `weft mesh` and `weft bench`.
namespace weft::node {

/// Ends with its owner: the child gets SIGTERM when this process dies, and its own process group
/// keeps Ctrl-C away from it.
class child_process {
 public:
  /// Runs this program with `arguments`; standard output and error go to the end of `log_path`.
  static result<child_process> start(const std::vector<std::string>& arguments,
                                     const std::string& log_path);
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  /// Kills and reaps.
  ~child_process();

  pid_t pid() const noexcept { return pid_; }
  /// Reaps when it has ended.
  bool running();
  void signal(int number) const;
  /// False when it still runs after `longest`.
  bool wait_end(duration longest);
  /// Exit code, or 128 + signal; meaningful once `running` is false.
  int exit_status() const noexcept { return status_; }

 private:
  explicit child_process(pid_t pid) noexcept : pid_(pid) {}
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// One node of a cluster.
struct cluster_node {
  std::string directory;
  config settings;
  peer_id id;
  /// With /p2p/ID; known once the node is ready.
  std::string address;
  child_process process;
};

/// Undirected links between nodes by index, the first one dials.
using links = std::vector<std::pair<std::size_t, std::size_t>>;
/// "line", "ring", "star" (all to the first), "random" (connected, `degree` links a node in the
/// mean) or "full". ec::bad_argument.
result<links> make_links(std::string_view topology, std::size_t nodes, std::uint64_t seed,
                         std::size_t degree = 3);

class cluster {
 public:
  static constexpr duration ready_patience = std::chrono::seconds(30);

  /// A temporary folder that is removed at the end unless `keep` names another one.
  explicit cluster(std::string keep = {}) : root_(std::move(keep)), temporary_(root_.empty()) {}
  ~cluster() { stop(); }
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  /// Makes directories, identities and configurations, starts every node at once and waits until
  /// all are ready. The error holds the end of the log of a node that did not come up.
  result<void> start(std::size_t nodes, const config_overrides& overrides = {});
  /// Gives each node its bootstrap peers, in its configuration file too, and waits until every link
  /// is a session.
  result<void> connect(const links& wanted);
  /// Waits until `from` has a route or a session to `to`.
  result<void> wait_route(std::size_t from, std::size_t to, duration longest) const;
  /// SIGTERM to all, up to ten seconds, then SIGKILL. Removes a temporary folder. Idempotent.
  void stop();

  std::vector<cluster_node>& nodes() noexcept { return nodes_; }
  const cluster_node& operator[](std::size_t i) const { return nodes_[i]; }
  std::size_t size() const noexcept { return nodes_.size(); }
  const std::string& root() const noexcept { return root_; }

 private:
  result<void> make_root();
  result<void> start_one(std::size_t index, const config_overrides& overrides);
  result<void> wait_ready(cluster_node& node);
  error died(const cluster_node& node) const;

  std::string root_;
  bool temporary_;
  std::vector<cluster_node> nodes_;
};

/// True once SIGINT or SIGTERM arrived after `watch_interrupts`; sleeping calls return early then.
void watch_interrupts();
bool interrupted() noexcept;
/// Sleeps, but not beyond an interrupt.
void sleep_unless_interrupted(duration longest);

}  // namespace weft::node
