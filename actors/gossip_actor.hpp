// SPDX-License-Identifier: MIT
#pragma once

#include "actors/deadline_timer.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_links.hpp"
#include "actors/topic_hub.hpp"
#include "hosts/gossip_host.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace weft::actors {

/// Everything a gossip actor is made of. Pointers outlive it.
struct gossip_parts {
  peer_id self;
  const gossip::gossip_crypto* crypto = nullptr;
  hosts::gossip_host_config config;
  rng random{0};
  transport::port* port = nullptr;
  gossip::gossip_metrics* metrics = nullptr;
  topic_hub* topics = nullptr;
  /// The session actor is told of peers that others recommend.
  io_links* links = nullptr;
  std::function<wall_time()> wall;
};

/// Class of `gossip_actor`.
class gossip_actor_impl final : private hosts::gossip_listener {
 public:
  static constexpr const char* runtime_name = "weft.gossip";

  gossip_actor_impl(gossip_actor::pointer self, gossip_parts parts);
  gossip_actor::behavior_type make_behavior();

 private:
  /// A job's message.
  struct job_item {
    std::uint32_t job = 0;
    std::uint64_t ticket = 0;
  };
  /// A job with broadcasts under way.
  struct job_entry {
    job_actor owner;
    std::size_t open = 0;
    published_batch ready;
  };
  using asker = std::variant<reply<publish_outcome>, job_item>;

  void on_frames(const transport::frame_batch& batch);
  void on_events(const event_batch& batch);
  void on_costs(const cost_batch& batch);
  void on_tick();
  void on_publish(const publish_question& q);
  void on_publish_batch(const publish_batch& batch);
  void on_topics(const topics_question& q);
  /// Makes the subscriptions what the hub wants.
  void follow_topics();
  void publish(const std::string& topic, const chunk_view& body, asker who);
  void answer(const asker& who, result<publish_outcome> outcome);
  std::uint32_t job_number(const job_actor& owner);

  void on_gossip_deliveries(std::vector<gossip::delivery>&& messages) override;
  void on_gossip_outcomes(std::vector<gossip::published>&& outcomes) override;
  void on_gossip_validations(std::vector<gossip::validation>&& messages) override;
  void on_gossip_connect(std::vector<gossip::connect_wish>&& wishes) override;
  void on_gossip_meshes(std::vector<gossip::mesh_change>&& changes) override;

  void finish();
  instant now() const { return now_of(self_); }

  gossip_actor::pointer self_;
  gossip_parts parts_;
  hosts::gossip_host host_;
  deadline_timer<gossip_actor::base> timer_;
  std::set<std::string, std::less<>> followed_;
  std::map<std::uint64_t, asker> askers_;
  std::map<std::uint32_t, job_entry> jobs_;
  std::uint64_t next_ticket_ = 1;
  std::uint32_t next_job_ = 1;
};

}  // namespace weft::actors
