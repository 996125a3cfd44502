// SPDX-License-Identifier: MIT
#include "sim/network.hpp"

#include "base/assert.hpp"
#include "transport/builtin.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace weft::sim {

using transport::frame_fate;

void backlog::tell(transport::protocol_index protocol, std::uint64_t tag, frame_fate fate) {
  network_.tell(node_, peer_, protocol, tag, fate);
}

network::member::member(network& of, node_index number, membership m, endpoint& listener)
    : to(listener),
      self(number),
      down_bytes_per_second(m.where.down_bytes_per_second),
      in(of),
      who(std::move(m)) {
  listen = multiaddr::quic_v1(who.address);
  listen_with_peer = listen.with_peer(who.id);
  transport::identified_event about{who.id, std::move(who.about)};
  about.info.listen_addresses = {listen};
  for (const auto& names :
       {transport::builtin::identify_names, transport::builtin::identify_push_names,
        transport::builtin::ping_names, transport::builtin::perf_names})
    about.info.protocols.insert(about.info.protocols.end(), names.begin(), names.end());
  for (const auto& p : in.protocols_)
    about.info.protocols.insert(about.info.protocols.end(), p.names.begin(), p.names.end());
  introduction.emplace_back(std::move(about));
}

network::network(timeline& time, const network_config& config,
                 std::vector<transport::protocol> protocols, rng random)
    : time_(time), config_(config), protocols_(std::move(protocols)), random_(random) {
  WEFT_ASSERT(protocols_.size() <= protocols_max, "more protocols than a link has lanes for");
  one_frame_.frames.resize(1);
}

network::~network() {
  // Queues that still hold frames tell their fate to members: these must be there.
  for (auto& m : members_) m->peers.clear();
}

node_index network::add(membership who, endpoint& to) {
  const auto number = static_cast<node_index>(members_.size());
  members_.push_back(std::make_unique<member>(*this, number, std::move(who), to));
  std::size_t concerns = 0;
  for (const auto& p : protocols_) concerns = std::max<std::size_t>(concerns, p.concern + 1U);
  members_.back()->told.resize(concerns);
  ids_.push_back(members_.back()->who.id);
  keys_.push_back(key_of(ids_.back()));
  by_address_[members_.back()->who.address] = number;
  const auto enter = [this](node_index n) {
    std::size_t at = keys_[n] & (by_id_.size() - 1);
    while (by_id_[at] != no_node) at = (at + 1) & (by_id_.size() - 1);
    by_id_[at] = n;
  };
  if (members_.size() * 2 > by_id_.size()) {
    by_id_.assign(std::max<std::size_t>(64, by_id_.size() * 2), no_node);
    for (node_index n = 0; n < number; ++n) enter(n);
  }
  enter(number);
  return number;
}

node_index network::find(const peer_id& id) const noexcept {
  if (by_id_.empty()) return no_node;
  for (std::size_t at = key_of(id) & (by_id_.size() - 1);; at = (at + 1) & (by_id_.size() - 1)) {
    const node_index n = by_id_[at];
    if (n == no_node || ids_[n] == id) return n;
  }
}

void network::start(node_index node) {
  member& m = *members_[node];
  m.alive = true;
  m.draining = false;
  m.up_free = m.down_free = m.slow_free = time_.now();
  if (std::exchange(m.started, true)) reconsider_node(node);
}

/// What the peers that still believe in a session with the node hear of it.
void network::reconsider_node(node_index node) {
  for (auto& other : members_)
    if (const peer_slot* slot = slot_of(*other, node); slot != nullptr)
      for (const std::uint32_t place : std::vector(slot->links)) reconsider(place);
}

void network::crash(node_index node) {
  member& m = *members_[node];
  m.alive = false;
  m.events.clear();
  for (auto& t : m.told) t.fates.clear();
  m.unwanted.clear();
  while (!m.peers.empty()) {
    const auto place = m.peers.back().links.back();
    end_session(place, end_of(links_[place], node), transport::close_reason::local, {});
  }
  for (std::uint32_t place = 0; place < links_.size(); ++place)
    if (links_[place].ends[0].node == node && links_[place].ends[0].state == end_state::opening)
      end_attempt(place);
  dials_.remove_if([&](const dial_record& d) { return d.node == node; });
  m.callers.clear();
  m.ring.clear();
  m.dials = 0;
  m.round_pending = false;
  reconsider_node(node);
}

/// Each step follows pointers that the one before has asked for.
void network::expect(const event_queue& next) const noexcept {
  const auto ask_for = [](const void* at, std::size_t lines) {
    for (std::size_t i = 0; i < lines; ++i)
      __builtin_prefetch(static_cast<const char*>(at) + 64 * i);
  };
  if (const event* e = next.ahead(6); e != nullptr && e->node < members_.size()) {
    ask_for(members_[e->node].get(), 2);
    if (!e->body.empty()) ask_for(e->body.data(), 2);
    if (e->link < links_.size()) {
      ask_for(&links_[e->link], 2);
      ask_for(&links_[e->link].ends[1], 1);
    }
  }
  if (const event* e = next.ahead(4); e != nullptr && e->node < members_.size())
    ask_for(&members_[e->node]->to, 3);
  if (const event* e = next.ahead(2); e != nullptr && e->node < members_.size())
    members_[e->node]->to.expect();
}

link* network::find_link(const event& e) {
  link& l = links_[e.link];
  return l.generation == e.generation ? &l : nullptr;
}

bool network::speaks(std::uint8_t protocol, transport::stream_kind kind) const {
  return protocol < protocols_.size() && protocols_[protocol].kind == kind;
}

// -- what a node hears from its own transport ---

void network::need_round(member& m) {
  if (m.round_pending) return;
  m.round_pending = true;
  event e;
  e.kind = event_kind::round;
  e.node = m.self;
  time_.in(config_.reactor_delay, std::move(e));
}

void network::raise(node_index node, transport::event e) {
  member& m = *members_[node];
  if (!m.alive) return;
  m.events.push_back(std::move(e));
  need_round(m);
}

void network::tell(node_index node, node_index peer, std::uint8_t protocol, std::uint64_t tag,
                   frame_fate fate) {
  member& m = *members_[node];
  if (tag == 0 || !m.alive || protocol >= protocols_.size()) return;
  m.told[protocols_[protocol].concern].fates.push_back({ids_[peer], protocol, tag, fate});
  need_round(m);
}

void network::on_round(node_index node) {
  member& m = *members_[node];
  m.round_pending = false;
  if (m.alive) tell_pending(m);
}

void network::tell_pending(member& m) {
  for (std::size_t concern = 0; concern < m.told.size(); ++concern) {
    if (m.told[concern].fates.empty()) continue;
    transport::frame_batch batch;
    std::swap(batch.fates, m.told[concern].fates);
    m.to.on_frames(static_cast<std::uint8_t>(concern), batch);
  }
  if (m.events.empty()) return;
  std::vector<transport::event> events;
  std::swap(events, m.events);
  m.to.on_events(events);
}

void network::now_event(member& m, transport::event e) {
  // What was raised before comes before: a session's end ahead of the next one's begin.
  tell_pending(m);
  one_event_.clear();
  one_event_.push_back(std::move(e));
  m.to.on_events(one_event_);
}

// -- commands ---

void network::execute(node_index node, transport::command_batch& batch) {
  if (!members_[node]->alive) {
    batch.controls.clear();
    batch.sends.clear();
    return;
  }
  for (auto& c : batch.controls) run(node, c);
  for (auto& c : batch.sends) send(node, c);
  batch.controls.clear();
  batch.sends.clear();
}

void network::run(node_index node, transport::control_command& command) {
  std::visit(
      [&](auto& c) {
        using type = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<type, transport::listen_command>) {
          raise(node, transport::listening_event{members_[node]->listen});
        } else if constexpr (std::is_same_v<type, transport::dial_command>) {
          dial(node, c);
        } else if constexpr (std::is_same_v<type, transport::disconnect_command>) {
          disconnect(node, c.peer, c.reason);
        } else if constexpr (std::is_same_v<type, transport::request_command>) {
          ask(node, c);
        } else if constexpr (std::is_same_v<type, transport::respond_command>) {
          respond(node, c);
        } else if constexpr (std::is_same_v<type, transport::push_command>) {
          push(node, c);
        } else if constexpr (std::is_same_v<type, transport::cancel_push_command>) {
          cancel_push(node, c);
        } else if constexpr (std::is_same_v<type, transport::ping_command>) {
          ping(node, c);
        } else if constexpr (std::is_same_v<type, transport::perf_command>) {
          raise(node, transport::perf_event{c.id, c.peer, fail(ec::unsupported)});
        } else if constexpr (std::is_same_v<type, transport::inspect_command>) {
          raise(node, transport::inspect_event{c.id, {}, {members_[node]->listen}});
        } else if constexpr (std::is_same_v<type, transport::drain_command>) {
          members_[node]->draining = true;
          auto& peers = members_[node]->peers;
          while (!peers.empty()) {
            const auto place = peers.back().links.back();
            close(place, end_of(links_[place], node), transport::close_reason::shutdown, {});
          }
          raise(node, transport::drained_event{});
        }
      },
      command);
}

void network::handle(event& e) {
  switch (e.kind) {
    case event_kind::round:
      return on_round(e.node);
    case event_kind::frame:
    case event_kind::request:
    case event_kind::response:
    case event_kind::push:
      return on_arrival(e);
    case event_kind::uplink:
      return on_uplink(e.node);
    case event_kind::window:
      if (link* l = find_link(e)) {
        l->ends[e.end].window_waits = false;
        enqueue(e.link, e.end);
      }
      return;
    case event_kind::dial_step:
      return on_dial_step(e);
    case event_kind::accept:
      return on_accept(e);
    case event_kind::confirm:
      return on_confirm(e);
    case event_kind::identify:
      return on_identify(e);
    case event_kind::close:
      return on_close(e);
    case event_kind::silence:
      return on_silence(e);
    case event_kind::reduce:
      return on_reduce(e);
    default:
      return on_stream_event(e);
  }
}

// -- observers ---

duration network::delay_between(node_index a, node_index b) const {
  const std::uint64_t pair = std::uint64_t{std::min(a, b)} << 32 | std::max(a, b);
  return base_delay(config_.where, members_[a]->who.where, members_[b]->who.where, pair);
}

std::vector<node_index> network::peers_of(node_index node) const {
  std::vector<node_index> out;
  for (const auto& s : members_[node]->peers) out.push_back(s.peer);
  return out;
}

bool network::connected(node_index a, node_index b) const {
  return std::any_of(members_[a]->peers.begin(), members_[a]->peers.end(),
                     [b](const peer_slot& s) { return s.peer == b; });
}

}  // namespace weft::sim
