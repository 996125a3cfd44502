// SPDX-License-Identifier: MIT
#include "tests/messaging/mesh.hpp"

#include <algorithm>
#include <limits>

namespace weft::messaging::testing {

namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

crypto::ed25519_private_key key_of(std::size_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = static_cast<std::uint8_t>(number + 1);
  seed[1] = static_cast<std::uint8_t>(number >> 8);
  return crypto::ed25519_private_key::from_seed(seed);
}

}  // namespace

// -- the store ---

void memory_store::execute(store_operation& op) {
  const auto key = [](const auto& a) { return std::pair{a.sender, a.id}; };
  if (auto* a = std::get_if<append_outbound>(&op.action)) {
    op.outcome = failure;
    if (failure == ec::none) {
      outbound[a->id] = *a;
      accepted.insert(a->id);
    }
  } else if (auto* r = std::get_if<remove_outbound>(&op.action)) {
    outbound.erase(r->id);
  } else if (auto* read = std::get_if<read_outbound>(&op.action)) {
    const auto& file = files.at(read->name);
    op.data = chunk_view::copy(
        bytes_view{file}.subspan(static_cast<std::size_t>(read->offset), read->size));
  } else if (auto* in = std::get_if<append_inbound>(&op.action)) {
    op.outcome = failure;
    if (failure != ec::none) return;
    op.duplicate = !seen.insert(key(*in)).second;
    if (op.duplicate) return;
    op.row = next_row++;
    inbound[op.row] = {op.row,   in->sender, in->id, in->created,    in->received,
                       in->hops, in->body,   {},     in->body.size()};
  } else if (auto* w = std::get_if<write_fragment>(&op.action)) {
    op.outcome = failure;
    if (failure != ec::none) return;
    op.duplicate = seen.contains(key(*w));
    if (op.duplicate) return;
    auto& [state, bytes] = pieces[key(*w)];
    state.sender = w->sender;
    state.id = w->id;
    state.shape = w->shape;
    state.received.resize((w->shape.fragments() + 7) / 8);
    state.received[w->index / 8]
        = static_cast<std::uint8_t>(state.received[w->index / 8] | 1u << (w->index % 8));
    bytes.resize(static_cast<std::size_t>(w->shape.size));
    std::copy(w->data.bytes().begin(), w->data.bytes().end(),
              bytes.begin()
                  + static_cast<std::ptrdiff_t>(std::uint64_t{w->index} * w->shape.fragment_bytes));
  } else if (auto* c = std::get_if<complete_payload>(&op.action)) {
    const auto& bytes = pieces[key(*c)].second;
    if (crypto::sha256(bytes) != c->shape.digest) {
      op.outcome = ec::corrupt;
    } else {
      op.duplicate = !seen.insert(key(*c)).second;
      op.row = next_row++;
      op.file_path = "in/" + c->id.to_string();
      files[op.file_path] = bytes;
      inbound[op.row] = {op.row,  c->sender, c->id,        c->created,   c->received,
                         c->hops, {},        op.file_path, c->shape.size};
    }
    pieces.erase(key(*c));
  } else if (auto* d = std::get_if<drop_payload>(&op.action)) {
    pieces.erase(key(*d));
  } else if (auto* m = std::get_if<mark_shown>(&op.action)) {
    inbound.erase(m->row);
  } else if (auto* remembered = std::get_if<remember_channel>(&op.action)) {
    channels.push_back(*remembered);
  }
}

stored_state memory_store::load() const {
  stored_state state;
  for (const auto& [id, row] : outbound) state.outbound.push_back(row);
  for (const auto& [row, message] : inbound) state.inbound.push_back(message);
  for (const auto& [key, piece] : pieces) state.reassemblies.push_back(piece.first);
  state.channels = channels;
  return state;
}

// -- a node ---

node::node(mesh& owner, std::size_t number, const messaging_config& c)
    : net(owner), index(number), config(c), key(key_of(number)) {
  start();
}

void node::start() {
  ++life;
  metrics = std::make_unique<messaging_metrics>();
  auto secrets = [source = rng{net.random.next()}](bytes_span bytes) mutable {
    for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(source.next());
  };
  core = std::make_unique<messaging_core>(key, config, rng{net.random.next()}, secrets, *metrics,
                                          *this);
}

void node::restart(bool lose_store) {
  out.clear();
  if (lose_store) store = {};
  core.reset();
  start();
  for (const auto& other : net.nodes)
    if (other && other->index != index && net.links.contains({index, other->index})) {
      other->core->on_peer_down(key.id(), net.now, net.wall(), other->out);
      other->core->on_peer_up(key.id(), net.now, net.wall(), other->out);
      other->settle();
    }
  core->restore(store.load(), net.now, net.wall(), out);
  settle();
}

std::optional<peer_id> node::next_hop(const peer_id& destination) const {
  const auto h = net.hop(index, net.find(destination));
  if (!h) return std::nullopt;
  return net.nodes[*h]->key.id();
}

result<message_id> node::send(std::size_t to, std::string_view text, message_class klass,
                              std::uint8_t hops) {
  auto id = core->send(net[to].key.id(), chunk_view::copy(as_bytes(text)), {klass, hops}, net.now,
                       net.wall(), out);
  settle();
  return id;
}

result<message_id> node::send(std::size_t to, chunk_view body, message_class klass) {
  auto id = core->send(net[to].key.id(), std::move(body), {klass, 0}, net.now, net.wall(), out);
  settle();
  return id;
}

result<message_id> node::send_file(std::size_t to, const std::string& name, byte_buffer bytes) {
  const payload_file file{name, bytes.size(), crypto::sha256(bytes)};
  store.files[name] = std::move(bytes);
  auto id = core->send_file(net[to].key.id(), file, {}, net.now, net.wall(), out);
  settle();
  return id;
}

void node::settle() {
  for (const transmit& t : out.transmits) net.post(index, t);
  deliveries.insert(deliveries.end(), out.deliveries.begin(), out.deliveries.end());
  receipts.insert(receipts.end(), out.receipts.begin(), out.receipts.end());
  progresses.insert(progresses.end(), out.progresses.begin(), out.progresses.end());
  writable.insert(writable.end(), out.writable.begin(), out.writable.end());
  if (!out.store.empty()) net.commit(index, std::exchange(out.store, {}));
  out.clear();
}

std::size_t node::count(receipt_status status) const {
  return static_cast<std::size_t>(std::count_if(receipts.begin(), receipts.end(),
                                                [&](const auto& r) { return r.status == status; }));
}

std::size_t node::shown(std::string_view text) const {
  return static_cast<std::size_t>(
      std::count_if(deliveries.begin(), deliveries.end(),
                    [&](const auto& d) { return as_text(d.body) == text; }));
}

// -- the network ---

mesh::mesh(std::size_t count, std::uint64_t seed, messaging_config config) : random(seed) {
  for (std::size_t i = 0; i < count; ++i) nodes.push_back(std::make_unique<node>(*this, i, config));
  compute_routes();
}

mesh::~mesh() = default;

std::size_t mesh::find(const peer_id& id) const {
  for (const auto& n : nodes)
    if (n && n->key.id() == id) return n->index;
  return none;
}

void mesh::compute_routes() {
  const std::size_t n = nodes.size();
  routes_.assign(n, std::vector<std::size_t>(n, none));
  for (std::size_t to = 0; to < n; ++to) {
    std::queue<std::size_t> frontier;
    std::vector<bool> seen(n);
    frontier.push(to);
    seen[to] = true;
    while (!frontier.empty()) {
      const std::size_t at = frontier.front();
      frontier.pop();
      for (std::size_t next = 0; next < n; ++next) {
        if (seen[next] || !links.contains({next, at})) continue;
        seen[next] = true;
        routes_[next][to] = at;
        frontier.push(next);
      }
    }
  }
}

std::optional<std::size_t> mesh::hop(std::size_t i, std::size_t j) const {
  if (j == none) return std::nullopt;
  if (route_override)
    if (const auto forced = route_override(i, j)) return forced;
  return routes_[i][j] == none ? std::nullopt : std::optional{routes_[i][j]};
}

void mesh::link(std::size_t a, std::size_t b) {
  links.insert({a, b});
  links.insert({b, a});
  compute_routes();
  for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
    node& n = *nodes[from];
    n.core->on_peer_up(nodes[to]->key.id(), now, wall(), n.out);
    n.settle();
  }
  for (const auto& n : nodes) {
    n->core->on_route_change(now, wall(), n->out);
    n->settle();
  }
}

void mesh::unlink(std::size_t a, std::size_t b) {
  links.erase({a, b});
  links.erase({b, a});
  compute_routes();
  for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
    node& n = *nodes[from];
    n.core->on_peer_down(nodes[to]->key.id(), now, wall(), n.out);
    n.settle();
  }
}

void mesh::line() {
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) link(i, i + 1);
}

void mesh::push(instant at, std::function<void()> action) {
  queue_.push({at, order_++, std::move(action)});
}

void mesh::post(std::size_t from, const transmit& t) {
  const std::size_t to = find(t.next_hop);
  chunk_view frame = t.frame;
  ++frames;
  if (to == none || !links.contains({from, to})) return;
  if (tap && !tap(from, to, frame)) return;
  if (random.unit() < options.loss) return;
  const int copies = random.unit() < options.duplicate ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    duration delay = options.delay;
    if (options.jitter > duration::zero())
      delay += duration{static_cast<std::int64_t>(
          random.below(static_cast<std::uint64_t>(options.jitter.count())))};
    push(now + delay, [this, from, to, frame] {
      if (!links.contains({from, to})) return;
      node& n = *nodes[to];
      n.core->on_frame(nodes[from]->key.id(), frame, now, wall(), n.out);
      n.core->on_batch_end(now, wall(), n.out);
      n.settle();
    });
  }
}

void mesh::commit(std::size_t at, store_batch&& batch) {
  auto shared = std::make_shared<store_batch>(std::move(batch));
  push(now + commit_delay, [this, at, life = nodes[at]->life, shared] {
    node& n = *nodes[at];
    if (n.life != life) return;  // the process died before its commit
    for (store_operation& op : shared->operations) n.store.execute(op);
    n.core->on_stored(std::move(*shared), now, wall(), n.out);
    n.core->on_batch_end(now, wall(), n.out);
    n.settle();
  });
}

bool mesh::advance(instant limit) {
  instant next = limit;
  node* due = nullptr;
  for (const auto& n : nodes)
    if (const auto at = n->core->next_deadline(); at && *at < next) {
      next = std::max(*at, now);
      due = n.get();
    }
  if (!queue_.empty() && queue_.top().at <= next) {
    const item first = queue_.top();
    if (first.at > limit) return false;
    queue_.pop();
    now = std::max(now, first.at);
    first.action();
    return true;
  }
  if (!due) return false;
  now = next;
  due->core->on_deadline(now, wall(), due->out);
  due->settle();
  return true;
}

void mesh::run(duration time) {
  const instant end = now + time;
  while (advance(end)) {
  }
  now = end;
}

bool mesh::run_until(const std::function<bool()>& done, duration limit) {
  const instant end = now + limit;
  while (!done()) {
    if (!advance(end)) return done();
  }
  return true;
}

}  // namespace weft::messaging::testing
