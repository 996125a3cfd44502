// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "transport/io/socket_address.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::transport::io {

/// Datagrams that the kernel joined (UDP_GRO): all of `segment` bytes, but for a shorter last one.
struct received_run {
  bytes_view bytes;
  std::size_t segment = 0;
  socket_address local;
  socket_address remote;
  /// The two ECN bits of the IP header (RFC 3168).
  std::uint8_t ecn = 0;
};

/// Datagrams to one path that leave by one system call (UDP_SEGMENT): all of `segment` bytes, but
/// for a shorter last one.
struct outgoing_run {
  bytes_view bytes;
  std::size_t segment = 0;
  socket_address local;
  socket_address remote;
  std::uint8_t ecn = 0;
};

/// What a call of `send`, `flush` or `receive` did.
enum class socket_status : std::uint8_t {
  done,
  /// Nothing to read, or the kernel's buffer is full; a run that did not fit is kept by the socket.
  blocked,
  /// The kernel refused this run (too large for the path, no route); it counts as lost.
  refused,
};

/// One non-blocking UDP socket that listens and dials, with segmentation offload where the kernel
/// has it.
class udp_socket {
 public:
  /// The kernel takes no more segments per call, nor more bytes than fit one UDP datagram.
  static constexpr std::size_t run_segments_max = 64;
  static constexpr std::size_t run_bytes_max = 65'507;
  /// Room that `receive` needs.
  static constexpr std::size_t receive_bytes = 65'536;

  struct options {
    /// Asked of the kernel per direction; a smaller grant is logged as `udp_buffer_cut`.
    std::size_t buffer_bytes = 7'500'000;
    bool offload = true;
  };

  /// Binds to `endpoint` (port 0: any). ec::in_use, ec::denied, ec::unreachable (no such local
  /// address), ec::io.
  static result<udp_socket> open(const ip_endpoint& endpoint, const options& o);
  /// The source address that the kernel would choose towards `remote`. ec::unreachable.
  static result<socket_address> source_towards(const socket_address& remote);

  udp_socket(udp_socket&& other) noexcept;
  udp_socket& operator=(udp_socket&& other) noexcept;
  ~udp_socket();

  /// Receives one run into `room` (at least `receive_bytes`). ec::io errors that pass (ICMP) count
  /// as blocked.
  socket_status receive(bytes_span room, received_run& out) noexcept;
  /// Sends one run. Refused unsent while an earlier one is still kept (see `blocked`).
  socket_status send(const outgoing_run& run) noexcept;
  /// Sends the kept run again; call when the socket is writable.
  socket_status flush() noexcept;
  /// A run is kept because the kernel's buffer was full.
  bool blocked() const noexcept { return !kept_.empty(); }

  /// Asks the kernel for another size of the receive buffer.
  void set_receive_buffer(std::size_t bytes) noexcept;
  int descriptor() const noexcept { return fd_; }
  /// The bound address with its port.
  const socket_address& bound() const noexcept { return bound_; }
  bool segments() const noexcept { return segments_; }
  bool joins() const noexcept { return joins_; }
  /// Granted by the kernel.
  std::size_t receive_buffer_bytes() const noexcept { return receive_buffer_; }
  /// System calls made, for the metrics.
  std::uint64_t send_calls() const noexcept { return send_calls_; }

 private:
  explicit udp_socket(int fd) noexcept : fd_(fd) {}
  result<void> configure(const ip_endpoint& endpoint, const options& o);
  std::size_t ask_buffer(int plain, int forced, std::size_t wanted) const noexcept;
  /// One system call; returns errno or 0.
  int transmit(const outgoing_run& run, bool as_segments) noexcept;
  socket_status transmit_each(const outgoing_run& run) noexcept;
  socket_status keep(const outgoing_run& run) noexcept;

  int fd_ = -1;
  socket_address bound_;
  bool wildcard_ = false;
  bool segments_ = false;
  bool joins_ = false;
  std::size_t receive_buffer_ = 0;
  std::uint64_t send_calls_ = 0;
  byte_buffer kept_;
  outgoing_run kept_run_;
};

}  // namespace weft::transport::io
