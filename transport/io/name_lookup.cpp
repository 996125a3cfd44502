// SPDX-License-Identifier: MIT
#include "transport/io/name_lookup.hpp"

#include "transport/io/socket_address.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <utility>

namespace weft::transport::io {
namespace {

int system_family(name_family family) noexcept {
  if (family == name_family::v4) return AF_INET;
  return family == name_family::v6 ? AF_INET6 : AF_UNSPEC;
}

error lookup_error(const std::string& name, int code, int number) {
  switch (code) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
      return {ec::not_found, "the name '" + name + "' has no address of this kind"};
    case EAI_AGAIN:
      return {ec::timeout, "the name service does not answer for '" + name + "'"};
    case EAI_SYSTEM:
      return {ec::io, "cannot look up '" + name + "': " + std::strerror(number)};
    default:
      return {ec::io, "cannot look up '" + name + "': " + ::gai_strerror(code)};
  }
}

/// An IPv6 address of one link means nothing without its zone, which our addresses lack.
bool usable(const socket_address& address) noexcept {
  return address.valid() && !(address.v6() && IN6_IS_ADDR_LINKLOCAL(&address.in6().sin6_addr));
}

}  // namespace

name_answer bounded_answer(std::vector<ip_endpoint> found) {
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  name_answer answer{std::move(found), 0};
  if (answer.addresses.size() > addresses_per_name_max) {
    answer.left_out = answer.addresses.size() - addresses_per_name_max;
    answer.addresses.resize(addresses_per_name_max);
  }
  return answer;
}

result<name_answer> look_up(const std::string& name, name_family family) {
  addrinfo hints{};
  hints.ai_family = system_family(family);
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found); code != 0)
    return fail(lookup_error(name, code, errno));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  std::vector<ip_endpoint> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const socket_address address(at->ai_addr, at->ai_addrlen);
    if (usable(address)) addresses.push_back(address.endpoint());
  }
  if (addresses.empty()) return fail(lookup_error(name, EAI_NODATA, 0));
  return bounded_answer(std::move(addresses));
}

}  // namespace weft::transport::io
