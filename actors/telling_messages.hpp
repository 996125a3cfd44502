// SPDX-License-Identifier: MIT
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/reply.hpp"
#include "actors/telling_types.hpp"
#include "dht/dht_types.hpp"
#include "hosts/bench_wire.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstddef>
#include <string>
#include <vector>

/// Questions about broadcasts and the DHT, from the outside to the gossip and DHT actors.
namespace weft::actors {

// -- questions to the gossip actor ---

/// Answered once the fate of the message at every peer is known.
struct publish_question {
  std::string topic;
  chunk_view body;
  reply<publish_outcome> answer;
};
struct topics_question {
  reply<std::vector<topic_view>> answer;
};

// -- questions to the DHT actor ---

/// A record of this node: the actor signs it under its name.
struct put_value_question {
  std::string name;
  byte_buffer value;
  reply<stored_value> answer;
};
struct get_value_question {
  std::string key;
  reply<found_value> answer;
};
/// The peers closest to a key, asked of the network.
struct closest_question {
  byte_buffer key;
  reply<found_peers> answer;
};
struct provide_question {
  byte_buffer key;
  reply<stored_value> answer;
};
struct find_providers_question {
  byte_buffer key;
  std::size_t count = 0;
  reply<found_peers> answer;
};
struct find_peer_question {
  peer_id peer;
  reply<found_peers> answer;
};
struct dht_status_question {
  reply<dht::dht_status> answer;
};

// -- benches ---

/// A private message between benches.
struct received_letter {
  peer_id from;
  hosts::bench_letter letter;
  wall_time arrived{};
};
struct bench_mail {
  std::vector<received_letter> letters;
};

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::publish_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::topics_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::put_value_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::get_value_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::closest_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::provide_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::find_providers_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::find_peer_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::dht_status_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::received_letter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::bench_mail)
