// SPDX-License-Identifier: MIT
#include "transport/io/mdns_service.hpp"

#include "base/log.hpp"
#include "transport/io/clock.hpp"
#include "transport/io/waker.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <mutex>
#include <net/if.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace weft::transport::io {

namespace {

constexpr std::uint16_t port = 5353;
constexpr std::uint32_t group = 0xe00000fb;  // 224.0.0.251
/// Interfaces taken part in.
constexpr std::size_t interfaces_max = 64;
/// Packets read in a row before timers get their turn.
constexpr std::size_t receive_burst = 64;

sockaddr_in group_address() noexcept {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(group);
  return out;
}

error system_error(const char* what, int code) {
  const ec kind = code == EADDRINUSE                ? ec::in_use
                  : code == EACCES || code == EPERM ? ec::denied
                                                    : ec::io;
  return {kind, std::string("mDNS discovery (224.0.0.251:5353): ") + what + ": "
                    + std::strerror(code) + "; free the port or set discovery.mdns = false"};
}

/// Indexes of the interfaces that are up, do multicast and have an IPv4 address; in order.
std::vector<int> multicast_interfaces() {
  std::vector<int> out;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return out;
  for (const ifaddrs* i = all; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET) continue;
    constexpr unsigned wanted = IFF_UP | IFF_MULTICAST;
    if ((i->ifa_flags & wanted) != wanted) continue;
    if (const auto index = ::if_nametoindex(i->ifa_name); index != 0)
      out.push_back(static_cast<int>(index));
  }
  ::freeifaddrs(all);
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > interfaces_max) out.resize(interfaces_max);
  return out;
}

}  // namespace

class mdns_service::impl {
 public:
  explicit impl(mdns_options&& o)
      : options_(std::move(o)),
        core_(options_.self, options_.config, options_.random, options_.metrics) {}
  ~impl() {
    stopping_.store(true, std::memory_order_release);
    waker_.wake();
    if (thread_.joinable()) thread_.join();
    if (fd_ >= 0) ::close(fd_);
  }

  result<void> open() {
    if (waker_.descriptor() < 0) return fail(system_error("eventfd", errno));
    fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return fail(system_error("socket", errno));
    // Every responder of this machine shares the port.
    const int on = 1;
    const int off = 0;
    const int hops = 255;
    if (::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
        || ::setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off) != 0
        || ::setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof on) != 0
        || ::setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops) != 0)
      return fail(system_error("socket options", errno));
    const sockaddr_in address = group_address();
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return fail(system_error("bind", errno));
    join_interfaces();
    if (interfaces_.empty())
      log::warn("discovery", "no_multicast_interface",
                {{"fix", "ip link set DEVICE multicast on; it is looked for again"}});
    thread_ = std::thread([this] { loop(); });
    return {};
  }

  void set_addresses(std::vector<multiaddr> own) {
    {
      const std::lock_guard lock(mutex_);
      if (given_ && *given_ == own) return;
      given_ = std::move(own);
      fresh_ = true;
    }
    waker_.wake();
  }

 private:
  void join_interfaces() {
    interfaces_ = multicast_interfaces();
    for (const int index : interfaces_) {
      ip_mreqn membership{};
      membership.imr_multiaddr.s_addr = htonl(group);
      membership.imr_ifindex = index;
      // Mostly it is a member already.
      ::setsockopt(fd_, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership);
    }
    options_.metrics.interfaces.set(static_cast<std::int64_t>(interfaces_.size()));
  }

  void send(bytes_view packet) {
    const sockaddr_in to = group_address();
    for (const int index : interfaces_) {
      ip_mreqn by{};
      by.imr_ifindex = index;
      if (::setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by) != 0
          || ::sendto(fd_, packet.data(), packet.size(), MSG_NOSIGNAL,
                      reinterpret_cast<const sockaddr*>(&to), sizeof to)
                 < 0)
        ++options_.metrics.sends_failed;
    }
  }

  void receive(mdns_outbox& out) {
    // One byte more than is taken, so that what was cut off is known to be too long.
    std::array<std::uint8_t, mdns::packet_bytes_max + 1> buffer;
    for (std::size_t i = 0; i < receive_burst; ++i) {
      const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (n < 0) return;
      core_.on_packet({buffer.data(), static_cast<std::size_t>(n)}, now(), out);
    }
  }

  void take_addresses() {
    std::vector<multiaddr> own;
    {
      const std::lock_guard lock(mutex_);
      if (!std::exchange(fresh_, false)) return;
      own = *given_;
    }
    core_.set_addresses(std::move(own), now());
  }

  void loop() {
    mdns_outbox out;
    while (!stopping_.load(std::memory_order_acquire)) {
      take_addresses();
      const bool asks = core_.next_question() <= now();
      if (asks) join_interfaces();
      core_.on_deadline(now(), out);
      for (const auto& packet : std::exchange(out.packets, {})) send(packet);
      if (!out.found.empty()) options_.on_found(std::exchange(out.found, {}));
      wait();
      waker_.clear();
      receive(out);
    }
  }

  void wait() {
    std::array<pollfd, 2> watched{{{fd_, POLLIN, 0}, {waker_.descriptor(), POLLIN, 0}}};
    const duration left = std::max(core_.next_deadline() - now(), duration::zero());
    // Rounded up: one too early would only wait again.
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    ::poll(watched.data(), watched.size(), static_cast<int>(std::min<long>(ms, 3'600'000)));
  }

  mdns_options options_;
  mdns_core core_;
  waker waker_;
  int fd_ = -1;
  std::vector<int> interfaces_;
  std::mutex mutex_;
  std::optional<std::vector<multiaddr>> given_;
  bool fresh_ = false;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

mdns_service::mdns_service(std::unique_ptr<impl> state) noexcept : impl_(std::move(state)) {}
mdns_service::~mdns_service() = default;

result<std::unique_ptr<mdns_service>> mdns_service::start(mdns_options options) {
  auto state = std::make_unique<impl>(std::move(options));
  WEFT_TRY_VOID(state->open());
  return std::unique_ptr<mdns_service>(new mdns_service(std::move(state)));
}

void mdns_service::set_addresses(std::vector<multiaddr> own) {
  impl_->set_addresses(std::move(own));
}

}  // namespace weft::transport::io
