// SPDX-License-Identifier: MIT
#include "node/bench_report.hpp"
#include "transport/io/reactor.hpp"
#include "transport/transport_metrics.hpp"

#include <atomic>
#include <cstdio>
#include <memory>
#include <vector>

namespace weft::node {

namespace {

/// One transport with its own identity and one session.
class far_end final : public transport::event_listener {
 public:
  far_end(std::atomic<std::uint32_t>& up, std::atomic<std::uint32_t>& lost)
      : key_(crypto::ed25519_private_key::generate()), up_(up), lost_(lost) {}

  result<void> start(const multiaddr& to) {
    transport::io::reactor_options options{
        .host_key = key_,
        .protocols = {},
        .metrics = metrics_,
        .events = *this,
        .concerns = {},
        // A thousand sockets with full-size buffers would only cost memory.
        .socket_buffer_bytes = 64 * 1024,
    };
    WEFT_TRY(reactor_, transport::io::reactor::create(std::move(options)));
    WEFT_TRY_VOID(reactor_->start());
    dial(to);
    return {};
  }
  void on_events(std::vector<transport::event>&& events) override {
    for (const auto& e : events) {
      if (std::holds_alternative<transport::session_up_event>(e)) ++up_;
      if (std::holds_alternative<transport::session_down_event>(e)) ++lost_;
      if (std::holds_alternative<transport::dial_failed_event>(e)) dial(to_);
    }
  }

 private:
  void dial(const multiaddr& to) {
    to_ = to;
    transport::command_batch batch;
    batch.controls.emplace_back(
        transport::dial_command{.id = ++dials_, .expected = to.peer(), .addresses = {to}});
    reactor_->post(std::move(batch));
  }

  crypto::ed25519_private_key key_;
  transport::transport_metrics metrics_;
  std::unique_ptr<transport::io::reactor> reactor_;
  multiaddr to_;
  transport::request_id dials_ = 0;
  std::atomic<std::uint32_t>& up_;
  std::atomic<std::uint32_t>& lost_;
};

}  // namespace

exit_code command_bench_far(const std::string& address, std::uint32_t count) {
  watch_interrupts();
  const auto to = multiaddr::parse(address);
  if (!to) return report({ec::bad_argument, "'" + address + "' is not a multiaddr"});
  std::atomic<std::uint32_t> up{0};
  std::atomic<std::uint32_t> lost{0};
  std::vector<std::unique_ptr<far_end>> ends;
  for (std::uint32_t i = 0; i < count && !interrupted(); ++i) {
    ends.push_back(std::make_unique<far_end>(up, lost));
    if (const auto started = ends.back()->start(*to); !started) return report(started.error());
    // Few handshakes at a time: this measures sessions, not a flood.
    while (!interrupted() && up + 16 < i) sleep_unless_interrupted(std::chrono::milliseconds(1));
  }
  while (!interrupted() && up < count) sleep_unless_interrupted(std::chrono::milliseconds(5));
  std::printf("{\"up\":%u}\n", up.load());
  std::fflush(stdout);
  while (!interrupted()) sleep_unless_interrupted(std::chrono::seconds(1));
  std::printf("{\"lost\":%u}\n", lost.load());
  return exit_code::ok;
}

}  // namespace weft::node
