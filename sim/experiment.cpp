// SPDX-License-Identifier: MIT
#include "sim/experiment.hpp"

#include "sim/liar.hpp"

#include <algorithm>
#include <utility>

namespace weft::sim {

namespace {

enum class purpose : std::uint64_t { faults = 2000, starts, broadcast, lookup, liars };

rng random_for(std::uint64_t seed, purpose what) {
  rng root(seed);
  return root.fork(static_cast<std::uint64_t>(what));
}

constexpr duration sample_interval = std::chrono::seconds(1);
/// Between two looks at the progress, in events.
constexpr std::uint64_t progress_every = 1 << 14;
/// In small runs every so many events a node's tables are looked at, beside once a second all.
constexpr std::uint64_t check_every = 64;
constexpr node_index small_run = 64;
/// So many events within so little time: a deadline that nothing meets comes again and again.
constexpr std::uint64_t stuck_events = 1 << 16;
constexpr duration stuck_time = std::chrono::microseconds(100);
/// Nodes looked at once a second in a large run.
constexpr node_index sampled_nodes = 16;
/// Time for the last control frames and answers to arrive, and for what is one-sided in a mesh to
/// be put right.
constexpr duration quiet_time = std::chrono::seconds(5);
constexpr duration mesh_time = std::chrono::seconds(4);

}  // namespace

experiment::experiment(const scenario& s, std::uint64_t seed, experiment_options options)
    : scenario_(s),
      seed_(seed),
      options_(std::move(options)),
      phases_(scenario_),
      nodes_(scenario_, seed, *this),
      starts_(random_for(seed, purpose::starts)),
      faults_(plan_faults(scenario_, phases_, random_for(seed, purpose::faults))),
      left_(nodes_.size(), false),
      broadcast_(scenario_, phases_, nodes_, random_for(seed, purpose::broadcast)),
      lookup_(scenario_, phases_, nodes_, random_for(seed, purpose::lookup)) {
  nodes_.time().trace().listen(options_.trace_from, options_.on_event);
  make_liars(nodes_, scenario_.faults.liars_percent, random_for(seed, purpose::liars));
  if (options_.prepare) options_.prepare(nodes_);
}

duration experiment::total() const {
  return std::max({phases_.liveness, broadcast_.ends(), lookup_.ends()}) + quiet_time;
}

void experiment::schedule(event_kind kind, duration at, std::uint64_t number) {
  event e;
  e.kind = kind;
  e.number = number;
  nodes_.time().at(timeline::origin + at, std::move(e));
}

report experiment::run() {
  if (!faults_.empty()) schedule(event_kind::fault, faults_.front().at, 0);
  if (const auto at = broadcast_.next()) schedule(event_kind::work, *at, 0);
  if (const auto at = lookup_.next()) schedule(event_kind::work, *at, 1);
  schedule(event_kind::sample, sample_interval, 0);
  const duration span = total();
  event e;
  std::uint64_t handled = 0;
  while (!over_ && nodes_.time().next(timeline::origin + span, e)) {
    nodes_.net().expect(nodes_.time().queue());
    handle(e);
    check(e);
    if (++handled % progress_every == 0 && options_.progress
        && !options_.progress(nodes_.time().elapsed(), span))
      fail("interrupted");
  }
  if (!over_) check_end();
  if (options_.finally) options_.finally(nodes_);
  return make_report();
}

void experiment::handle(event& e) {
  switch (e.kind) {
    case event_kind::timer:
      return nodes_.handle_timer(e);
    case event_kind::fault:
      return on_fault();
    case event_kind::work:
      return on_work(e.number == 1);
    case event_kind::sample:
      return on_sample();
    default:
      return nodes_.net().handle(e);
  }
}

// -- what happens to the nodes ---

void experiment::on_work(bool lookup) {
  if (lookup) {
    lookup_.do_next();
    if (const auto at = lookup_.next()) schedule(event_kind::work, *at, 1);
  } else {
    broadcast_.publish_next();
    if (const auto at = broadcast_.next()) schedule(event_kind::work, *at, 0);
  }
}

void experiment::on_fault() {
  const fault& f = faults_[next_fault_++];
  if (next_fault_ < faults_.size())
    schedule(event_kind::fault, faults_[next_fault_].at, next_fault_);
  network& net = nodes_.net();
  switch (f.kind) {
    case fault_kind::start:
      if (!nodes_.running(f.node) && !left_[f.node]) nodes_.start(f.node, starts_);
      return;
    case fault_kind::crash:
      return nodes_.crash(f.node, f.keep_disk);
    case fault_kind::leave:
      left_[f.node] = true;
      return nodes_.crash(f.node, false);
    case fault_kind::partition:
      for (const node_index n : f.apart) net.put_on_side(n, 1);
      net.block(0, 1, true);
      net.block(1, 0, f.both_ways);
      return net.reconsider();
    case fault_kind::reunite:
      net.block(0, 1, false);
      net.block(1, 0, false);
      for (node_index n = 0; n < nodes_.size(); ++n) net.put_on_side(n, 0);
      return net.reconsider();
    case fault_kind::clog_node:
    case fault_kind::free_node:
      net.clog(f.node, f.kind == fault_kind::clog_node);
      return net.reconsider();
    case fault_kind::clog_link:
    case fault_kind::free_link:
      net.clog_link(f.node, f.peer, f.kind == fault_kind::clog_link);
      return net.reconsider();
    case fault_kind::slow:
    case fault_kind::quick:
      return net.slow(f.node, f.kind == fault_kind::slow ? scenario_.faults.slow_by : duration{});
    case fault_kind::heal:
      return heal();
  }
}

void experiment::heal() {
  nodes_.net().heal();
  for (node_index n = 0; n < nodes_.size(); ++n) {
    nodes_.net().slow(n, {});
    nodes_.net().put_on_side(n, 0);
  }
  for (node_index n = 0; n < nodes_.founders(); ++n)
    if (!nodes_.running(n) && !left_[n]) nodes_.start(n, starts_);
}

// -- what must hold ---

void experiment::fail(std::string what) {
  const std::uint64_t last = nodes_.time().trace().events();
  failures_.push_back({std::move(what), last == 0 ? 0 : last - 1, nodes_.time().elapsed()});
  over_ = true;
}

void experiment::check(const event& e) {
  if (nodes_.time().trace().events() % stuck_events == 0) {
    const instant then = std::exchange(watched_, nodes_.time().now());
    if (watched_ - then < stuck_time)
      fail("time stands still: the last event is node " + std::to_string(e.node) + "'s "
           + std::string(to_string(e.kind)));
  }
  if (nodes_.size() > small_run || nodes_.time().trace().events() % check_every != 0) return;
  if (e.node >= nodes_.size()) return;
  if (auto text = broken_bound(nodes_, e.node); !text.empty()) fail(std::move(text));
}

void experiment::on_sample() {
  const duration left = total() - nodes_.time().elapsed();
  if (left >= mesh_time && left < mesh_time + sample_interval) one_sided_ = one_sided_links(nodes_);
  schedule(event_kind::sample, nodes_.time().elapsed() + sample_interval, 0);
  if (auto text = nodes_.net().first_violation(); !text.empty()) return fail(std::move(text));
  const node_index count
      = nodes_.size() <= small_run ? nodes_.size() : std::min(nodes_.size(), sampled_nodes);
  for (node_index i = 0; i < count; ++i) {
    const node_index n
        = nodes_.size() <= small_run ? i : static_cast<node_index>(starts_.below(nodes_.size()));
    if (auto text = broken_bound(nodes_, n); !text.empty()) return fail(std::move(text));
  }
}

/// A link that was known to one side alone some heartbeats ago, and still is, stays so.
void experiment::check_meshes() {
  std::vector<one_sided_link> stayed;
  const auto now = one_sided_links(nodes_);
  std::set_intersection(one_sided_.begin(), one_sided_.end(), now.begin(), now.end(),
                        std::back_inserter(stayed));
  if (stayed.empty()) return;
  fail("node " + std::to_string(stayed.front().node) + " has node "
       + std::to_string(stayed.front().peer)
       + " in its mesh, which does not have it in its own, for "
       + std::to_string(to_seconds(mesh_time)) + " s");
}

void experiment::check_end() {
  check_meshes();
  const report r = make_report();
  for (auto& text : unmet_expectations(scenario_, r)) fail(std::move(text));
  // What is missing is named when it must not be missing.
  if (r.has_broadcast && r.broadcast.delivery_percent() < scenario_.expect.delivery_percent)
    fail(broadcast_.first_missing());
  if (r.has_lookups && r.lookup.success_percent() < scenario_.expect.lookup_success_percent)
    fail(lookup_.first_missing());
}

// -- what the nodes say ---

void experiment::on_delivered(node_index node, const gossip::delivery& message) {
  if (auto text = broadcast_.on_delivered(node, message); !text.empty()) fail(std::move(text));
}

void experiment::on_published(node_index, const gossip::published& outcome) {
  if (outcome.sent + outcome.dropped > outcome.queued)
    fail("more fates of a message were told than copies queued");
}

void experiment::on_finished(node_index node, const dht::ended_operation& what) {
  lookup_.on_finished(node, what);
}

report experiment::make_report() {
  report r;
  r.scenario = scenario_.name;
  r.seed = seed_;
  r.nodes = scenario_.nodes.count;
  const trace& t = nodes_.time().trace();
  r.trace_hash = t.hash();
  r.events = t.events();
  r.events_waiting_peak = nodes_.time().queue().peak();
  r.virtual_time = nodes_.time().elapsed();
  r.network = nodes_.net().totals();
  r.has_broadcast = scenario_.broadcast.messages + scenario_.broadcast.during_faults != 0;
  r.has_lookups = scenario_.lookup.lookups + scenario_.lookup.during_faults != 0;
  if (r.has_broadcast) r.broadcast = broadcast_.figures();
  if (r.has_lookups || scenario_.lookup.records != 0) r.lookup = lookup_.figures();
  std::vector<std::size_t> sessions;
  for (const node_index n : nodes_.live()) sessions.push_back(nodes_.net().peers_of(n).size());
  std::sort(sessions.begin(), sessions.end());
  if (!sessions.empty()) {
    r.sessions_min = sessions.front();
    r.sessions_median = sessions[sessions.size() / 2];
    r.sessions_max = sessions.back();
  }
  r.failures = failures_;
  return r;
}

}  // namespace weft::sim
