// SPDX-License-Identifier: MIT
#include "sim/population.hpp"

#include "base/assert.hpp"
#include "base/envelope.hpp"
#include "sim/fake_crypto.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace weft::sim {

namespace {

/// What the experiment's own randomness is for, beside the nodes'.
enum class purpose : std::uint64_t { identities = 1000, settings, network, skew };

constexpr std::uint16_t port = 4001;

rng random_for(std::uint64_t seed, purpose what) {
  rng root(seed);
  return root.fork(static_cast<std::uint64_t>(what));
}

/// Each node in a /24 of its own: limits on IP groups see a network of strangers.
ip_endpoint address_of(node_index n) {
  ip_endpoint e;
  const std::uint32_t group = n + (20U << 16);
  e.address = {static_cast<std::uint8_t>(group >> 16), static_cast<std::uint8_t>(group >> 8),
               static_cast<std::uint8_t>(group), 7};
  e.port = port;
  return e;
}

}  // namespace

membership population::make_member(node_index n, rng& random,
                                   std::optional<crypto::ed25519_private_key>& key) const {
  membership who;
  std::array<std::uint8_t, 32> drawn{};
  for (std::size_t at = 0; at < drawn.size(); ++at)
    drawn[at] = static_cast<std::uint8_t>(random.next());
  who.where = draw_site(net_->config().where, random);
  who.address = address_of(n);
  who.about.agent_version = "weft-sim";
  if (!scenario_.nodes.real_crypto) {
    who.id = peer_id::from_ed25519(drawn);
    who.about.public_key = crypto::ed25519_public_key_protobuf(drawn);
    return who;
  }
  key.emplace(crypto::ed25519_private_key::from_seed(drawn));
  who.id = key->id();
  who.about.public_key = crypto::ed25519_public_key_protobuf(key->public_key());
  peer_record record;
  record.id = who.id;
  record.sequence = 1;
  record.addresses = {multiaddr::quic_v1(who.address)};
  who.about.signed_peer_record
      = seal_envelope(*key, peer_record_domain, peer_record_type, encode_peer_record(record));
  return who;
}

population::population(const scenario& s, std::uint64_t seed, node_observer& observer)
    : scenario_(s), founders_(s.nodes.count) {
  rng settings_random = random_for(seed, purpose::settings);
  const node_settings base = settings_for(s);
  network_config net = network_for(s);
  if (s.nodes.random_limits) net = randomised(net, settings_random);
  net_ = std::make_unique<network>(time_, net, node_protocols(base.gossip, base.dht),
                                   random_for(seed, purpose::network));
  context_ = std::make_unique<node_context>(
      node_context{time_,
                   *net_,
                   observer,
                   s.nodes.real_crypto ? dht::validator_set::standard() : fake_validators(),
                   {"weft/sim"},
                   std::make_shared<hosts::gossip_host_memory>(),
                   wall_time(std::chrono::hours(24 * 365 * 56)),
                   seed});
  rng identities = random_for(seed, purpose::identities);
  rng skews = random_for(seed, purpose::skew);
  const node_index newcomers = founders_ * s.faults.churn_percent / 100;
  const auto skew_span = static_cast<std::uint64_t>(s.faults.skew_max.count()) * 2 + 1;
  for (node_index n = 0; n < founders_ + newcomers; ++n) {
    std::optional<crypto::ed25519_private_key> key;
    membership who = make_member(n, identities, key);
    const bool draws = s.nodes.random_limits;
    nodes_.push_back(std::make_unique<sim_node>(
        *context_, draws ? randomised(base, settings_random) : base, std::move(key)));
    nodes_.back()->set_skew(duration(static_cast<duration::rep>(skews.below(skew_span)))
                            - s.faults.skew_max);
    const node_index given = net_->add(std::move(who), *nodes_.back());
    WEFT_ASSERT(given == n, "nodes and their places in the network have the same numbers");
    nodes_.back()->join(n);
  }
  stays_.resize(nodes_.size());
}

void population::start(node_index n, rng& random) {
  std::vector<multiaddr> bootstrap;
  // Founders name each other whether or not they are up yet, as a deployment's configuration does;
  // newcomers are told of some that run. A restart reads the same configuration file.
  if (nodes_[n]->life() == 0) {
    std::set<node_index> chosen{n};
    for (std::uint32_t attempt = 0; attempt < scenario_.nodes.dials * 2; ++attempt) {
      const node_index other
          = n < founders_ ? static_cast<node_index>(random.below(founders_)) : random_live(random);
      if (bootstrap.size() == scenario_.nodes.dials || other == no_node) break;
      if (chosen.insert(other).second)
        bootstrap.push_back(net_->address_of(other).with_peer(net_->id_of(other)));
    }
    nodes_[n]->set_bootstrap(std::move(bootstrap));
  }
  nodes_[n]->boot();
  stays_[n].push_back({time_.now(), instant::max()});
}

void population::crash(node_index n, bool keep_disk) {
  if (!nodes_[n]->running()) return;
  nodes_[n]->crash(keep_disk);
  stays_[n].back().until = time_.now();
}

bool population::stayed(node_index n, instant from, instant until) const {
  return std::any_of(stays_[n].begin(), stays_[n].end(),
                     [&](const stay& s) { return s.from <= from && s.until >= until; });
}

std::vector<node_index> population::live() const {
  std::vector<node_index> out;
  for (node_index n = 0; n < size(); ++n)
    if (nodes_[n]->running()) out.push_back(n);
  return out;
}

node_index population::random_live(rng& random) const {
  for (int attempt = 0; attempt < 64; ++attempt) {
    const auto n = static_cast<node_index>(random.below(nodes_.size()));
    if (nodes_[n]->running()) return n;
  }
  const auto all = live();
  return all.empty() ? no_node : all[random.below(all.size())];
}

}  // namespace weft::sim
