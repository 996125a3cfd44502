// SPDX-License-Identifier: MIT
#include "transport/io/udp_socket.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace weft::transport::io {
namespace {

bool set_option(int fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

error bind_error(int code, const ip_endpoint& endpoint) {
  const std::string where = "udp " + endpoint.to_string();
  if (code == EADDRINUSE)
    return {ec::in_use, where + " is in use by another process; stop it or choose another port"};
  if (code == EACCES) return {ec::denied, where + " needs a privilege this process lacks"};
  if (code == EADDRNOTAVAIL) return {ec::unreachable, where + " is not an address of this machine"};
  return {ec::io, where + ": " + std::strerror(code)};
}

/// Appends control messages to a message header that owns enough room.
class control_writer {
 public:
  explicit control_writer(msghdr& message) noexcept
      : message_(message), left_(message.msg_controllen) {
    message_.msg_controllen = 0;
  }
  template <class T>
  void add(int level, int type, const T& value) noexcept {
    auto* header = reinterpret_cast<cmsghdr*>(static_cast<std::uint8_t*>(message_.msg_control)
                                              + message_.msg_controllen);
    if (left_ - message_.msg_controllen < CMSG_SPACE(sizeof(T))) return;
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof(T));
    std::memcpy(CMSG_DATA(header), &value, sizeof(T));
    message_.msg_controllen += CMSG_SPACE(sizeof(T));
  }

 private:
  msghdr& message_;
  std::size_t left_;
};

void read_control(msghdr& message, received_run& out, const socket_address& bound) noexcept {
  out.local = bound;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int segment = 0;
      std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
      if (segment > 0) out.segment = static_cast<std::size_t>(segment);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
      out.ecn = *CMSG_DATA(c) & 3u;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      int value = 0;
      std::memcpy(&value, CMSG_DATA(c), sizeof value);
      out.ecn = static_cast<std::uint8_t>(value & 3);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      out.local.in4().sin_addr = info.ipi_addr;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      out.local.in6().sin6_addr = info.ipi6_addr;
    }
  }
}

bool transient(int code) noexcept {
  return code == EAGAIN || code == EWOULDBLOCK || code == ENOBUFS;
}

}  // namespace

result<udp_socket> udp_socket::open(const ip_endpoint& endpoint, const options& o) {
  const int family = endpoint.v6 ? AF_INET6 : AF_INET;
  udp_socket s(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (s.fd_ < 0) return fail(ec::io, std::string("socket: ") + std::strerror(errno));
  WEFT_TRY_VOID(s.configure(endpoint, o));
  return s;
}

result<void> udp_socket::configure(const ip_endpoint& endpoint, const options& o) {
  if (endpoint.v6) {
    set_option(fd_, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd_, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd_, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    set_option(fd_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  } else {
    set_option(fd_, IPPROTO_IP, IP_PKTINFO, 1);
    set_option(fd_, IPPROTO_IP, IP_RECVTOS, 1);
    set_option(fd_, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  }
  const socket_address wanted(endpoint);
  if (::bind(fd_, wanted.data(), wanted.size()) != 0) return fail(bind_error(errno, endpoint));
  socklen_t size = socket_address::capacity;
  if (::getsockname(fd_, bound_.data(), &size) != 0)
    return fail(ec::io, std::string("getsockname: ") + std::strerror(errno));
  wildcard_ = endpoint.unspecified();

  receive_buffer_ = ask_buffer(SO_RCVBUF, SO_RCVBUFFORCE, o.buffer_bytes);
  const std::size_t send_buffer = ask_buffer(SO_SNDBUF, SO_SNDBUFFORCE, o.buffer_bytes);
  if (receive_buffer_ < o.buffer_bytes || send_buffer < o.buffer_bytes)
    log::warn("transport", "udp_buffer_cut",
              {{"wanted_bytes", o.buffer_bytes},
               {"receive_bytes", receive_buffer_},
               {"send_bytes", send_buffer},
               {"fix", "sysctl -w net.core.rmem_max=" + std::to_string(o.buffer_bytes)
                           + " net.core.wmem_max=" + std::to_string(o.buffer_bytes)}});
  if (o.offload) {
    joins_ = set_option(fd_, SOL_UDP, UDP_GRO, 1);
    // Only a probe: the size goes with each call, and zero switches the socket's default off.
    segments_ = set_option(fd_, SOL_UDP, UDP_SEGMENT, 0);
    if (!joins_ || !segments_) log::info("transport", "udp_offload_missing");
  }
  return {};
}

std::size_t udp_socket::ask_buffer(int plain, int forced, std::size_t wanted) const noexcept {
  const int value = static_cast<int>(wanted);
  if (!set_option(fd_, SOL_SOCKET, forced, value)) set_option(fd_, SOL_SOCKET, plain, value);
  int granted = 0;
  socklen_t size = sizeof granted;
  ::getsockopt(fd_, SOL_SOCKET, plain, &granted, &size);
  // Linux doubles the number for its own book-keeping and reports the double.
  return static_cast<std::size_t>(std::max(granted, 0)) / 2;
}

void udp_socket::set_receive_buffer(std::size_t bytes) noexcept {
  receive_buffer_ = ask_buffer(SO_RCVBUF, SO_RCVBUFFORCE, bytes);
}

result<socket_address> udp_socket::source_towards(const socket_address& remote) {
  const int fd = ::socket(remote.v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ec::io, std::string("socket: ") + std::strerror(errno));
  socket_address local;
  socklen_t size = socket_address::capacity;
  const bool ok = ::connect(fd, remote.data(), remote.size()) == 0
                  && ::getsockname(fd, local.data(), &size) == 0;
  const int code = errno;
  ::close(fd);
  if (!ok) return fail(ec::unreachable, remote.endpoint().to_string() + ": " + std::strerror(code));
  return local;
}

udp_socket::udp_socket(udp_socket&& other) noexcept : fd_(-1) { *this = std::move(other); }

udp_socket& udp_socket::operator=(udp_socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  bound_ = other.bound_;
  wildcard_ = other.wildcard_;
  segments_ = other.segments_;
  joins_ = other.joins_;
  receive_buffer_ = other.receive_buffer_;
  send_calls_ = other.send_calls_;
  kept_ = std::move(other.kept_);
  kept_run_ = other.kept_run_;
  return *this;
}

udp_socket::~udp_socket() {
  if (fd_ >= 0) ::close(fd_);
}

socket_status udp_socket::receive(bytes_span room, received_run& out) noexcept {
  alignas(cmsghdr) std::uint8_t control[256];
  iovec part{room.data(), room.size()};
  msghdr message{};
  message.msg_name = out.remote.data();
  message.msg_namelen = socket_address::capacity;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(fd_, &message, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return transient(errno) ? socket_status::blocked : socket_status::refused;
  out.bytes = room.first(static_cast<std::size_t>(n));
  out.segment = out.bytes.size();
  out.ecn = 0;
  read_control(message, out, bound_);
  return socket_status::done;
}

int udp_socket::transmit(const outgoing_run& run, bool as_segments) noexcept {
  alignas(cmsghdr) std::uint8_t control[128] = {};
  iovec part{const_cast<std::uint8_t*>(run.bytes.data()), run.bytes.size()};
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(run.remote.data());
  message.msg_namelen = run.remote.size();
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  control_writer writer(message);
  const bool v6 = run.remote.v6();
  if (run.ecn != 0)
    writer.add(v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS,
               static_cast<int>(run.ecn));
  if (wildcard_ && v6)
    writer.add(IPPROTO_IPV6, IPV6_PKTINFO,
               in6_pktinfo{.ipi6_addr = run.local.in6().sin6_addr, .ipi6_ifindex = 0});
  else if (wildcard_)
    writer.add(
        IPPROTO_IP, IP_PKTINFO,
        in_pktinfo{.ipi_ifindex = 0, .ipi_spec_dst = run.local.in4().sin_addr, .ipi_addr = {}});
  if (as_segments) writer.add(SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(run.segment));
  if (message.msg_controllen == 0) message.msg_control = nullptr;
  ssize_t n = 0;
  do {
    n = ::sendmsg(fd_, &message, 0);
    ++send_calls_;
  } while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

socket_status udp_socket::keep(const outgoing_run& run) noexcept {
  // `run` may lie inside kept_ itself when a flush got only part of the way.
  byte_buffer bytes = to_buffer(run.bytes);
  kept_run_ = run;
  kept_ = std::move(bytes);
  kept_run_.bytes = kept_;
  return socket_status::blocked;
}

socket_status udp_socket::transmit_each(const outgoing_run& run) noexcept {
  socket_status status = socket_status::done;
  for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
    outgoing_run one = run;
    one.bytes = run.bytes.subspan(at, std::min(run.segment, run.bytes.size() - at));
    const int code = transmit(one, false);
    if (transient(code)) {
      one.bytes = run.bytes.subspan(at);
      return keep(one);
    }
    if (code != 0) status = socket_status::refused;
  }
  return status;
}

socket_status udp_socket::send(const outgoing_run& run) noexcept {
  if (blocked()) return socket_status::refused;
  if (run.bytes.size() > run.segment && !segments_) return transmit_each(run);
  const bool many = run.bytes.size() > run.segment;
  const int code = transmit(run, many);
  if (code == 0) return socket_status::done;
  if (transient(code)) return keep(run);
  if (many && (code == EIO || code == EOPNOTSUPP || code == ENOTSUP)) {
    // The device cannot checksum or segment: for good, so ask no more.
    segments_ = false;
    log::info("transport", "udp_segmentation_off", {{"error", std::strerror(code)}});
    return transmit_each(run);
  }
  // Segments above the device's size are refused together; alone the smaller ones may pass.
  if (many && (code == EINVAL || code == EMSGSIZE)) return transmit_each(run);
  return socket_status::refused;
}

socket_status udp_socket::flush() noexcept {
  if (!blocked()) return socket_status::done;
  const byte_buffer bytes = std::exchange(kept_, {});
  outgoing_run run = kept_run_;
  run.bytes = bytes;
  return send(run);
}

}  // namespace weft::transport::io
