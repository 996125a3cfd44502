// SPDX-License-Identifier: MIT
#pragma once

#include "gossip/core_members.hpp"
#include "gossip/gossip_core.hpp"
#include "gossip/message.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::gossip {

class gossip_core::impl : private core_members {
 public:
  impl(const peer_id& self, const gossip_crypto& crypto, gossip_config config, rng random,
       gossip_metrics& counters, std::shared_ptr<call_memory> memory);

  /// One call from outside: everything below reads its time and writes to its outbox; control
  /// messages are gathered per peer and leave at its end.
  class call {
   public:
    call(impl& core, instant now, outbox& out) : core_(core) {
      core_.now_ = now;
      core_.out_ = &out;
    }
    ~call() { core_.flush(); }
    call(const call&) = delete;
    call& operator=(const call&) = delete;

   private:
    impl& core_;
  };

  // -- core_peers.cpp ---
  void start(wall_time wall);
  void peer_up(const neighbour& peer);
  void peer_changed(const neighbour& peer);
  void peer_down(const peer_id& peer);
  void peer_rtt(const peer_id& peer, duration rtt);
  void application_score(const peer_id& peer, std::int64_t points);

  // -- core_receive.cpp ---
  void frame(const peer_id& from, const chunk_view& rpc);
  void push_frame(const peer_id& from, const chunk_view& tagged);
  void decide(std::uint64_t ticket, verdict what);

  // -- core_publish.cpp ---
  result<message_id> publish(std::uint64_t ticket, std::string_view topic, const chunk_view& data);
  void fate_of_send(const peer_id& peer, std::uint64_t tag, fate what);
  void fate_of_push(const peer_id& peer, std::uint64_t tag, fate what);

  // -- core_heartbeat.cpp ---
  void deadline();
  std::optional<instant> next_deadline() const;

  // -- core_topics.cpp ---
  result<void> subscribe(std::string_view name);
  result<void> unsubscribe(std::string_view name);
  result<topic_state*> topic_for_rules(std::string_view name);
  void settle_topic(std::string_view name);

  // -- core_observe.cpp ---
  peer_slot slot_of(const peer_id& peer) const;
  std::vector<topic_status> topics() const;
  std::optional<topic_status> topic(std::string_view name) const;
  std::vector<peer_status> peers() const;
  std::int64_t score(const peer_id& peer) const;
  bool subscribed(std::string_view topic) const;
  table_sizes sizes() const;

  const gossip_config& settings() const noexcept { return config_; }

 private:
  // -- core_observe.cpp ---
  topic_status status_of(const topic_state& t) const;
  // -- core_peers.cpp ---
  peer_ref ref(peer_slot slot) const noexcept { return {slot, peers_[slot].generation}; }
  bool alive(peer_ref peer) const noexcept {
    return peer.slot < peers_.size() && peers_[peer.slot].up
           && peers_[peer.slot].generation == peer.generation;
  }
  peer_slot admit(const neighbour& peer);
  void learn(peer_slot slot, const neighbour& peer);
  void hello(peer_slot slot);
  void take_subscriptions(peer_slot slot);
  bool add_subscription(peer_slot slot, bytes_view name);
  void remove_subscription(peer_slot slot, topic_slot topic);
  void leave_address(peer_slot slot);
  void rescore(peer_slot slot);
  void rescore_address(const ip_address& address);
  void blame_invalid(peer_slot slot);
  void blame_behaviour(peer_slot slot, std::uint32_t times = 1);
  bool above(peer_slot slot, std::int64_t threshold) const noexcept {
    return peers_[slot].score >= threshold * 1000;
  }

  // -- core_topics.cpp ---
  std::optional<topic_slot> find_topic(bytes_view name) const;
  std::optional<topic_slot> make_topic(std::string_view name);
  void release_topic(topic_slot topic);
  bool backing_off(const topic_state& t, const peer_id& peer) const;
  void back_off(topic_state& t, const peer_id& peer, duration time);
  std::vector<peer_slot> choose(const topic_state& t, std::size_t count,
                                const std::function<bool(peer_slot)>& accept);
  std::vector<peer_slot> graft_candidates(const topic_state& t, std::size_t count,
                                          bool outbound_only = false);
  std::vector<peer_slot> gossip_candidates(const topic_state& t);
  std::vector<peer_slot> fanout_candidates(const topic_state& t, std::size_t count);
  void enter_mesh(topic_slot topic, peer_slot slot);
  void leave_mesh(topic_state& t, peer_slot slot);
  void graft(topic_slot topic, peer_slot slot);
  void prune(topic_slot topic, peer_slot slot, duration backoff, bool exchange);
  void refuse(topic_slot topic, peer_slot slot, duration backoff, bool exchange);
  void repair(topic_slot topic);

  // -- core_control.cpp ---
  void take_control(peer_slot slot);
  void take_graft(peer_slot slot);
  void take_graft_of(peer_slot slot, bytes_view name);
  void take_prune(peer_slot slot);
  void take_exchange(peer_slot slot, const prune_entry& entry);
  void take_ihave(peer_slot slot);
  void take_iwant(peer_slot slot);
  bool may_answer(peer_slot slot, cached_message& held);
  void answer(peer_slot slot, cached_message& held);
  void take_idontwant(peer_slot slot);
  void mark_unwanted(peer_state& peer, std::uint64_t hash);
  bool unwanted(const peer_state& peer, std::uint64_t hash) const;

  // -- core_receive.cpp ---
  void messages(peer_slot slot, const chunk_view& rpc);
  void message(peer_slot slot, const chunk_view& rpc, const publish_entry& entry);
  bool verified(peer_slot slot, const publish_entry& entry, const message_author& author);
  void duplicate(peer_slot slot, topic_slot topic, std::uint64_t hash, std::size_t size);
  void first(const arrival& a, const chunk_view& rpc, const publish_entry& entry);
  void call_off_elsewhere(const topic_state& t, peer_slot from, const message_id& id);
  void validate(const arrival& a, delivery&& message, chunk_view&& frame);
  void accept(topic_slot topic, std::uint64_t hash, delivery&& message, chunk_view&& frame,
              std::span<const peer_ref> from);
  void join_validation(peer_slot slot, std::uint64_t hash);
  open_validation close_validation(std::uint64_t ticket);
  void expire_validations();
  std::uint64_t hash_of(bytes_view id) const noexcept { return siphash_1_3(id_key_, id); }
  void expire_seen();
  void remember(std::uint64_t hash, peer_slot from, bool pulled);

  // -- core_publish.cpp ---
  cached_message& cache(topic_slot topic, std::uint64_t hash, const message_id& id,
                        const chunk_view& frame);
  void evict_cached();
  const cached_message* cached_number(std::uint64_t number) const;
  enum class told : std::uint8_t { no, whole, announced };
  told tell(peer_slot slot, topic_slot topic, std::uint64_t hash, const cached_message& held,
            send_class klass, std::uint64_t tag, bool lazily);
  void forward(topic_slot topic, std::uint64_t hash, const cached_message& held,
               std::span<const peer_ref> from);
  void spread_own(topic_slot topic, std::uint64_t hash, const cached_message& held,
                  published& outcome);
  void fill_fanout(topic_slot topic);
  result<message_id> publish_in(std::uint64_t ticket, topic_state& t, topic_slot topic,
                                const chunk_view& data);
  void conclude(std::uint64_t number, bool sent);
  void expire_publications();

  // -- core_lazy.cpp, core_push.cpp ---
  void announce(peer_slot slot, topic_slot topic, std::uint64_t number);
  void flush_announcements();
  std::vector<chunk_view> encode_announcements(std::span<const pending_announcement> list);
  bool push(peer_slot slot, const cached_message& held, bool counted);
  void start_push(peer_slot slot, const outbound_push& push, const cached_message& held);
  void start_waiting(peer_slot slot);
  void forget_pushes(peer_state& peer);
  void take_pulls(peer_slot slot);
  void take_pull(peer_slot slot, const pull_entry& pull);

  // -- core_tree.cpp ---
  std::uint64_t tree_key(const topic_state& t, const peer_id& root) const;
  bool tree_alive(const topic_state& t) const;
  bool has_weft_member(const topic_state& t) const;
  bool is_root(const topic_state& t) const { return t.tree.known && t.tree.root == self_; }
  void begin_tree(topic_slot topic);
  void tend_tree(topic_slot topic);
  void wave(topic_slot topic);
  void take_beacons(peer_slot slot);
  void take_beacon(peer_slot slot, topic_slot topic, const peer_id& root, std::uint64_t sequence);
  void second_copy(topic_state& t, peer_slot slot);
  void settle_parent(topic_state& t);
  bool may_take_wave(topic_state& t);
  void pass_wave(topic_state& t, peer_slot except);
  void tree_due(topic_slot topic);
  void set_parent(topic_state& t, peer_ref parent);
  void choke(topic_state& t, mesh_entry& member);
  void unchoke(topic_state& t, mesh_entry& member);
  void keep_parent(topic_state& t);
  void take_choking(peer_slot slot);

  // -- core_want.cpp ---
  void take_announcements(peer_slot slot);
  void take_announcement(peer_slot slot, const announcement_entry& entry);
  void take_pushing(peer_slot slot, const announcement_entry& entry, want& w, want_source& source);
  std::pair<want*, want_source*> want_from(peer_slot slot, topic_slot topic, std::uint64_t hash,
                                           const message_id& id);
  void arm(want& w, std::uint64_t hash, duration in);
  void want_due(std::uint64_t hash);
  void ask(want& w, std::uint64_t hash, want_source& source);
  want_source* next_source(want& w);
  duration grace(const topic_state& t) const;
  duration patience(const want_source& source, std::uint64_t length) const;
  void measure_lead(topic_state& t, want& w, const want_source& eager);
  void measure_answer(const want& w, const want_source& by);
  /// True when the message had been asked of `from`.
  bool settle_want(std::uint64_t hash, peer_slot from);
  void heal(topic_slot topic, peer_slot by);
  void drop_want(std::uint64_t hash);
  void drop_wants_of(topic_slot topic);
  void forget_source(peer_slot slot);
  void cancel_inbound(want_source& source);
  bool expected_push(peer_slot slot, std::uint64_t tag) const;

  // -- core_heartbeat.cpp ---
  void heartbeat();
  void decay();
  void expire_promises();
  void balance(topic_slot topic);
  void cut_back(topic_slot topic);
  void opportunistic_graft(topic_slot topic);
  void keep_fanout(topic_slot topic);
  void emit_gossip();
  void send_ihave(topic_slot topic, std::vector<bytes_view>& ids);
  void shift_cache();
  void publish_gauges();

  // -- core_flush.cpp ---
  outgoing& outgoing_to(peer_slot slot);
  rpc_writer& control_to(peer_slot slot, std::size_t bytes);
  void emit(peer_slot slot, send_class klass, chunk_view body, std::uint64_t tag = 0);
  void flush();
  void flush_iwant(peer_slot slot);
  std::size_t room_for_ids(std::size_t overhead) const noexcept;
  void in_parts(peer_slot slot, std::span<const bytes_view> ids, std::size_t overhead,
                const std::function<void(rpc_writer&, std::span<const bytes_view>)>& add);
  void drop(drop_reason reason, std::uint64_t count = 1) { counters_.dropped[reason].add(count); }
};

}  // namespace weft::gossip
