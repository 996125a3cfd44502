// SPDX-License-Identifier: MIT
#include "node/admin_telling.hpp"

#include "node/admin_json.hpp"
#include "node/admin_streams.hpp"
#include "node/answer.hpp"

namespace weft::node {

namespace {

/// A slow reader of a topic loses the oldest messages beyond this and is told how many.
constexpr std::size_t topic_lines_max = 16 * 1024;
constexpr duration heartbeat = std::chrono::seconds(1);
constexpr std::size_t text_bytes_max = 1024;

result<std::string> text_of(const http_request& request, std::string_view name) {
  std::string text(request.get(name));
  if (text.empty() || text.size() > text_bytes_max)
    return fail(ec::bad_argument, "'" + std::string(name) + "' is missing or longer than "
                                      + std::to_string(text_bytes_max) + " bytes");
  return text;
}

void follow_topic(node_context& node, const std::string& topic, http_writer& out) {
  const auto lines = std::make_shared<line_queue>(topic_lines_max);
  const auto subscription
      = node.runtime.follow_topic(topic, [lines](const actors::topic_message& m) {
          lines->push(line_of({{"message", view(m)}}));
        });
  if (!subscription) {
    out.write(line_of(error_view(subscription.error())));
    return;
  }
  bool open = out.write(line_of({{"subscribed", topic}}));
  std::uint64_t told = 0;
  while (open) {
    const auto line = lines->pop(heartbeat);
    open = out.write(line ? *line : "\n");
    if (const auto lost = lines->dropped(); open && lost > told) {
      open = out.write(line_of({{"lost", lost - told}}));
      told = lost;
    }
  }
  node.runtime.unfollow_topic(*subscription);
}

/// Asks the runtime and shows what it answers.
template <class T, class Ask>
http_response asked(Ask ask) {
  answer<T> pending;
  ask(pending.callback());
  const auto value = pending.wait();
  return value ? json_answer(view(*value)) : error_answer(value.error());
}

}  // namespace

http_response post_publish(node_context& node, const http_request& request) {
  const auto topic = text_of(request, "topic");
  if (!topic) return error_answer(topic.error());
  return asked<actors::publish_outcome>([&](auto done) {
    node.runtime.publish(*topic, to_buffer(as_bytes(request.body)), std::move(done));
  });
}

http_response stream_subscribe(node_context& node, const http_request& request) {
  const auto topic = text_of(request, "topic");
  if (!topic) return error_answer(topic.error());
  http_response response;
  response.content_type = "application/x-ndjson";
  response.stream = [&node, topic = *topic](http_writer& out) { follow_topic(node, topic, out); };
  return response;
}

http_response get_topics(node_context& node, const http_request&) {
  answer<std::vector<actors::topic_view>> pending;
  node.runtime.topics(pending.callback());
  const auto list = pending.wait();
  if (!list) return error_answer(list.error());
  json topics = json::array();
  for (const auto& t : *list) topics.push_back(view(t));
  return json_answer({{"topics", std::move(topics)}});
}

http_response post_dht_put(node_context& node, const http_request& request) {
  const auto name = text_of(request, "name");
  if (!name) return error_answer(name.error());
  answer<actors::stored_value> pending;
  node.runtime.dht_put(*name, to_buffer(as_bytes(request.body)), pending.callback());
  const auto stored = pending.wait();
  if (!stored) return error_answer(stored.error());
  json j{{"key", node.runtime.dht_key(*name)}};
  j.update(view(*stored));
  return json_answer(j);
}

http_response get_dht_value(node_context& node, const http_request& request) {
  const auto key = text_of(request, "key");
  if (!key) return error_answer(key.error());
  return asked<actors::found_value>(
      [&](auto done) { node.runtime.dht_get(*key, std::move(done)); });
}

http_response post_dht_provide(node_context& node, const http_request& request) {
  const auto key = text_of(request, "key");
  if (!key) return error_answer(key.error());
  return asked<actors::stored_value>(
      [&](auto done) { node.runtime.dht_provide(*key, std::move(done)); });
}

http_response get_dht_providers(node_context& node, const http_request& request) {
  const auto key = text_of(request, "key");
  if (!key) return error_answer(key.error());
  std::size_t count = 20;
  if (request.has("count")) {
    const auto wanted = number_of(request, "count", 1, 1000);
    if (!wanted) return error_answer(wanted.error());
    count = static_cast<std::size_t>(*wanted);
  }
  return asked<actors::found_peers>(
      [&](auto done) { node.runtime.dht_find_providers(*key, count, std::move(done)); });
}

http_response get_dht_peer(node_context& node, const http_request& request) {
  const auto peer = parse_peer(request.get("id"));
  if (!peer) return error_answer(peer.error());
  return asked<actors::found_peers>(
      [&](auto done) { node.runtime.dht_find_peer(*peer, std::move(done)); });
}

http_response get_dht_status(node_context& node, const http_request&) {
  return asked<dht::dht_status>([&](auto done) { node.runtime.dht_state(std::move(done)); });
}

}  // namespace weft::node
