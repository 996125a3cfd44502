// SPDX-License-Identifier: MIT
#include "sim/lookup_work.hpp"

#include "dht/signed_record.hpp"
#include "sim/fake_crypto.hpp"

#include <algorithm>
#include <utility>

namespace weft::sim {

lookup_work::lookup_work(const scenario& s, const phase_times& phases, population& nodes,
                         rng random)
    : scenario_(s), nodes_(nodes), random_(random) {
  records_.resize(s.lookup.records);
  const bool providers = s.lookup.kind == "providers";
  for (std::uint32_t i = 0; i < s.lookup.records; ++i) {
    operation o;
    o.at = phases.puts + put_interval * static_cast<int>(i);
    const bool provided = providers || (s.lookup.kind == "mixed" && i % 2 == 1);
    o.what = provided ? kind::provide : kind::put;
    o.number = i;
    operations_.push_back(o);
  }
  if (s.lookup.during_faults != 0)
    plan(phases.faults, s.phases.faults / static_cast<int>(s.lookup.during_faults),
         s.lookup.during_faults, false);
  plan(phases.liveness, s.lookup.interval, s.lookup.lookups, true);
}

void lookup_work::plan(duration from, duration interval, std::uint32_t count, bool liveness) {
  const std::string& wanted = scenario_.lookup.kind;
  for (std::uint32_t i = 0; i < count; ++i) {
    operation o;
    o.at = from + interval * static_cast<int>(i);
    o.liveness = liveness;
    o.what = kind::peer;
    const bool peer = wanted == "peer" || records_.empty() || (wanted == "mixed" && i % 3 == 0);
    if (!peer) {
      o.number = static_cast<std::uint32_t>(random_.below(records_.size()));
      o.what = operations_[o.number].what == kind::provide ? kind::providers : kind::value;
    }
    operations_.push_back(o);
  }
}

std::optional<duration> lookup_work::next() const {
  if (next_ == operations_.size()) return std::nullopt;
  return operations_[next_].at;
}

duration lookup_work::ends() const {
  return operations_.empty() ? duration{} : operations_.back().at + scenario_.phases.patience;
}

void lookup_work::do_next() {
  operation& o = operations_[next_];
  const std::uint64_t ticket = next_++;
  o.node = nodes_.random_live(random_);
  if (o.node == no_node) return;
  o.at = nodes_.time().elapsed();
  o.begun = true;
  if (o.what == kind::peer) {
    o.number = nodes_.random_live(random_);
    if (o.number == o.node) o.begun = false;
  }
  if (o.begun) begin(ticket, o);
}

lookup_work::record lookup_work::make_record(std::uint32_t number, sim_node& owner) const {
  record r;
  r.key = fake_key(number);
  if (const auto* key = owner.key(); key != nullptr) {
    const std::string name = "record-" + std::to_string(number);
    const byte_buffer value(scenario_.lookup.value_bytes, 0x5a);
    const auto sealed
        = dht::seal_record(*key, name, value, 1, owner.wall() + std::chrono::hours(48));
    const auto under = dht::signed_record_key(key->id(), name);
    if (sealed && under) {
      r.key = *under;
      r.value = chunk_view::copy(*sealed);
    }
  } else {
    r.value = fake_value(r.key, 1, scenario_.lookup.value_bytes);
  }
  return r;
}

void lookup_work::begin(std::uint64_t ticket, operation& o) {
  sim_node& node = nodes_[o.node];
  switch (o.what) {
    case kind::put:
    case kind::provide:
      records_[o.number] = make_record(o.number, node);
      records_[o.number].owner = o.node;
      if (o.what == kind::put)
        node.put(ticket, records_[o.number].key, records_[o.number].value);
      else
        node.provide(ticket, records_[o.number].key);
      return;
    case kind::value:
      return node.get(ticket, records_[o.number].key);
    case kind::providers:
      return node.find_providers(ticket, records_[o.number].key);
    case kind::peer:
      return node.find_peer(ticket, nodes_.net().id_of(o.number));
  }
}

void lookup_work::on_finished(node_index node, const dht::ended_operation& what) {
  if (what.id >= operations_.size()) return;
  operation& o = operations_[what.id];
  if (o.ended || o.node != node) return;
  o.ended = true;
  o.took = nodes_.time().elapsed() - o.at;
  o.hops = what.result.hops;
  o.requests = what.result.requests;
  o.failure = what.result.failure;
  check(o, what.result);
}

void lookup_work::check(operation& o, const dht::outcome& result) {
  if (!result.ok()) return;
  switch (o.what) {
    case kind::put:
    case kind::provide:
      o.found = true;
      records_[o.number].stored = true;
      return;
    case kind::value: {
      const record& r = records_[o.number];
      o.found = std::equal(result.value.bytes().begin(), result.value.bytes().end(),
                           r.value.bytes().begin(), r.value.bytes().end());
      break;
    }
    case kind::providers: {
      const peer_id& owner = nodes_.net().id_of(records_[o.number].owner);
      o.found = std::any_of(result.peers.begin(), result.peers.end(),
                            [&](const dht::peer_info& p) { return p.peer == owner; });
      break;
    }
    case kind::peer: {
      const multiaddr& address = nodes_.net().address_of(o.number);
      const auto has = [&](const dht::peer_info& p) {
        return std::any_of(p.addresses.begin(), p.addresses.end(),
                           [&](const multiaddr& a) { return a.without_peer() == address; });
      };
      o.found = std::any_of(result.peers.begin(), result.peers.end(), has);
      break;
    }
  }
  o.wrong = !o.found;
}

/// Whether the operation must find something: it exists, and the one who asks stayed.
bool lookup_work::counts(const operation& o) const {
  if (!o.begun) return false;
  const instant at = timeline::origin + o.at;
  if (!nodes_.stayed(o.node, at - joining_time, at + scenario_.phases.patience)) return false;
  if (nodes_[o.node].liar) return false;
  const instant later = at + scenario_.phases.patience;
  if (o.what == kind::peer) return nodes_.stayed(o.number, at - joining_time, later);
  if (o.what == kind::put || o.what == kind::provide) return true;
  return records_[o.number].stored;
}

std::string lookup_work::first_missing() const {
  for (const auto& o : operations_) {
    if (!o.liveness || !counts(o) || (o.found && o.took <= scenario_.phases.patience)) continue;
    const char* what = o.what == kind::value ? "value" : o.what == kind::peer ? "peer" : "provider";
    return "node " + std::to_string(o.node) + " did not find " + what + " "
           + std::to_string(o.number) + ", asked at " + std::to_string(to_seconds(o.at)) + " s: "
           + (!o.ended  ? "no answer"
              : o.wrong ? "another one was given"
              : o.found ? "after " + std::to_string(to_seconds(o.took)) + " s"
                        : to_string(o.failure));
  }
  return {};
}

lookup_figures lookup_work::figures() const {
  lookup_figures out;
  std::vector<double> stores;
  std::vector<double> times;
  std::vector<double> hops;
  std::vector<double> requests;
  for (const auto& o : operations_) {
    if (!counts(o)) continue;
    const bool good = o.found && o.took <= scenario_.phases.patience;
    if (o.what == kind::put || o.what == kind::provide) {
      (o.found ? out.stored : out.store_failures) += 1;
      if (o.found) stores.push_back(to_seconds(o.took));
      continue;
    }
    if (!o.liveness) {
      ++out.asked_in_faults;
      if (good) ++out.found_in_faults;
      continue;
    }
    ++out.asked;
    if (!o.ended) ++out.unanswered;
    if (o.wrong) ++out.wrong;
    if (!good) continue;
    ++out.found;
    times.push_back(to_seconds(o.took));
    hops.push_back(o.hops);
    requests.push_back(o.requests);
  }
  out.store_seconds = metrics::summarize(std::move(stores));
  out.seconds = metrics::summarize(std::move(times));
  out.hops = metrics::summarize(std::move(hops));
  out.requests = metrics::summarize(std::move(requests));
  return out;
}

}  // namespace weft::sim
