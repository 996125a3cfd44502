// SPDX-License-Identifier: MIT
#include "transport/io/socket_address.hpp"

#include <algorithm>
#include <cstring>

namespace weft::transport::io {

socket_address::socket_address(const ip_endpoint& endpoint) noexcept {
  if (endpoint.v6) {
    storage_.v6 = {};
    storage_.v6.sin6_family = AF_INET6;
    storage_.v6.sin6_port = htons(endpoint.port);
    std::memcpy(&storage_.v6.sin6_addr, endpoint.address.data(), 16);
  } else {
    storage_.v4 = {};
    storage_.v4.sin_family = AF_INET;
    storage_.v4.sin_port = htons(endpoint.port);
    std::memcpy(&storage_.v4.sin_addr, endpoint.address.data(), 4);
  }
}

socket_address::socket_address(const sockaddr* address, socklen_t size) noexcept {
  storage_.any.sa_family = AF_UNSPEC;
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return;
  std::memcpy(&storage_.v6, address, std::min<std::size_t>(size, sizeof(storage_.v6)));
}

ip_endpoint socket_address::endpoint() const noexcept {
  ip_endpoint e;
  e.v6 = v6();
  e.port = port();
  if (e.v6)
    std::memcpy(e.address.data(), &storage_.v6.sin6_addr, 16);
  else
    std::memcpy(e.address.data(), &storage_.v4.sin_addr, 4);
  return e;
}

std::uint16_t socket_address::port() const noexcept {
  return ntohs(v6() ? storage_.v6.sin6_port : storage_.v4.sin_port);
}

void socket_address::set_port(std::uint16_t port) noexcept {
  if (v6())
    storage_.v6.sin6_port = htons(port);
  else
    storage_.v4.sin_port = htons(port);
}

socklen_t socket_address::size() const noexcept {
  return v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

bool operator==(const socket_address& a, const socket_address& b) noexcept {
  if (a.storage_.any.sa_family != b.storage_.any.sa_family) return false;
  if (a.v6())
    return a.storage_.v6.sin6_port == b.storage_.v6.sin6_port
           && std::memcmp(&a.storage_.v6.sin6_addr, &b.storage_.v6.sin6_addr, 16) == 0;
  return a.storage_.v4.sin_port == b.storage_.v4.sin_port
         && a.storage_.v4.sin_addr.s_addr == b.storage_.v4.sin_addr.s_addr;
}

}  // namespace weft::transport::io
