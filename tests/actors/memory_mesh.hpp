// SPDX-License-Identifier: MIT
#pragma once

#include "actors/crew.hpp"
#include "actors/session_actor.hpp"
#include "tests/actors/actor_fixture.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace weft::actors {

/// A message store in memory that commits when the test's scheduler gets to it. What was committed
/// outlives its actor.
class memory_store final : public store_seam {
 public:
  bool submit(messaging::store_batch& batch) override;
  /// Commits the oldest batch and tells the messaging actor; false when there is none.
  bool commit(io_links& links);
  result<messaging::stored_state> load(io_links& links);

  /// Refuses everything while set.
  bool full = false;
  std::size_t commits = 0;
  std::size_t outbound() const { return outbound_.size(); }
  std::size_t inbound() const { return inbound_.size(); }

 private:
  using key = std::pair<peer_id, messaging::message_id>;
  void execute(messaging::store_operation& op);

  std::deque<messaging::store_batch> queue_;
  std::map<messaging::message_id, messaging::stored_outbound> outbound_;
  std::map<std::uint64_t, messaging::stored_inbound> inbound_;
  std::set<key> seen_;
  std::vector<messaging::remember_channel> channels_;
  std::uint64_t next_row_ = 1;
};

class memory_mesh;

/// One node of the mesh: the real crew and supervisor over an in-memory port.
class mesh_node final : public transport::port {
 public:
  mesh_node(memory_mesh& mesh, std::uint8_t number);
  void post(transport::command_batch&& batch) override;

  void start(std::vector<multiaddr> bootstrap);
  multiaddr address() const;
  const peer_id& id() const { return team.self; }

  /// Sends a text and collects what becomes of it in `receipts` and `failures`.
  void send(const peer_id& to, std::string_view text, bool durable, duration timeout = {});
  /// What the inbox's follower was shown.
  std::vector<std::string> shown;
  std::vector<receipt> receipts;
  std::vector<error> failures;
  std::vector<std::string> fatal;
  std::size_t answers() const { return receipts.size() + failures.size(); }

  const std::uint8_t number;
  memory_mesh& mesh;
  crypto::ed25519_private_key identity;
  crew team;
  memory_store store;
  std::optional<supervisor_actor> supervisor;
  supervisor_config supervision;
  bool listening = false;
  std::size_t dials = 0;
};

/// Joins nodes by links that deliver in order, each at a moment the seed decides.
class memory_mesh {
 public:
  explicit memory_mesh(std::uint64_t seed);
  ~memory_mesh();

  mesh_node& add();
  /// `dial` numbers the dial of `a` that this answers.
  void connect(mesh_node& a, mesh_node& b, transport::request_id dial = 0);
  void cut(mesh_node& a, mesh_node& b);
  bool connected(const peer_id& a, const peer_id& b) const { return links_.contains({a, b}); }
  mesh_node* find(const peer_id& id);

  void control(mesh_node& from, const transport::control_command& command);
  void carry(mesh_node& from, transport::send_command&& command);

  virtual_system system;
  std::vector<std::unique_ptr<mesh_node>> nodes;
  /// Share of frames lost, in percent.
  std::uint64_t loss_percent = 0;
  std::size_t frames = 0;
  duration round_trip = std::chrono::milliseconds(1);

 private:
  struct item {
    /// An event, or a frame.
    std::optional<transport::event> event;
    transport::frame frame;
  };
  bool deliver_one();
  void tell_event(mesh_node& to, transport::event e);

  std::map<std::pair<peer_id, peer_id>, transport::session_id> links_;
  /// What the "reactor" of a node has to report, in order.
  std::map<peer_id, std::deque<item>> reactor_;
  transport::session_id next_session_ = 1;
};

}  // namespace weft::actors
