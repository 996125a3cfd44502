// SPDX-License-Identifier: MIT
#include "transport/io/host_probe.hpp"

#include "transport/io/udp_socket.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <net/if.h>
#include <poll.h>
#include <sstream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weft::transport::io {

namespace {

constexpr std::size_t trial_segment = 1200;
constexpr std::size_t trial_segments = 8;
/// Longest wait for a datagram on loopback.
constexpr int trial_patience_ms = 1000;

ip_endpoint any_port_of_loopback() {
  return *multiaddr::parse("/ip4/127.0.0.1/udp/0/quic-v1")->quic_v1_endpoint();
}

result<std::uint32_t> mtu_of(const std::string& name) {
  ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return fail(ec::bad_argument, name);
  std::memcpy(request.ifr_name, name.data(), name.size());
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ec::io, std::string("socket: ") + std::strerror(errno));
  const bool known = ::ioctl(fd, SIOCGIFMTU, &request) == 0;
  const int code = errno;
  ::close(fd);
  if (!known) return fail(ec::not_found, name + ": " + std::strerror(code));
  return static_cast<std::uint32_t>(request.ifr_mtu);
}

/// The device of the first line whose destination is all zeros; see proc(5), /proc/net/route.
std::string default_device_v4() {
  std::ifstream routes("/proc/net/route");
  std::string line;
  std::getline(routes, line);
  while (std::getline(routes, line)) {
    std::istringstream words(line);
    std::string device, destination, gateway, flags, skipped, mask;
    words >> device >> destination >> gateway >> flags >> skipped >> skipped >> skipped >> mask;
    if (destination == "00000000" && mask == "00000000") return device;
  }
  return {};
}

/// Likewise of /proc/net/ipv6_route, whose last word is the device. Loopback's own catch-all does
/// not count.
std::string default_device_v6() {
  std::ifstream routes("/proc/net/ipv6_route");
  std::string line;
  while (std::getline(routes, line)) {
    std::istringstream words(line);
    std::string destination, length, word, device;
    words >> destination >> length;
    while (words >> word) device = word;
    if (length == "00" && destination.find_first_not_of('0') == std::string::npos && device != "lo")
      return device;
  }
  return {};
}

/// Receives until everything has come or nothing comes any more.
offload_trial receive_trial(udp_socket& to, std::size_t expected) {
  offload_trial trial;
  byte_buffer room(udp_socket::receive_bytes);
  std::size_t received = 0;
  while (received < expected) {
    pollfd waiting{to.descriptor(), POLLIN, 0};
    if (::poll(&waiting, 1, trial_patience_ms) <= 0) break;
    received_run run;
    if (to.receive(room, run) != socket_status::done) break;
    received += run.bytes.size();
    trial.joined = trial.joined || run.bytes.size() > run.segment;
  }
  trial.whole = received == expected;
  return trial;
}

}  // namespace

result<buffer_grant> probe_buffers() {
  const udp_socket::options wanted;
  WEFT_TRY(const auto socket, udp_socket::open(any_port_of_loopback(), wanted));
  int send = 0;
  socklen_t size = sizeof send;
  if (::getsockopt(socket.descriptor(), SOL_SOCKET, SO_SNDBUF, &send, &size) != 0)
    return fail(ec::io, std::string("getsockopt: ") + std::strerror(errno));
  // Linux reports the double, for its own book-keeping.
  return buffer_grant{wanted.buffer_bytes, socket.receive_buffer_bytes(),
                      static_cast<std::size_t>(send) / 2};
}

result<offload_trial> try_offload() {
  WEFT_TRY(auto from, udp_socket::open(any_port_of_loopback(), {}));
  WEFT_TRY(auto to, udp_socket::open(any_port_of_loopback(), {}));
  const byte_buffer bytes(trial_segment * trial_segments, 7);
  const outgoing_run run{bytes, trial_segment, from.bound(), to.bound()};
  if (from.send(run) != socket_status::done) return fail(ec::io, "a datagram was refused");
  auto trial = receive_trial(to, bytes.size());
  // A socket whose kernel refused the run has switched segmentation off and used more calls.
  trial.segmented = from.segments() && from.send_calls() == 1;
  return trial;
}

result<interface_facts> loopback_interface() {
  WEFT_TRY(const auto mtu, mtu_of("lo"));
  return interface_facts{"lo", mtu};
}

std::optional<interface_facts> default_route_interface() {
  for (const auto& name : {default_device_v4(), default_device_v6()}) {
    if (name.empty()) continue;
    if (const auto mtu = mtu_of(name)) return interface_facts{name, *mtu};
  }
  return std::nullopt;
}

result<void> try_address(const multiaddr& address) {
  const auto endpoint = address.quic_v1_endpoint();
  if (!endpoint) return fail(ec::bad_argument, address.to_string() + " is no QUIC address");
  WEFT_TRY(const auto socket,
           udp_socket::open(*endpoint, {.buffer_bytes = 4096, .offload = false}));
  return {};
}

}  // namespace weft::transport::io
