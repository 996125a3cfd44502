// SPDX-License-Identifier: MIT
#include "sim/liar.hpp"

#include "dht/kad_id.hpp"
#include "dht/message.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace weft::sim {

namespace {

constexpr std::size_t named_peers = 20;
constexpr std::size_t answer_bytes_max = 16 * 1024;

enum class manner : std::uint8_t { conspires, invents, is_silent, forges, count_ };

struct liars {
  population& nodes;
  std::vector<node_index> all;
  dht::dht_config config;
  rng random;

  /// Liars, the ones closest to the key first.
  void name_fellows(const dht::kad_id& key, dht::message_writer& out) {
    std::vector<std::pair<dht::kad_id, node_index>> near;
    for (const node_index n : all)
      near.emplace_back(dht::kad_id::of(nodes.net().id_of(n)) ^ key, n);
    const std::size_t count = std::min(named_peers, near.size());
    std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count), near.end());
    near.resize(count);
    for (const auto& [distance, n] : near) {
      const std::vector addresses{nodes.net().address_of(n)};
      out.closer(nodes.net().id_of(n), addresses, dht::connection_kind::connected,
                 answer_bytes_max);
    }
  }
  /// Ids nobody has, at addresses where nobody listens.
  void invent(dht::message_writer& out) {
    for (std::size_t i = 0; i < named_peers; ++i) {
      ed25519_public_key key{};
      for (auto& b : key) b = static_cast<std::uint8_t>(random.next());
      ip_endpoint nowhere;
      nowhere.address = {240, static_cast<std::uint8_t>(random.next()),
                         static_cast<std::uint8_t>(random.next()), 1};
      nowhere.port = 4001;
      const std::vector addresses{multiaddr::quic_v1(nowhere)};
      out.closer(peer_id::from_ed25519(key), addresses, dht::connection_kind::connected,
                 answer_bytes_max);
    }
  }
};

std::optional<chunk_view> lie(liars& by, manner how, const transport::request_event& r) {
  dht::message asked;
  if (how == manner::is_silent || !dht::decode(r.body, by.config, asked)) return std::nullopt;
  dht::message_writer out(asked.type, asked.key);
  if (asked.type == dht::message_type::put_value && asked.record) {
    // Says that it holds the record.
    out.record(asked.record->key, asked.record->value, wall_time{});
    return out.finish();
  }
  if (how == manner::forges && asked.type == dht::message_type::get_value) {
    const byte_buffer forged(64, 0x66);
    out.record(asked.key, forged, wall_time{});
  }
  if (how == manner::invents)
    by.invent(out);
  else
    by.name_fellows(dht::kad_id::of(asked.key), out);
  return out.finish();
}

}  // namespace

void make_liars(population& nodes, std::uint32_t percent, rng random) {
  if (percent == 0) return;
  auto shared = std::make_shared<liars>(liars{nodes, {}, {}, random.fork(1)});
  std::vector<node_index> all(nodes.founders());
  for (node_index n = 0; n < all.size(); ++n) all[n] = n;
  for (std::size_t i = all.size(); i > 1; --i)
    std::swap(all[i - 1], all[static_cast<std::size_t>(random.below(i))]);
  all.resize(all.size() * percent / 100);
  shared->all = all;
  for (const node_index n : all) {
    const auto how = static_cast<manner>(random.below(static_cast<std::uint64_t>(manner::count_)));
    nodes[n].liar
        = [shared, how](const transport::request_event& r) { return lie(*shared, how, r); };
  }
}

}  // namespace weft::sim
