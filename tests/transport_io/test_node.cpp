// SPDX-License-Identifier: MIT
#include "tests/transport_io/test_node.hpp"

#include <thread>

namespace weft::transport::io::test {
namespace {

std::vector<protocol> test_protocols() {
  return {protocol{{"/test/frames/1"}, stream_kind::frames, 256 * 1024, 0},
          protocol{{"/test/exchange/1"}, stream_kind::exchange, 64 * 1024, 0},
          protocol{{"/test/bulk/2", "/test/bulk/1"}, stream_kind::frames, 1 << 20, 1},
          protocol{{"/test/push/1"}, stream_kind::push, (4u << 20) + 8, 1}};
}

}  // namespace

test_node::test_node(options o)
    : key(o.key ? std::move(*o.key) : crypto::ed25519_private_key::generate()) {
  reactor_options r{.host_key = key,
                    .protocols = test_protocols(),
                    .metrics = metrics,
                    .events = events,
                    .concerns = {&frames, &bulk}};
  if (o.change) o.change(r);
  auto made = reactor::create(std::move(r));
  if (!made) {
    dial_error = made.error();
    return;
  }
  net = std::move(*made);
  if (!net->start()) return;
  if (!o.listen) return;
  post(listen_command{*multiaddr::parse(o.address)});
  if (const auto e = events.wait<listening_event>()) address = e->address;
}

void test_node::post(control_command c) {
  command_batch batch;
  batch.controls.push_back(std::move(c));
  net->post(std::move(batch));
}

void test_node::send(const peer_id& to, protocol_index protocol, chunk_view body, priority klass,
                     std::uint64_t tag) {
  command_batch batch;
  batch.sends.push_back({to, protocol, klass, std::move(body), tag});
  net->post(std::move(batch));
}

std::optional<session_up_event> test_node::dial(const multiaddr& where,
                                                std::optional<peer_id> expected) {
  const request_id id = next_++;
  post(dial_command{id, std::move(expected), {where}});
  std::optional<session_up_event> up;
  eventually([&] {
    using namespace std::chrono_literals;
    up = events.wait<session_up_event>([&](const auto& e) { return e.dial == id; }, 5ms);
    if (up) return true;
    const auto failed
        = events.wait<dial_failed_event>([&](const auto& e) { return e.id == id; }, 0ms);
    if (failed) dial_error = failed->why;
    return failed.has_value();
  });
  return up;
}

result<duration> test_node::ping(const peer_id& peer) {
  const request_id id = next_++;
  post(ping_command{id, peer, std::chrono::seconds(10)});
  const auto e = events.wait<ping_event>([&](const auto& p) { return p.id == id; });
  if (!e) return fail(ec::timeout, "no event");
  return e->round_trip;
}

result<perf_event::halves> test_node::perf(const peer_id& peer, std::uint64_t up,
                                           std::uint64_t down) {
  const request_id id = next_++;
  post(perf_command{id, peer, up, down});
  const auto e = events.wait<perf_event>([&](const auto& p) { return p.id == id; },
                                         std::chrono::seconds(60));
  if (!e) return fail(ec::timeout, "no event");
  return e->times;
}

inspect_event test_node::inspect() {
  const request_id id = next_++;
  post(inspect_command{id});
  return events.wait<inspect_event>([&](const auto& e) { return e.id == id; })
      .value_or(inspect_event{});
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace weft::transport::io::test
