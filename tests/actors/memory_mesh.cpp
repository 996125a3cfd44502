// SPDX-License-Identifier: MIT
#include "tests/actors/memory_mesh.hpp"

#include "actors/protocols.hpp"

namespace weft::actors {

using namespace std::chrono_literals;

// -- store ---

bool memory_store::submit(messaging::store_batch& batch) {
  if (full) {
    for (auto& op : batch.operations) op.outcome = ec::queue_full;
    return false;
  }
  queue_.push_back(std::move(batch));
  batch.operations.clear();
  return true;
}

bool memory_store::commit(io_links& links) {
  if (queue_.empty()) return false;
  auto batch = std::make_shared<messaging::store_batch>(std::move(queue_.front()));
  queue_.pop_front();
  for (auto& op : batch->operations) execute(op);
  ++commits;
  if (const auto to = links.messaging.handle()) tell(*to, stored_batch{std::move(batch)});
  return true;
}

void memory_store::execute(messaging::store_operation& op) {
  using namespace messaging;
  op.outcome = ec::none;
  if (const auto* out = std::get_if<append_outbound>(&op.action)) {
    outbound_.emplace(out->id, *out);
  } else if (const auto* gone = std::get_if<remove_outbound>(&op.action)) {
    outbound_.erase(gone->id);
  } else if (const auto* in = std::get_if<append_inbound>(&op.action)) {
    op.duplicate = !seen_.insert({in->sender, in->id}).second;
    if (op.duplicate) return;
    op.row = next_row_++;
    stored_inbound row;
    row.row = op.row;
    row.sender = in->sender;
    row.id = in->id;
    row.created = in->created;
    row.received = in->received;
    row.hops = in->hops;
    row.body = in->body;
    row.size = in->body.size();
    inbound_.emplace(op.row, std::move(row));
  } else if (const auto* seen = std::get_if<mark_shown>(&op.action)) {
    if (inbound_.erase(seen->row) == 0) op.outcome = ec::not_found;
  } else if (const auto* channel = std::get_if<remember_channel>(&op.action)) {
    channels_.push_back(*channel);
  } else {
    op.outcome = ec::io;
  }
}

result<messaging::stored_state> memory_store::load(io_links& links) {
  while (commit(links)) {
  }
  messaging::stored_state out;
  for (const auto& [id, m] : outbound_) out.outbound.push_back(m);
  for (const auto& [row, m] : inbound_) out.inbound.push_back(m);
  out.channels = channels_;
  return out;
}

// -- node ---

namespace {

crypto::ed25519_private_key key_of(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(number);
  return crypto::ed25519_private_key::from_seed(seed);
}

}  // namespace

mesh_node::mesh_node(memory_mesh& m, std::uint8_t n)
    : number(n), mesh(m), identity(key_of(n)), team(identity) {}

multiaddr mesh_node::address() const {
  return multiaddr::parse("/ip4/127.0.0.1/udp/" + std::to_string(4000 + number) + "/quic-v1")
      ->with_peer(team.self);
}

void mesh_node::start(std::vector<multiaddr> bootstrap) {
  crew_options o;
  o.identity = &identity;
  o.listen = {address().without_peer()};
  o.session.bootstrap = std::move(bootstrap);
  o.port = this;
  o.store = &store;
  o.load = [this] { return store.load(team.links); };
  o.wall = [this] { return mesh.system.wall(); };
  o.fresh_rng = [this] { return mesh.system.random().fork(number); };
  o.secrets = [this](bytes_span out) {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(mesh.system.random().next());
  };
  o.on_listening = [this](const result<void>& r) { listening = r.has_value(); };
  o.load_records = [] { return dht::stored_state{}; };
  o.store_records = [](std::vector<dht::store_operation>&&) {};
  o.processor = [] { return duration::zero(); };
  team.set_options(std::move(o));
  static_cast<void>(
      team.inbox.follow([this](const inbox_message& m) { shown.emplace_back(as_text(m.body)); }));
  supervisor_parts parts;
  parts.children = team.children(*mesh.system);
  parts.config = supervision;
  parts.on_fatal = [this](std::string_view actor, const error&) { fatal.emplace_back(actor); };
  supervisor = spawn_state<supervisor_actor, supervisor_actor_impl>(*mesh.system, std::move(parts));
}

void mesh_node::post(transport::command_batch&& batch) {
  for (const auto& c : batch.controls) mesh.control(*this, c);
  for (auto& s : batch.sends) mesh.carry(*this, std::move(s));
}

void mesh_node::send(const peer_id& to, std::string_view text, bool durable, duration timeout) {
  send_question q;
  q.message.to = to;
  byte_buffer body{static_cast<std::uint8_t>(body_kind::user)};
  append(body, as_bytes(text));
  q.message.body = chunk_view::copy(body);
  q.message.options.klass
      = durable ? messaging::message_class::durable : messaging::message_class::volatile_;
  q.timeout = timeout;
  q.answer = reply<receipt>([this](result<receipt> r) {
    if (r)
      receipts.push_back(*r);
    else
      failures.push_back(r.error());
  });
  if (const auto handle = team.links.messaging.handle()) tell(*handle, std::move(q));
}

// -- mesh ---

memory_mesh::memory_mesh(std::uint64_t seed) : system(seed) {
  system.add_worker([this] { return deliver_one(); });
  system.add_worker([this] {
    for (const auto& n : nodes)
      if (n->store.commit(n->team.links)) return true;
    return false;
  });
}

memory_mesh::~memory_mesh() {
  for (const auto& n : nodes)
    if (n->supervisor) tell(*n->supervisor, drain_question{0s, {}});
  system.run_for(30s);
  for (const auto& n : nodes) {
    n->team.links.disconnect_all();
    n->supervisor.reset();
  }
}

mesh_node& memory_mesh::add() {
  nodes.push_back(std::make_unique<mesh_node>(*this, static_cast<std::uint8_t>(nodes.size() + 1)));
  return *nodes.back();
}

mesh_node* memory_mesh::find(const peer_id& id) {
  for (const auto& n : nodes)
    if (n->id() == id) return n.get();
  return nullptr;
}

void memory_mesh::tell_event(mesh_node& to, transport::event e) {
  reactor_[to.id()].push_back({std::move(e), {}});
}

void memory_mesh::connect(mesh_node& a, mesh_node& b, transport::request_id dial) {
  if (const auto at = links_.find({a.id(), b.id()}); at != links_.end()) {
    if (dial != 0)
      tell_event(a, transport::session_up_event{
                        b.id(), at->second, transport::direction::outbound, b.address(), {}, dial});
    return;
  }
  links_[{a.id(), b.id()}] = next_session_++;
  links_[{b.id(), a.id()}] = next_session_++;
  tell_event(a,
             transport::session_up_event{b.id(), links_[{a.id(), b.id()}],
                                         transport::direction::outbound, b.address(), 2ms, dial});
  tell_event(b, transport::session_up_event{a.id(), links_[{b.id(), a.id()}],
                                            transport::direction::inbound, a.address(), 2ms, 0});
}

void memory_mesh::cut(mesh_node& a, mesh_node& b) {
  for (const auto& [x, y] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    const auto at = links_.find({x->id(), y->id()});
    if (at == links_.end()) continue;
    tell_event(*x, transport::session_down_event{y->id(), at->second,
                                                 transport::close_reason::remote, "cut"});
    links_.erase(at);
  }
}

void memory_mesh::control(mesh_node& from, const transport::control_command& command) {
  using namespace transport;
  if (const auto* listen = std::get_if<listen_command>(&command)) {
    tell_event(from, listening_event{listen->address});
  } else if (const auto* dial = std::get_if<dial_command>(&command)) {
    ++from.dials;
    mesh_node* to = nullptr;
    for (const auto& n : nodes)
      for (const auto& a : dial->addresses)
        if (a.without_peer() == n->address().without_peer()) to = n.get();
    if (to && to->listening && (!dial->expected || *dial->expected == to->id()))
      connect(from, *to, dial->id);
    else
      tell_event(from, dial_failed_event{dial->id, dial->expected,
                                         error(ec::unreachable, "nobody listens there")});
  } else if (const auto* off = std::get_if<disconnect_command>(&command)) {
    if (auto* to = find(off->peer)) cut(from, *to);
  } else if (const auto* ping = std::get_if<ping_command>(&command)) {
    tell_event(from, ping_event{ping->id, ping->peer, round_trip});
  } else if (const auto* inspect = std::get_if<inspect_command>(&command)) {
    inspect_event e{inspect->id, {}, {from.address().without_peer()}};
    for (const auto& [ends, session] : links_) {
      if (ends.first != from.id()) continue;
      session_info info;
      info.peer = ends.second;
      info.session = session;
      info.smoothed_rtt = round_trip;
      e.sessions.push_back(std::move(info));
    }
    tell_event(from, std::move(e));
  } else if (std::holds_alternative<drain_command>(command)) {
    for (const auto& n : nodes) cut(from, *n);
    tell_event(from, drained_event{});
  }
}

void memory_mesh::carry(mesh_node& from, transport::send_command&& command) {
  auto* to = find(command.peer);
  if (!to || !links_.contains({from.id(), command.peer})) return;
  ++frames;
  if (loss_percent > 0 && system.random().below(100) < loss_percent) return;
  reactor_[to->id()].push_back(
      {std::nullopt, transport::frame{from.id(), command.protocol, std::move(command.body)}});
}

bool memory_mesh::deliver_one() {
  std::vector<peer_id> ready;
  for (const auto& [id, queue] : reactor_)
    if (!queue.empty()) ready.push_back(id);
  if (ready.empty()) return false;
  const auto id = ready[system.random().below(ready.size())];
  auto& node = *find(id);
  auto& queue = reactor_[id];
  auto listeners = node.team.links.listeners();
  // A round of the reactor: its events first, then the frames behind them, batched by concern.
  const auto count = 1 + system.random().below(std::min<std::size_t>(queue.size(), 32));
  std::vector<transport::event> events;
  std::vector<transport::frame_batch> batches(listeners.size());
  std::size_t taken = 0;
  while (taken < count && !queue.empty() && queue.front().event) {
    events.push_back(std::move(*queue.front().event));
    queue.pop_front();
    ++taken;
  }
  while (taken < count && !queue.empty() && !queue.front().event) {
    auto& frame = queue.front().frame;
    const auto concern = frame.protocol == message_protocol ? messaging_concern : routing_concern;
    batches[concern].frames.push_back(std::move(frame));
    queue.pop_front();
    ++taken;
  }
  if (!events.empty()) node.team.links.on_events(std::move(events));
  for (std::size_t i = 0; i < batches.size(); ++i)
    if (!batches[i].frames.empty())
      listeners[i]->on_frames(
          std::make_shared<const transport::frame_batch>(std::move(batches[i])));
  return true;
}

}  // namespace weft::actors
