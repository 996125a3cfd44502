// SPDX-License-Identifier: MIT
#include "transport/io/unix_datagram.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::transport::io {
namespace {

struct owned_descriptor {
  int fd = -1;
  ~owned_descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

error send_error(std::string_view to, int number) {
  const std::string what = "unix socket " + std::string(to) + ": " + std::strerror(number);
  if (number == ENOENT) return {ec::not_found, what};
  if (number == ECONNREFUSED) return {ec::unreachable, what};
  if (number == EACCES || number == EPERM) return {ec::denied, what};
  if (number == EAGAIN) return {ec::timeout, what};
  return {ec::io, what};
}

}  // namespace

result<void> send_unix_datagram(std::string_view to, std::string_view text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (to.size() < 2 || (to.front() != '/' && to.front() != '@')
      || to.size() >= sizeof address.sun_path)
    return fail(ec::bad_argument, "'" + std::string(to) + "' is not an address of a unix socket");
  std::memcpy(address.sun_path, to.data(), to.size());
  // A name of the abstract space starts with a zero byte and ends where the address does.
  const bool abstract = to.front() == '@';
  if (abstract) address.sun_path[0] = '\0';
  const auto size
      = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + to.size() + (abstract ? 0 : 1));
  const owned_descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (socket.fd < 0) return fail(send_error(to, errno));
  const timeval longest{2, 0};
  ::setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
  if (::sendto(socket.fd, text.data(), text.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), size)
      < 0)
    return fail(send_error(to, errno));
  return {};
}

}  // namespace weft::transport::io
