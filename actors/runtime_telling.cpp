// SPDX-License-Identifier: MIT
#include "actors/runtime.hpp"
#include "actors/runtime_impl.hpp"
#include "base/cid.hpp"
#include "base/multihash.hpp"

#include <utility>

/// Broadcasts and the DHT, as the outside sees them.
namespace weft::actors {

namespace {

/// A CID's multihash; of any other text, the SHA-256 multihash.
byte_buffer content_key(std::string_view text) {
  if (auto id = cid::parse(text)) return std::move(id->multihash);
  byte_buffer out;
  write_multihash(out, multicodec::sha2_256, crypto::sha256(as_bytes(text)));
  return out;
}

}  // namespace

// -- broadcast ---

void runtime::publish(std::string topic, byte_buffer body, callback<publish_outcome> done) {
  impl_->ask(impl_->team.links.gossip.handle(),
             publish_question{std::move(topic), chunk_view::copy(body),
                              reply<publish_outcome>(std::move(done))});
}

result<subscription> runtime::follow_topic(std::string topic,
                                           std::function<void(const topic_message&)> on_message) {
  if (topic.empty() || topic.size() > impl_->options.gossip.topic_bytes_max)
    return fail(
        ec::bad_argument,
        "a topic has 1 to " + std::to_string(impl_->options.gossip.topic_bytes_max) + " bytes");
  WEFT_TRY(const auto made, impl_->team.topics.follow(std::move(topic), std::move(on_message)));
  if (const auto gossip = impl_->team.links.gossip.handle()) tell(*gossip, atom::changed_v);
  return made;
}

void runtime::unfollow_topic(subscription which) {
  if (!impl_->team.topics.unfollow(which)) return;
  if (const auto gossip = impl_->team.links.gossip.handle()) tell(*gossip, atom::changed_v);
}

void runtime::topics(callback<std::vector<topic_view>> done) {
  impl_->ask(impl_->team.links.gossip.handle(),
             topics_question{reply<std::vector<topic_view>>(std::move(done))});
}

// -- the DHT ---

std::string runtime::dht_key(std::string_view name) const {
  return "/weft/" + self().to_string() + "/" + std::string(name);
}

void runtime::dht_put(std::string name, byte_buffer value, callback<stored_value> done) {
  impl_->ask(
      impl_->team.links.dht.handle(),
      put_value_question{std::move(name), std::move(value), reply<stored_value>(std::move(done))});
}

void runtime::dht_get(std::string key, callback<found_value> done) {
  impl_->ask(impl_->team.links.dht.handle(),
             get_value_question{std::move(key), reply<found_value>(std::move(done))});
}

void runtime::dht_provide(std::string key, callback<stored_value> done) {
  impl_->ask(impl_->team.links.dht.handle(),
             provide_question{content_key(key), reply<stored_value>(std::move(done))});
}

void runtime::dht_find_providers(std::string key, std::size_t count, callback<found_peers> done) {
  impl_->ask(impl_->team.links.dht.handle(),
             find_providers_question{content_key(key), count, reply<found_peers>(std::move(done))});
}

void runtime::dht_find_peer(peer_id peer, callback<found_peers> done) {
  impl_->ask(impl_->team.links.dht.handle(),
             find_peer_question{peer, reply<found_peers>(std::move(done))});
}

void runtime::dht_state(callback<dht::dht_status> done) {
  impl_->ask(impl_->team.links.dht.handle(),
             dht_status_question{reply<dht::dht_status>(std::move(done))});
}

}  // namespace weft::actors
