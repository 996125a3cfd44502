// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

/// Field numbers, kept by hand beside their sources.
namespace weft::gossip::fields {

// https://github.com/libp2p/specs/blob/master/pubsub/README.md#the-rpc
enum rpc : std::uint32_t { subscriptions = 1, publish = 2, control = 3, weft = 30566 };
enum subscription : std::uint32_t { subscribe = 1, subscription_topic = 2 };
enum message : std::uint32_t {
  author = 1,
  data = 2,
  sequence = 3,
  topic = 4,
  signature = 5,
  key = 6
};

// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.2.md
enum control_message : std::uint32_t { ihave = 1, iwant = 2, graft = 3, prune = 4, idontwant = 5 };
enum ihave_message : std::uint32_t { ihave_topic = 1, ihave_ids = 2 };
enum id_list : std::uint32_t { ids = 1 };
enum graft_message : std::uint32_t { graft_topic = 1 };

// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md
enum prune_message : std::uint32_t { prune_topic = 1, prune_peers = 2, prune_backoff = 3 };
enum peer_info : std::uint32_t { info_peer = 1, info_record = 2 };

// docs/protocol-gossip.md
enum weft_message : std::uint32_t { announce = 1, pull = 2, choke = 3, unchoke = 4, beacon = 5 };
enum announce_message : std::uint32_t { announce_topic = 1, announce_items = 2 };
enum announce_item : std::uint32_t { item_id = 1, item_length = 2, item_tag = 3, item_pushing = 4 };
enum beacon_message : std::uint32_t { beacon_topic = 1, beacon_root = 2, beacon_sequence = 3 };
enum pull_message : std::uint32_t { pull_announced = 1, pull_tag = 2 };

}  // namespace weft::gossip::fields
