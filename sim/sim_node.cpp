// SPDX-License-Identifier: MIT
#include "sim/sim_node.hpp"

#include "base/assert.hpp"
#include "sim/fake_crypto.hpp"

#include <algorithm>
#include <utility>

namespace weft::sim {

namespace {

/// What a core's own randomness is for.
enum class purpose : std::uint64_t { sessions = 1, gossip, dht };

rng random_for(std::uint64_t seed, node_index node, std::uint32_t life, purpose what) {
  rng root(seed);
  rng own = root.fork(node);
  rng lived = own.fork(life);
  return lived.fork(static_cast<std::uint64_t>(what));
}

}  // namespace

std::vector<transport::protocol> node_protocols(const gossip::gossip_config& gossip,
                                                const dht::dht_config& dht) {
  return {hosts::gossip_protocol(gossip, 0),
          hosts::gossip_push_protocol(gossip, 0),
          {{dht.protocol_name}, transport::stream_kind::exchange, dht.message_bytes_max, 0}};
}

struct sim_node::cores {
  cores(sim_node& node, const peer_id& id, std::uint64_t seed, std::uint32_t life)
      : port(node.context_.net.port_of(node.self_)),
        sessions(id, node.settings_.sessions, random_for(seed, node.self_, life, purpose::sessions),
                 session_counters),
        gossip(id, *node.crypto_,
               {node.settings_.gossip, gossip_protocol, push_protocol, node.context_.gossip_memory},
               random_for(seed, node.self_, life, purpose::gossip), gossip_counters, port, node),
        dht(id, dht_settings(node.settings_.dht), node.context_.validators,
            random_for(seed, node.self_, life, purpose::dht), dht_counters, port, node) {}

  static hosts::dht_host_config dht_settings(const dht::dht_config& core) {
    hosts::dht_host_config c;
    c.core = core;
    c.protocol = kad_protocol;
    return c;
  }

  transport::session_metrics session_counters;
  gossip::gossip_metrics gossip_counters;
  dht::dht_metrics dht_counters;
  transport::port& port;
  transport::session_core sessions;
  hosts::gossip_host gossip;
  hosts::dht_host dht;
};

sim_node::sim_node(node_context& context, node_settings settings,
                   std::optional<crypto::ed25519_private_key> key)
    : context_(context), settings_(std::move(settings)), key_(std::move(key)) {}

sim_node::~sim_node() {
  // They refer to the rest.
  cores_.reset();
}

void sim_node::boot() {
  WEFT_ASSERT(!cores_, "a node is started once");
  const peer_id& id = context_.net.id_of(self_);
  if (key_)
    crypto_ = std::make_unique<gossip::libp2p_gossip_crypto>(*key_);
  else
    crypto_ = std::make_unique<fake_gossip_crypto>(id);
  ++life_;
  const instant now = context_.time.now();
  booted_at_ = now;
  timer_at_ = instant::max();
  context_.net.start(self_);
  cores_ = std::make_unique<cores>(*this, id, context_.seed, life_);
  others_called_ = true;
  cores_->gossip.start(wall(), now);
  cores_->dht.set_addresses({context_.net.address_of(self_)});
  cores_->dht.start(disk_.read(), wall(), now);
  for (const auto& topic : context_.topics) static_cast<void>(cores_->gossip.subscribe(topic, now));
  cores_->sessions.start(now, session_out_);
  settle();
}

void sim_node::crash(bool keep_disk) {
  if (!cores_) return;
  context_.net.crash(self_);
  cores_.reset();
  session_out_.clear();
  commands_ = {};
  connects_.clear();
  timer_at_ = instant::max();
  disk_.crash(context_.time.now());
  if (!keep_disk) disk_.erase();
}

// -- what the transport says ---

void sim_node::expect() const noexcept {
  if (!cores_) return;
  const auto* host = reinterpret_cast<const char*>(&cores_->gossip);
  for (const std::size_t line : {0, 64, 128}) __builtin_prefetch(host + line);
}

void sim_node::on_events(std::vector<transport::event>& events) {
  if (!cores_) return;
  others_called_ = true;
  const instant now = context_.time.now();
  const wall_time wall_now = wall();
  for (const auto& e : events) {
    if (liar && answered_by_liar(e)) continue;
    cores_->sessions.on_event(e, now, session_out_);
    cores_->gossip.on_event(e, now);
    cores_->dht.on_event(e, wall_now, now);
    if (const auto* told = std::get_if<transport::identified_event>(&e))
      cores_->gossip.on_rtt(told->peer,
                            2 * context_.net.delay_between(self_, context_.net.find(told->peer)));
  }
  settle();
}

bool sim_node::answered_by_liar(const transport::event& e) {
  const auto* r = std::get_if<transport::request_event>(&e);
  if (r == nullptr || r->protocol != kad_protocol) return false;
  if (auto body = liar(*r))
    commands_.controls.emplace_back(transport::respond_command{r->token, std::move(body)});
  return true;
}

void sim_node::on_frames(std::uint8_t, const transport::frame_batch& batch) {
  if (!cores_) return;
  if (sabotage && !batch.frames.empty() && sabotage(batch.frames.front())) return;
  cores_->gossip.on_frames(batch, context_.time.now());
  settle();
}

void sim_node::on_timer(const event&) {
  if (!cores_ || timer_at_ != context_.time.now()) return;
  timer_at_ = instant::max();
  others_called_ = true;
  const instant now = context_.time.now();
  const auto due = [now](const std::optional<instant>& at) { return at && *at <= now; };
  if (due(cores_->sessions.next_deadline())) cores_->sessions.on_deadline(now, session_out_);
  if (due(cores_->gossip.next_deadline())) cores_->gossip.on_deadline(now);
  if (due(cores_->dht.next_deadline())) cores_->dht.on_deadline(wall(), now);
  settle();
}

void sim_node::settle() {
  while (!session_out_.empty()) {
    // Unreachable peers make the DHT ask for others, which fills the outbox again.
    transport::session_outbox out;
    std::swap(out, session_out_);
    std::move(out.commands.begin(), out.commands.end(), std::back_inserter(commands_.controls));
    for (const auto& a : out.answers) {
      const auto asked = connects_.find(a.ticket);
      if (asked == connects_.end()) continue;
      const peer_id peer = asked->second;
      connects_.erase(asked);
      others_called_ = true;
      if (!a.outcome) cores_->dht.on_unreachable(peer, wall(), context_.time.now());
    }
  }
  if (!commands_.empty()) cores_->port.post(std::move(commands_));
  arm();
}

void sim_node::arm() {
  const auto sooner
      = [](instant a, const std::optional<instant>& b) { return b ? std::min(a, *b) : a; };
  // Most calls are frames of gossip, which move nobody else's deadline.
  if (std::exchange(others_called_, false)) {
    others_due_ = sooner(instant::max(), cores_->sessions.next_deadline());
    others_due_ = sooner(others_due_, cores_->dht.next_deadline());
  }
  const instant earliest
      = std::max(sooner(others_due_, cores_->gossip.next_deadline()), context_.time.now());
  // A timer that is too early is let fire: it then finds nothing due and looks again.
  if (earliest >= timer_at_) return;
  timer_at_ = earliest;
  event e;
  e.kind = event_kind::timer;
  e.node = self_;
  context_.time.at(earliest, std::move(e));
}

// -- what the hosts say ---

void sim_node::on_gossip_deliveries(std::vector<gossip::delivery>&& messages) {
  for (const auto& m : messages) context_.observer.on_delivered(self_, m);
}

void sim_node::on_gossip_outcomes(std::vector<gossip::published>&& outcomes) {
  for (const auto& o : outcomes) context_.observer.on_published(self_, o);
}

void sim_node::on_gossip_validations(std::vector<gossip::validation>&&) {}

void sim_node::on_gossip_connect(std::vector<gossip::connect_wish>&& wishes) {
  others_called_ = true;
  for (const auto& w : wishes)
    cores_->sessions.connect(next_ticket_++, w.peer, w.addresses, std::nullopt, context_.time.now(),
                             session_out_, false);
}

void sim_node::on_gossip_meshes(std::vector<gossip::mesh_change>&& changes) {
  others_called_ = true;
  for (const auto& c : changes)
    cores_->sessions.need(c.peer, transport::session_user::gossip, c.member, context_.time.now(),
                          session_out_);
}

void sim_node::on_dht_needs(const peer_id& peer, bool needed) {
  cores_->sessions.need(peer, transport::session_user::dht, needed, context_.time.now(),
                        session_out_);
}

void sim_node::on_dht_connect(const dht::peer_info& wish) {
  const auto ticket = next_ticket_++;
  connects_.emplace(ticket, wish.peer);
  cores_->sessions.connect(ticket, wish.peer, wish.addresses, std::chrono::seconds(10),
                           context_.time.now(), session_out_, false);
}

void sim_node::on_dht_finished(dht::ended_operation&& what) {
  context_.observer.on_finished(self_, what);
}

void sim_node::on_dht_store(std::vector<dht::store_operation>&& operations) {
  disk_.write(std::move(operations), context_.time.now());
}

void sim_node::on_dht_discovered(const dht::peer_info& peer) {
  cores_->sessions.discovered(peer.peer, peer.addresses, context_.time.now());
}

// -- the application ---

result<gossip::message_id> sim_node::publish(std::uint64_t ticket, const chunk_view& data) {
  auto id = cores_->gossip.publish(ticket, context_.topics.front(), data, context_.time.now());
  settle();
  return id;
}

void sim_node::put(dht::ticket id, bytes_view key, chunk_view value) {
  others_called_ = true;
  cores_->dht.put_value(id, key, std::move(value), {}, wall(), context_.time.now());
  settle();
}

void sim_node::get(dht::ticket id, bytes_view key) {
  others_called_ = true;
  cores_->dht.get_value(id, key, {}, wall(), context_.time.now());
  settle();
}

void sim_node::provide(dht::ticket id, bytes_view key) {
  others_called_ = true;
  cores_->dht.provide(id, key, {}, wall(), context_.time.now());
  settle();
}

void sim_node::find_providers(dht::ticket id, bytes_view key) {
  others_called_ = true;
  cores_->dht.find_providers(id, key, {}, wall(), context_.time.now());
  settle();
}

void sim_node::find_peer(dht::ticket id, const peer_id& target) {
  others_called_ = true;
  cores_->dht.find_peer(id, target, {}, wall(), context_.time.now());
  settle();
}

// -- observers ---

const gossip::gossip_core& sim_node::gossip() const { return cores_->gossip.core(); }
const hosts::dht_host& sim_node::dht() const { return cores_->dht; }
const transport::session_core& sim_node::sessions() const { return cores_->sessions; }
const gossip::gossip_metrics& sim_node::gossip_counters() const { return cores_->gossip_counters; }

}  // namespace weft::sim
