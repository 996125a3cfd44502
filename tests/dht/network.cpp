// SPDX-License-Identifier: MIT
#include "tests/dht/network.hpp"

#include "dht/kad_id.hpp"
#include "dht/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace weft::dht::test {

namespace {

using namespace std::chrono_literals;

// One-way delays in milliseconds between eight regions, and how many nodes of a hundred live there:
// North America east and west, Europe west and east, South America, Asia east and south, Australia.
constexpr std::size_t regions = 8;
constexpr std::array<std::array<int, regions>, regions> world_ms{{
    {5, 32, 38, 52, 58, 85, 95, 100},
    {32, 5, 70, 80, 85, 55, 110, 70},
    {38, 70, 5, 15, 95, 115, 60, 130},
    {52, 80, 15, 5, 110, 120, 55, 140},
    {58, 85, 95, 110, 10, 135, 150, 150},
    {85, 55, 115, 120, 135, 8, 45, 60},
    {95, 110, 60, 55, 150, 45, 10, 75},
    {100, 70, 130, 140, 150, 60, 75, 8},
}};
constexpr std::array<std::uint64_t, regions> population{20, 15, 25, 12, 6, 12, 6, 4};

}  // namespace

result<merit> ranked_validator::validate(bytes_view, bytes_view value, wall_time) const {
  const auto text = as_text(value);
  std::uint64_t rank = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), rank);
  if (read.ec != std::errc{} || rank == 0 || read.ptr == text.data() + text.size()
      || *read.ptr != ':')
    return fail(ec::malformed);
  return merit{rank, wall_time::max()};
}

std::shared_ptr<const validator_set> test_validators() {
  auto set = std::make_shared<validator_set>();
  set->add("v", std::make_unique<ranked_validator>());
  return set;
}

byte_buffer value_key(std::uint64_t number) {
  return to_buffer(as_bytes("/v/" + std::to_string(number)));
}

chunk_view ranked_value(std::uint64_t rank, std::string_view text) {
  return chunk_view::copy(as_bytes(std::to_string(rank) + ":" + std::string{text}));
}

network::network(const network_options& options) : random(options.seed), options_(options) {}
network::~network() = default;

duration network::one_way(std::size_t a, std::size_t b) {
  if (!options_.world) return options_.delay;
  const node& x = *nodes_[a];
  const node& y = *nodes_[b];
  const duration base = std::chrono::milliseconds(world_ms[x.region][y.region]);
  const auto jitter
      = static_cast<duration::rep>(random.below(static_cast<std::uint64_t>(base.count()) / 16 + 1));
  return base + x.access + y.access + duration(jitter);
}

void network::at(instant when, event what) {
  events_.push({when, order_++, std::make_shared<event>(std::move(what))});
}

std::size_t network::add(bool server, lie lies) {
  const std::size_t n = nodes_.size();
  auto made = std::make_unique<node>();
  ed25519_public_key key{};
  rng draw = random.fork(n);
  for (auto& byte : key) byte = static_cast<std::uint8_t>(draw.next());
  made->id = peer_id::from_ed25519(key);
  const auto prefix = static_cast<std::uint32_t>(shared_prefix_.value_or(0x20000000u + n * 0x100));
  ip_endpoint at{};
  const std::uint32_t ip = prefix + (shared_prefix_ ? static_cast<std::uint32_t>(n % 250) : 7);
  for (std::size_t i = 0; i < 4; ++i) at.address[i] = static_cast<std::uint8_t>(ip >> (24 - 8 * i));
  at.port = static_cast<std::uint16_t>(4001 + n % 50'000);
  made->address = multiaddr::quic_v1(at);
  std::uint64_t place = draw.below(100);
  while (place >= population[made->region]) place -= population[made->region++];
  made->access = std::chrono::microseconds(500 + draw.below(6000));
  made->server = server;
  made->lies = lies;
  made->counters = std::make_unique<dht_metrics>();
  by_id_.emplace(made->id, n);
  by_address_.emplace(as_text(made->address.bytes()), n);
  nodes_.push_back(std::move(made));
  boot(n);
  join(n);
  return n;
}

void network::add_many(std::size_t count, duration apart) {
  for (std::size_t i = 0; i < count; ++i) {
    add();
    run(apart);
  }
}

void network::boot(std::size_t n) {
  node& x = *nodes_[n];
  ++x.boot;
  x.alive = true;
  x.sessions.clear();
  dht_config config = options_.config;
  config.server = x.server;
  x.core = std::make_unique<dht_core>(x.id, config, test_validators(), random.fork(n), *x.counters);
  x.core->set_addresses({x.address});
  outbox out;
  x.core->start(x.disk, wall(), now_, out);
  for (auto& op : out.store) store(n, op);
  for (auto& q : out.queries) dispatch(n, std::move(q));
  arm(n);
}

void network::kill(std::size_t n) {
  node& x = *nodes_[n];
  x.alive = false;
  x.timer.reset();
  const std::uint64_t boot = ++x.boot;
  // Those it was connected to notice when the session has been idle for long.
  for (const auto& [other, used] : x.sessions) {
    at(now_ + options_.idle_timeout, [this, n, peer = other, boot] {
      node& y = *nodes_[peer];
      if (nodes_[n]->boot != boot || y.sessions.erase(n) == 0 || !y.alive) return;
      outbox out;
      y.core->on_peer_gone(nodes_[n]->id, now_, out);
    });
  }
  x.core.reset();
}

void network::restart(std::size_t n, bool joins) {
  boot(n);
  if (joins) join(n);
}

/// Every node is told of a bootstrap node that does not lie, and of two others.
void network::join(std::size_t n) {
  std::vector<std::size_t> honest = truth({});
  std::erase(honest, n);
  if (honest.empty()) return;
  std::sort(honest.begin(), honest.end());
  connect(n, honest[random.below(std::min<std::size_t>(honest.size(), 8))]);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t other = random_alive();
    if (other != n && nodes_[other]->lies != lie::silence) connect(n, other);
  }
}

void network::connect(std::size_t a, std::size_t b) {
  if (a == b || !nodes_[a]->alive || !nodes_[b]->alive) return;
  session_up(a, b, one_way(a, b) * 2);
}

std::size_t network::random_alive() {
  for (;;) {
    const std::size_t n = random.below(nodes_.size());
    if (nodes_[n]->alive) return n;
  }
}

std::vector<std::size_t> network::truth(bytes_view key) const {
  std::vector<std::size_t> out;
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    if (nodes_[n]->alive && nodes_[n]->server && nodes_[n]->lies == lie::none) out.push_back(n);
  const kad_id target = kad_id::of(key);
  std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
    return (kad_id::of(id(a)) ^ target) < (kad_id::of(id(b)) ^ target);
  });
  return out;
}

void network::run(duration span) {
  const instant end = now_ + span;
  while (!events_.empty() && events_.top().at <= end) {
    const auto what = events_.top().what;
    now_ = std::max(now_, events_.top().at);
    events_.pop();
    ++events_handled_;
    (*what)();
  }
  now_ = end;
}

// -- the nodes ---

void network::arm(std::size_t n) {
  node& x = *nodes_[n];
  const auto next = x.core->next_deadline();
  if (!next || (x.timer && *x.timer <= *next)) return;
  x.timer = *next;
  at(std::max(*next, now_), [this, n, boot = x.boot, when = *next] {
    node& y = *nodes_[n];
    if (y.boot != boot || !y.alive || y.timer != when) return;
    y.timer.reset();
    outbox out;
    y.core->on_deadline(wall(), now_, out);
    for (auto& op : out.store) store(n, op);
    for (auto& end : out.finished) y.finished[end.id] = std::move(end.result);
    for (auto& q : out.queries) dispatch(n, std::move(q));
    arm(n);
  });
}

void network::store(std::size_t n, store_operation& op) {
  stored_state& disk = nodes_[n]->disk;
  const auto erase_record = [&](bytes_view key) {
    std::erase_if(disk.records, [&](const auto& r) { return std::ranges::equal(r.key, key); });
  };
  const auto erase_provider = [&](bytes_view key, const peer_id& who) {
    std::erase_if(disk.providers, [&](const auto& p) {
      return std::ranges::equal(p.key, key) && p.provider == who;
    });
  };
  if (auto* put = std::get_if<put_record>(&op)) {
    erase_record(put->record.key);
    disk.records.push_back(std::move(put->record));
  } else if (auto* gone = std::get_if<remove_record>(&op)) {
    erase_record(gone->key);
  } else if (auto* provider = std::get_if<put_provider>(&op)) {
    erase_provider(provider->entry.key, provider->entry.provider);
    disk.providers.push_back(std::move(provider->entry));
  } else if (auto* left = std::get_if<remove_provider>(&op)) {
    erase_provider(left->key, left->provider);
  } else if (auto* peers = std::get_if<replace_peers>(&op)) {
    disk.peers = std::move(peers->peers);
  }
}

outcome network::perform(std::size_t n, const starter& start) {
  node& x = *nodes_[n];
  const ticket mine = next_ticket_++;
  outbox out;
  start(*x.core, mine, out);
  for (auto& op : out.store) store(n, op);
  for (auto& end : out.finished) x.finished[end.id] = std::move(end.result);
  for (auto& q : out.queries) dispatch(n, std::move(q));
  arm(n);
  while (!x.finished.contains(mine) && !events_.empty()) {
    const auto what = events_.top().what;
    now_ = std::max(now_, events_.top().at);
    events_.pop();
    ++events_handled_;
    (*what)();
  }
  outcome result = std::move(x.finished[mine]);
  x.finished.erase(mine);
  return result;
}

outcome network::put(std::size_t n, bytes_view key, chunk_view value, put_options o) {
  return perform(n, [&](dht_core& core, ticket t, outbox& out) {
    core.put_value(t, key, value, o, wall(), now_, out);
  });
}
outcome network::get(std::size_t n, bytes_view key, get_options o) {
  return perform(n, [&](dht_core& core, ticket t, outbox& out) {
    core.get_value(t, key, o, wall(), now_, out);
  });
}
outcome network::find(std::size_t n, const peer_id& target, find_peer_options o) {
  return perform(n, [&](dht_core& core, ticket t, outbox& out) {
    core.find_peer(t, target, o, wall(), now_, out);
  });
}
outcome network::closest(std::size_t n, bytes_view key, closest_options o) {
  return perform(n, [&](dht_core& core, ticket t, outbox& out) {
    core.closest_peers(t, key, o, wall(), now_, out);
  });
}
outcome network::provide(std::size_t n, bytes_view key, put_options o) {
  return perform(n, [&](dht_core& core, ticket t, outbox& out) {
    core.provide(t, key, o, wall(), now_, out);
  });
}
outcome network::providers(std::size_t n, bytes_view key, find_providers_options o) {
  return perform(n, [&](dht_core& core, ticket t, outbox& out) {
    core.find_providers(t, key, o, wall(), now_, out);
  });
}

}  // namespace weft::dht::test
