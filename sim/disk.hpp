// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"
#include "dht/store_operations.hpp"

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weft::sim {

/// What a node keeps over a crash: records, providers and known peers of its DHT. Writes are
/// durable a commit later; a crash loses the ones before it.
class disk {
 public:
  /// Of a group commit of the real store.
  static constexpr duration commit_delay = std::chrono::milliseconds(5);

  void write(std::vector<dht::store_operation>&& operations, instant now);
  /// The machine lost power.
  void crash(instant now);
  void erase();
  dht::stored_state read() const;

 private:
  void commit(instant until);
  void apply(dht::store_operation&& o);

  std::deque<std::pair<instant, dht::store_operation>> pending_;
  /// By the bytes of their keys.
  std::map<std::string, dht::stored_record> records_;
  std::map<std::pair<std::string, peer_id>, dht::stored_provider> providers_;
  std::vector<dht::stored_peer> peers_;
};

}  // namespace weft::sim
