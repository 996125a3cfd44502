// SPDX-License-Identifier: MIT
// Weft's transport alone, for the interop suite: what the node's command line does not offer
// against a foreign peer. One JSON object per line, in the form of peer.mjs.
//
//   interop_probe listen                         serve identify, ping, perf and /weft/echo/1.0.0
//   until SIGTERM interop_probe dial ADDR STEP…                run the steps in order, exit 1 at
//   the first failure
//     identify   ping:N   echo:N   up:BYTES   down:BYTES   handshake:N
//   echo opens one stream per request, one after another.
#include "metrics/counter.hpp"
#include "transport/io/clock.hpp"
#include "transport/io/reactor.hpp"
#include "transport/transport_metrics.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <signal.h>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace weft;
using transport::io::now;

constexpr auto patience = std::chrono::seconds(240);
constexpr transport::protocol_index echo_protocol = 0;

/// Events of the reactor, waited for by the main thread.
class event_queue final : public transport::event_listener {
 public:
  void on_events(std::vector<transport::event>&& events) override {
    const std::lock_guard guard(mutex_);
    for (auto& e : events) events_.push_back(std::move(e));
    arrived_.notify_one();
  }
  std::optional<transport::event> next(duration limit) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, limit, [this] { return !events_.empty(); })) return {};
    auto e = std::move(events_.front());
    events_.pop_front();
    return e;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<transport::event> events_;
};

struct probe {
  crypto::ed25519_private_key key = crypto::ed25519_private_key::generate();
  transport::transport_metrics metrics;
  event_queue events;
  std::unique_ptr<transport::io::reactor> reactor;
  transport::request_id request = 0;
  peer_id peer;
  std::optional<transport::identify> identified;

  result<void> start() {
    transport::protocol echo{{"/weft/echo/1.0.0"}, transport::stream_kind::exchange, 64 * 1024, 0};
    WEFT_TRY(reactor, transport::io::reactor::create({.host_key = key,
                                                      .protocols = {echo},
                                                      .metrics = metrics,
                                                      .events = events,
                                                      .concerns = {}}));
    return reactor->start();
  }
  void post(transport::control_command command) {
    transport::command_batch batch;
    batch.controls.push_back(std::move(command));
    reactor->post(std::move(batch));
  }

  /// Waits for the event of type E that `wanted` accepts; identify answers on the way are kept.
  template <class E, class Wanted>
  result<E> await(Wanted wanted) {
    const auto deadline = now() + patience;
    while (true) {
      auto e = events.next(deadline - now());
      if (!e) return fail(ec::timeout);
      if (auto* found = std::get_if<transport::identified_event>(&*e); found && found->peer == peer)
        identified = found->info;
      if (auto* failed = std::get_if<transport::dial_failed_event>(&*e)) return fail(failed->why);
      if (auto* found = std::get_if<E>(&*e); found && wanted(*found)) return std::move(*found);
    }
  }

  result<transport::session_up_event> dial(const multiaddr& address) {
    const auto id = ++request;
    post(transport::dial_command{id, address.peer(), {address}});
    return await<transport::session_up_event>([id](const auto& e) { return e.dial == id; });
  }
};

struct samples {
  std::vector<double> ms;
  std::string to_json() {
    if (ms.empty()) return "\"samples\":0";
    std::sort(ms.begin(), ms.end());
    const auto at = [this](double share) {
      return ms[std::min(ms.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(ms.size())))];
    };
    return "\"samples\":" + std::to_string(ms.size()) + ",\"p50_ms\":" + std::to_string(at(0.5))
           + ",\"p99_ms\":" + std::to_string(at(0.99)) + ",\"max_ms\":" + std::to_string(ms.back());
  }
};

template <class Action>
result<std::string> repeat(std::uint64_t count, Action action) {
  samples s;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto start = now();
    WEFT_TRY_VOID(action());
    s.ms.push_back(to_seconds(now() - start) * 1000);
  }
  return s.to_json();
}

result<std::string> run_identify(probe& p) {
  while (!p.identified) {
    WEFT_TRY_VOID(p.await<transport::identified_event>([&p](const auto& e) {
                     return e.peer == p.peer;
                   }).map([](const auto&) {}));
  }
  std::string protocols;
  for (const auto& name : p.identified->protocols)
    protocols += (protocols.empty() ? "\"" : ",\"") + name + "\"";
  const auto observed = p.identified->observed_address ? p.identified->observed_address->to_string()
                                                       : std::string{};
  return "\"agent\":\"" + p.identified->agent_version + "\",\"observed\":\"" + observed
         + "\",\"protocols\":[" + protocols + "]";
}

result<std::string> run_ping(probe& p, std::uint64_t rounds) {
  samples s;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    const auto id = ++p.request;
    p.post(transport::ping_command{id, p.peer, std::chrono::seconds(5)});
    WEFT_TRY(auto answer,
             p.await<transport::ping_event>([id](const auto& e) { return e.id == id; }));
    WEFT_TRY(auto time, answer.round_trip);
    s.ms.push_back(to_seconds(time) * 1000);
  }
  return s.to_json();
}

result<void> run_echo(probe& p) {
  byte_buffer sent(32);
  crypto::random_bytes(sent);
  const auto id = ++p.request;
  p.post(transport::request_command{id, p.peer, echo_protocol, chunk_view::copy(sent),
                                    std::chrono::seconds(5)});
  WEFT_TRY(auto answer,
           p.await<transport::response_event>([id](const auto& e) { return e.id == id; }));
  WEFT_TRY(auto body, answer.body);
  if (!std::ranges::equal(body.bytes(), sent))
    return fail(ec::protocol_violation, "echo: other bytes came back");
  return {};
}

result<std::string> run_perf(probe& p, std::uint64_t up, std::uint64_t down) {
  const auto id = ++p.request;
  const auto start = now();
  p.post(transport::perf_command{id, p.peer, up, down});
  WEFT_TRY(auto answer, p.await<transport::perf_event>([id](const auto& e) { return e.id == id; }));
  WEFT_TRY_VOID(answer.times.map([](const auto&) {}));
  const auto seconds = to_seconds(now() - start);
  return "\"seconds\":" + std::to_string(seconds)
         + ",\"gbit_per_s\":" + std::to_string(static_cast<double>(up + down) * 8 / seconds / 1e9);
}

result<std::string> run_handshakes(probe& p, const multiaddr& address, std::uint64_t count) {
  samples s;
  for (std::uint64_t i = 0; i < count; ++i) {
    p.post(transport::disconnect_command{p.peer, "bench"});
    WEFT_TRY_VOID(p.await<transport::session_down_event>([&p](const auto& e) {
                     return e.peer == p.peer;
                   }).map([](const auto&) {}));
    WEFT_TRY(auto up, p.dial(address));
    s.ms.push_back(to_seconds(up.handshake) * 1000);
  }
  return s.to_json();
}

result<std::string> run_step(probe& p, const multiaddr& address, std::string_view step) {
  const auto colon = std::min(step.find(':'), step.size());
  const auto name = step.substr(0, colon);
  std::uint64_t number = 0;
  if (colon < step.size())
    std::from_chars(step.data() + colon + 1, step.data() + step.size(), number);
  if (name == "identify") return run_identify(p);
  if (name == "ping") return run_ping(p, number);
  if (name == "echo") return repeat(number, [&p] { return run_echo(p); });
  if (name == "up") return run_perf(p, number, 0);
  if (name == "down") return run_perf(p, 0, number);
  if (name == "handshake") return run_handshakes(p, address, number);
  return fail(ec::bad_argument, "unknown step");
}

int report_failure(std::string_view step, const error& why) {
  std::printf("{\"event\":\"failed\",\"step\":\"%.*s\",\"error\":\"%s: %s\"}\n",
              static_cast<int>(step.size()), step.data(), std::string{to_string(why.code)}.c_str(),
              why.detail.c_str());
  return 1;
}

int dial(const char* address_text, const std::vector<std::string_view>& steps) {
  const auto address = multiaddr::parse(address_text);
  if (!address) return report_failure("dial", address.error());
  probe p;
  if (auto started = p.start(); !started) return report_failure("start", started.error());
  p.post(transport::listen_command{*multiaddr::parse("/ip4/127.0.0.1/udp/0/quic-v1")});
  p.peer = address->peer().value_or(peer_id{});
  const auto up = p.dial(*address);
  if (!up) return report_failure("dial", up.error());
  p.peer = up->peer;
  std::printf("{\"event\":\"connected\",\"peer\":\"%s\",\"self\":\"%s\"}\n",
              up->peer.to_string().c_str(), p.key.id().to_string().c_str());
  for (const auto step : steps) {
    const auto done = run_step(p, *address, step);
    if (!done) return report_failure(step, done.error());
    std::printf("{\"event\":\"step\",\"step\":\"%.*s\",%s}\n", static_cast<int>(step.size()),
                step.data(), done->c_str());
    std::fflush(stdout);
  }
  p.reactor->stop();
  return 0;
}

int listen() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  probe p;
  if (auto started = p.start(); !started) return report_failure("start", started.error());
  p.post(transport::listen_command{*multiaddr::parse("/ip4/127.0.0.1/udp/0/quic-v1")});
  const timespec at_once{};
  while (sigtimedwait(&ends, nullptr, &at_once) < 0) {
    while (auto e = p.events.next(std::chrono::milliseconds(100))) {
      if (auto* at = std::get_if<transport::listening_event>(&*e)) {
        std::printf("{\"event\":\"listening\",\"peer\":\"%s\",\"address\":\"%s\"}\n",
                    p.key.id().to_string().c_str(),
                    at->address.with_peer(p.key.id()).to_string().c_str());
        std::fflush(stdout);
      } else if (auto* asked = std::get_if<transport::request_event>(&*e)) {
        p.post(transport::respond_command{asked->token, asked->body});
      }
    }
  }
  p.reactor->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "listen") return listen();
  if (arguments.size() >= 2 && arguments[0] == "dial")
    return dial(argv[2], {arguments.begin() + 2, arguments.end()});
  std::fputs("usage: interop_probe listen | dial ADDR STEP...\n", stderr);
  return 2;
}
