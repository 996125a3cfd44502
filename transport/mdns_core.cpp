// SPDX-License-Identifier: MIT
#include "transport/mdns_core.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport {

namespace {

constexpr std::size_t own_name_bytes = 32;

bool loopback(const multiaddr& address) {
  const auto endpoint = address.quic_v1_endpoint();
  return endpoint && endpoint->loopback();
}

std::string random_name(rng& random) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string out;
  for (std::size_t i = 0; i < own_name_bytes; ++i) out += letters[random.below(letters.size())];
  return out;
}

}  // namespace

mdns_core::mdns_core(const peer_id& self, const mdns_config& config, rng random,
                     mdns_metrics& counters)
    : self_(self),
      config_(config),
      random_(random),
      counters_(counters),
      name_(random_name(random_)),
      query_after_(config.query_first),
      tokens_(config.packet_burst) {}

void mdns_core::set_addresses(std::vector<multiaddr> own, instant now) {
  if (!std::ranges::all_of(own, loopback)) std::erase_if(own, loopback);
  if (own == addresses_) return;
  addresses_ = std::move(own);
  answered_at_.reset();
  answer_soon(now);
}

bool mdns_core::take_token(instant now) {
  const double gained = to_seconds(now - tokens_at_) * config_.packets_per_second;
  tokens_ = std::min<double>(config_.packet_burst, tokens_ + std::max(gained, 0.0));
  tokens_at_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void mdns_core::on_packet(bytes_view input, instant now, mdns_outbox& out) {
  ++counters_.packets_received;
  if (!take_token(now)) return drop(mdns_drop::rate);
  auto read = mdns::decode(input);
  if (!read) {
    const ec why = read.error().code;
    return drop(why == ec::oversized     ? mdns_drop::oversized
                : why == ec::unsupported ? mdns_drop::unsupported
                                         : mdns_drop::malformed);
  }
  drop(mdns_drop::entries, read->surplus_entries);
  drop(mdns_drop::peers, read->surplus_peers);
  drop(mdns_drop::addresses, read->surplus_addresses);
  drop(mdns_drop::bad_address, read->bad_addresses);
  if (read->asks_peers) answer_soon(now);
  if (read->asks_services && !services_at_) services_at_ = now + config_.answer_interval;
  for (auto& peer : read->peers) take_peer(std::move(peer), now, out);
  counters_.peers.set(static_cast<std::int64_t>(peers_.size()));
}

void mdns_core::answer_soon(instant now) {
  if (answer_at_ || addresses_.empty()) return;
  if (answered_at_ && now - *answered_at_ < config_.answer_interval)
    return drop(mdns_drop::answered);
  const auto spread = static_cast<std::uint64_t>(
      (config_.answer_delay_max - config_.answer_delay_min).count() + 1);
  answer_at_ = now + config_.answer_delay_min
               + duration(static_cast<duration::rep>(random_.below(spread)));
}

void mdns_core::take_peer(mdns::found_peer&& peer, instant now, mdns_outbox& out) {
  if (peer.peer == self_) return;
  auto at = peers_.find(peer.peer);
  if (at == peers_.end()) {
    if (peers_.size() >= config_.peers_max) forget_old(now);
    if (peers_.size() >= config_.peers_max) return drop(mdns_drop::peers_full);
    at = peers_.emplace(peer.peer, neighbour{}).first;
    at->second.told = now - config_.tell_again;
  }
  neighbour& known = at->second;
  known.heard = now;
  const bool changed = known.addresses != peer.addresses;
  if (!changed && now - known.told < config_.tell_again) return;
  // Anybody may speak in a peer's name: also a change is passed on at most once a second.
  if (changed && now - known.told < config_.answer_interval) return;
  known.addresses = peer.addresses;
  known.told = now;
  ++counters_.found;
  out.found.push_back(std::move(peer));
}

void mdns_core::forget_old(instant now) {
  std::erase_if(
      peers_, [&](const auto& entry) { return now - entry.second.heard >= config_.peer_lifetime; });
}

void mdns_core::on_deadline(instant now, mdns_outbox& out) {
  if (query_at_ <= now) {
    out.packets.push_back(mdns::encode_query());
    ++counters_.queries_sent;
    query_at_ = now + query_after_;
    query_after_ = std::min(query_after_ * 2, config_.query_longest);
    forget_old(now);
    counters_.peers.set(static_cast<std::int64_t>(peers_.size()));
  }
  if (answer_at_ && *answer_at_ <= now) {
    answer_at_.reset();
    answered_at_ = now;
    for (auto& packet : mdns::encode_response(name_, self_, addresses_)) {
      out.packets.push_back(std::move(packet));
      ++counters_.responses_sent;
    }
  }
  if (services_at_ && *services_at_ <= now) {
    services_at_.reset();
    out.packets.push_back(mdns::encode_services());
    ++counters_.responses_sent;
  }
}

instant mdns_core::next_deadline() const {
  instant next = query_at_;
  if (answer_at_) next = std::min(next, *answer_at_);
  if (services_at_) next = std::min(next, *services_at_);
  return next;
}

}  // namespace weft::transport
