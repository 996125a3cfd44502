// SPDX-License-Identifier: MIT
#pragma once

#include "base/crypto.hpp"
#include "base/multiaddr.hpp"
#include "base/result.hpp"
#include "transport/access_rules.hpp"
#include "transport/inbound.hpp"
#include "transport/io/private_network.hpp"
#include "transport/limits.hpp"
#include "transport/port.hpp"
#include "transport/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weft::transport {
struct transport_metrics;
}

namespace weft::transport::io {

/// Congestion control of every session (RFC 9438 CUBIC; BBR version 2).
enum class congestion_control : std::uint8_t { cubic, bbr };

/// Bytes handed to one concern's actor and not yet handled; see `credit_gate`.
struct credit_marks {
  std::size_t high = 8u << 20;
  std::size_t low = 4u << 20;
};

/// Everything a reactor needs. The references must outlive it.
struct reactor_options {
  const crypto::ed25519_private_key& host_key;
  /// The node's own protocols, at most `reactor::protocols_max`; `protocol_index` is the position
  /// here.
  std::vector<protocol> protocols;
  limits bounds{};
  /// Who may have a session; none: everybody.
  std::shared_ptr<const access_rules> access{};
  std::string agent_version = "weft/" WEFT_VERSION;
  transport_metrics& metrics;
  event_listener& events;
  /// Receivers of frame batches, indexed by `protocol::concern`; a null one drops its frames.
  std::vector<frame_listener*> concerns;
  credit_marks marks{};
  congestion_control congestion = congestion_control::cubic;
  /// Bytes asked of the kernel for each direction of the socket; less is reported once as
  /// `udp_buffer_cut`.
  std::size_t socket_buffer_bytes = 7'500'000;
  /// False: one datagram per system call.
  bool segmentation_offload = true;
  /// Not empty: only nodes that know one of these keys can have a session, either way; at most
  /// `private_network::keys_max`.
  std::vector<network_key> network_keys{};
  /// Memory that the process holds, asked ten times a second while there is a cap; none: the cap
  /// is not enforced.
  std::function<std::uint64_t()> resident_bytes{};
  /// Largest UDP payload that path MTU discovery tries, 1200 to 16384.
  std::size_t datagram_bytes_max = 8952;
};

/// One thread that owns every socket and session of the node: epoll, QUIC, streams and timers, and
/// the port through which actors command it. Identify, ping and perf are answered inside.
class reactor final : public port {
 public:
  /// Concurrent frames and exchange protocols.
  static constexpr std::size_t protocols_max = 64;

  /// Makes the TLS certificate; opens no socket. ec::bad_config (limits, protocols), ec::crypto,
  /// ec::io.
  static result<std::unique_ptr<reactor>> create(reactor_options options);
  /// Stops the thread when it still runs.
  ~reactor() override;
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  /// Starts the thread. Events and batches come on it from now on. Call once.
  result<void> start();
  /// Closes every session with the shutdown code and joins the thread. Thread-safe, idempotent.
  void stop() noexcept;

  /// Queues commands for the reactor and wakes it when it was idle. Thread-safe, never blocks.
  /// Commands posted after `stop` are dropped.
  void post(command_batch&& batch) override;

  /// This node's id, the one of the host key.
  const peer_id& id() const noexcept;
  /// Bytes of a concern that were handed over and are not yet handled. Thread-safe.
  std::size_t credit_level(std::size_t concern) const noexcept;
  /// How long the thread has not come round; about a second at most while all is well. Zero before
  /// the start. Thread-safe.
  duration silence(instant now) const noexcept;

 private:
  class impl;
  explicit reactor(std::unique_ptr<impl> state) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::transport::io
