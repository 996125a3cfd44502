// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"

#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <sys/socket.h>

namespace weft::transport::io {

/// An IPv4 or IPv6 socket address in the kernel's form.
class socket_address {
 public:
  socket_address() noexcept { storage_.any.sa_family = AF_UNSPEC; }
  explicit socket_address(const ip_endpoint& endpoint) noexcept;
  /// Copies a kernel address; unspecified when it is neither IPv4 nor IPv6.
  socket_address(const sockaddr* address, socklen_t size) noexcept;

  ip_endpoint endpoint() const noexcept;
  bool v6() const noexcept { return storage_.any.sa_family == AF_INET6; }
  bool valid() const noexcept { return storage_.any.sa_family != AF_UNSPEC; }
  std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;

  const sockaddr* data() const noexcept { return &storage_.any; }
  sockaddr* data() noexcept { return &storage_.any; }
  socklen_t size() const noexcept;
  /// Room for any address the kernel writes.
  static constexpr socklen_t capacity = sizeof(sockaddr_in6);

  const sockaddr_in& in4() const noexcept { return storage_.v4; }
  const sockaddr_in6& in6() const noexcept { return storage_.v6; }
  sockaddr_in& in4() noexcept { return storage_.v4; }
  sockaddr_in6& in6() noexcept { return storage_.v6; }

  friend bool operator==(const socket_address& a, const socket_address& b) noexcept;

 private:
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } storage_{.v6 = {}};
};

}  // namespace weft::transport::io
