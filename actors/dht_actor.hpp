// SPDX-License-Identifier: MIT
#pragma once

#include "actors/deadline_timer.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_links.hpp"
#include "hosts/dht_host.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <variant>
#include <vector>

namespace weft::actors {

/// Everything a DHT actor is made of. Pointers outlive it.
struct dht_parts {
  const crypto::ed25519_private_key* identity = nullptr;
  hosts::dht_host_config config;
  /// Open sessions for queries; else only connected peers are asked.
  bool dial = true;
  std::shared_ptr<const dht::validator_set> validators;
  rng random{0};
  /// What the store kept from before.
  dht::stored_state stored;
  /// Takes what is to be written, in order.
  std::function<void(std::vector<dht::store_operation>&&)> store;
  transport::port* port = nullptr;
  dht::dht_metrics* metrics = nullptr;
  /// The session actor dials for the DHT and is told of peers found.
  io_links* links = nullptr;
  std::function<wall_time()> wall;
};

/// Class of `dht_actor`.
class dht_actor_impl final : private hosts::dht_listener {
 public:
  static constexpr const char* runtime_name = "weft.dht";
  /// A record of this node is signed for this long; it is published again before it ends.
  static constexpr duration record_lifetime = std::chrono::hours(24 * 7);

  dht_actor_impl(dht_actor::pointer self, dht_parts parts);
  dht_actor::behavior_type make_behavior();

 private:
  using asker = std::variant<reply<stored_value>, reply<found_value>, reply<found_peers>>;

  void on_events(const event_batch& batch);
  void on_connected(const answered<connection>& a);
  void on_tick();
  void on_put(const put_value_question& q);
  void on_get(const get_value_question& q);
  void on_closest(const closest_question& q);
  void on_provide(const provide_question& q);
  void on_find_providers(const find_providers_question& q);
  void on_find_peer(const find_peer_question& q);
  void on_flush(const reply<void>& answer);
  /// What the text of a key means: /weft/PEER/NAME, an own record's bare name, or any other key.
  result<byte_buffer> key_of(const std::string& text) const;

  void on_dht_connect(const dht::peer_info& wish) override;
  void on_dht_needs(const peer_id& peer, bool needed) override;
  void on_dht_finished(dht::ended_operation&& what) override;
  void on_dht_store(std::vector<dht::store_operation>&& operations) override;
  void on_dht_discovered(const dht::peer_info& peer) override;

  /// A number for an operation whose end `who` hears of.
  dht::ticket add(asker who);
  void finish();
  instant now() const { return now_of(self_); }

  dht_actor::pointer self_;
  dht_parts parts_;
  hosts::dht_host host_;
  deadline_timer<dht_actor::base> timer_;
  std::map<dht::ticket, asker> askers_;
  std::map<std::uint64_t, peer_id> connects_;
  std::uint64_t next_ = 1;
  /// Keys of the records asked for, to open them when they come.
  std::map<dht::ticket, byte_buffer> keys_;
};

}  // namespace weft::actors
