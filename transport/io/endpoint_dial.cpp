// SPDX-License-Identifier: MIT
#include "transport/io/quic_endpoint.hpp"

#include <ifaddrs.h>
#include <utility>

/// Listening and dialling.
namespace weft::transport::io {
namespace {

/// The addresses under which others may reach a socket bound to any address: the machine's own,
/// loopback only for want of others.
std::vector<ip_endpoint> machine_addresses(bool v6, std::uint16_t port) {
  std::vector<ip_endpoint> out;
  std::vector<ip_endpoint> loopback;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return out;
  for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != (v6 ? AF_INET6 : AF_INET)) continue;
    socket_address a(i->ifa_addr, v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    if (v6 && IN6_IS_ADDR_LINKLOCAL(&a.in6().sin6_addr)) continue;
    a.set_port(port);
    (a.endpoint().loopback() ? loopback : out).push_back(a.endpoint());
  }
  ::freeifaddrs(list);
  return out.empty() ? loopback : out;
}

}  // namespace

// -- listening ---

result<udp_socket*> quic_endpoint::open_socket(const ip_endpoint& endpoint) {
  WEFT_TRY(auto socket, udp_socket::open(endpoint, {options_.socket_buffer_bytes,
                                                    options_.segmentation_offload}));
  if (const auto fit = bandwidth_.receive_buffer_bytes(options_.socket_buffer_bytes);
      fit != options_.socket_buffer_bytes)
    socket.set_receive_buffer(fit);
  sockets_.push_back(std::make_unique<udp_socket>(std::move(socket)));
  add_socket_(*sockets_.back());
  return sockets_.back().get();
}

void quic_endpoint::listen(const multiaddr& address) {
  const auto endpoint = address.quic_v1_endpoint();
  if (!endpoint) {
    context_.events.push_back(listen_failed_event{
        address,
        error(ec::unsupported, "only /ip4 or /ip6, /udp/PORT/quic-v1 can be listened on")});
    return;
  }
  const auto socket = open_socket(*endpoint);
  if (!socket) {
    context_.events.push_back(listen_failed_event{address, socket.error()});
    return;
  }
  const ip_endpoint bound = (*socket)->bound().endpoint();
  context_.events.push_back(listening_event{multiaddr::quic_v1(bound)});
  if (bound.unspecified())
    for (const auto& e : machine_addresses(bound.v6, bound.port))
      listening_.push_back(multiaddr::quic_v1(e));
  else
    listening_.push_back(multiaddr::quic_v1(bound));
  certify_addresses();
  for (auto& [id, slot] : peers_)
    if (slot->chosen != nullptr) slot->chosen->push_identify();
}

// -- dialling ---

result<net_path> quic_endpoint::path_towards(const ip_endpoint& remote) {
  udp_socket* socket = nullptr;
  for (const auto& s : sockets_) {
    const ip_endpoint bound = s->bound().endpoint();
    if (bound.v6 != remote.v6) continue;
    if (bound.unspecified() || bound.loopback() == remote.loopback()) {
      socket = s.get();
      break;
    }
  }
  if (socket == nullptr) {
    ip_endpoint any;
    any.v6 = remote.v6;
    WEFT_TRY(socket, open_socket(any));
  }
  const socket_address target(remote);
  socket_address local = socket->bound();
  if (local.endpoint().unspecified()) {
    WEFT_TRY(local, udp_socket::source_towards(target));
    local.set_port(socket->bound().port());
  }
  return net_path{socket, local, target};
}

void quic_endpoint::dial(dial_command&& c) {
  auto& m = context_.metrics;
  ++m.dial_attempts;
  const auto refuse = [&](error why) {
    ++m.dial_failures[dial_failure_of(why.code)];
    context_.events.push_back(dial_failed_event{c.id, c.expected, std::move(why)});
  };
  if (drain_until_) return refuse(ec::stopping);
  if (c.expected && *c.expected == context_.self)
    return refuse({ec::bad_argument, "this is the node itself"});
  if (c.expected && bans(*c.expected)) {
    ++m.limit_rejections[limit_kind::access];
    return refuse({ec::denied, "an access rule bans this peer"});
  }
  if (c.expected)
    if (const session* s = session_of(*c.expected)) {
      context_.events.push_back(session_up_event{
          s->peer(), s->id(), s->side(),
          multiaddr::quic_v1(s->conn->path().remote.endpoint()).with_peer(s->peer()), s->handshake,
          c.id});
      return;
    }
  if (context_.memory != memory_level::calm) {
    ++m.limit_rejections[limit_kind::memory];
    return refuse({ec::limit, "the node nears its cap of memory"});
  }
  if (dials_.size() >= context_.bounds.dials_max) {
    ++m.limit_rejections[limit_kind::dials];
    return refuse({ec::limit, "too many dials at once"});
  }
  const std::uint64_t number = next_number_++;
  dial_state& d = dials_[number];
  d.id = c.id;
  d.expected = std::move(c.expected);
  d.addresses = std::move(c.addresses);
  if (d.addresses.size() > context_.bounds.dial_addresses_max)
    d.addresses.resize(context_.bounds.dial_addresses_max);
  m.dials_in_progress.set(static_cast<std::int64_t>(dials_.size()));
  dial_next(number);
}

error quic_endpoint::try_address(std::uint64_t number, dial_state& d, const multiaddr& address) {
  const auto endpoint = address.quic_v1_endpoint();
  if (!endpoint) return {ec::unsupported, address.to_string() + " is not a quic-v1 address"};
  auto expected = d.expected;
  if (!expected) expected = address.peer();
  if (address.peer() && expected && *address.peer() != *expected)
    return {ec::wrong_peer, address.to_string() + " names another peer"};
  if (!admits(*endpoint)) {
    ++context_.metrics.limit_rejections[limit_kind::access];
    return {ec::denied, "an access rule bans the address " + address.to_string()};
  }
  const auto path = path_towards(*endpoint);
  if (!path) return path.error();
  session& s = add_session(direction::outbound);
  auto conn = quic_conn::dial(profile_, *path, expected, s, context_.now);
  if (!conn) {
    for (const auto& id : s.ids) ids_.erase(id);
    sessions_.erase(s.id());
    return conn.error();
  }
  s.conn = std::move(*conn);
  s.dial = d.id;
  s.attempt = number;
  d.attempts.push_back(s.id());
  touch(s);
  return {};
}

void quic_endpoint::dial_next(std::uint64_t number) {
  const auto it = dials_.find(number);
  if (it == dials_.end()) return;
  dial_state& d = it->second;
  while (d.next < d.addresses.size()) {
    if (error why = try_address(number, d, d.addresses[d.next++]); why.code != ec::none) {
      d.last = std::move(why);
      continue;
    }
    if (d.next < d.addresses.size())
      d.timer = call_at(context_.now + context_.bounds.dial_stagger,
                        [this, number] { dial_next(number); });
    return;
  }
  if (d.attempts.empty()) give_up_dial(number, d.last);
}

void quic_endpoint::give_up_dial(std::uint64_t number, error why) {
  dial_state d = std::move(dials_.at(number));
  dials_.erase(number);
  cancel_call(d.timer);
  ++context_.metrics.dial_failures[dial_failure_of(why.code)];
  context_.metrics.dials_in_progress.set(static_cast<std::int64_t>(dials_.size()));
  context_.events.push_back(dial_failed_event{d.id, d.expected, std::move(why)});
}

void quic_endpoint::dial_failed(session& s, error why) {
  const auto it = dials_.find(s.attempt);
  if (it == dials_.end()) return;
  dial_state& d = it->second;
  std::erase(d.attempts, s.id());
  // What a node answered says more than silence.
  if (d.last.code == ec::unreachable || why.code != ec::timeout) d.last = std::move(why);
  if (d.next < d.addresses.size()) {
    cancel_call(std::exchange(d.timer, 0));
    return dial_next(s.attempt);
  }
  if (d.attempts.empty()) give_up_dial(s.attempt, d.last);
}

void quic_endpoint::dial_done(session& s) {
  const auto it = dials_.find(s.attempt);
  if (it == dials_.end()) {
    // Another address of the same dial was faster and has answered it.
    s.dial = 0;
    return;
  }
  const dial_state d = std::move(it->second);
  dials_.erase(it);
  cancel_call(d.timer);
  context_.metrics.dials_in_progress.set(static_cast<std::int64_t>(dials_.size()));
  for (const session_id other : d.attempts)
    if (const auto at = sessions_.find(other); other != s.id() && at != sessions_.end())
      at->second->wish_close(close_reason::superseded, session_error::supplanted,
                             "another address won");
}

}  // namespace weft::transport::io
