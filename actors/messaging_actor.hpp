// SPDX-License-Identifier: MIT
#pragma once

#include "actors/deadline_timer.hpp"
#include "actors/hop_table.hpp"
#include "actors/inbox_hub.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_links.hpp"
#include "actors/store_seam.hpp"
#include "messaging/messaging_core.hpp"

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

namespace weft::actors {

/// Everything a messaging actor is made of. Pointers outlive it.
struct messaging_parts {
  const crypto::ed25519_private_key* identity = nullptr;
  messaging::messaging_config config;
  rng random{0};
  messaging::byte_source secrets;
  /// What the store kept from before.
  messaging::stored_state stored;
  transport::port* port = nullptr;
  store_seam* store = nullptr;
  messaging::messaging_metrics* metrics = nullptr;
  route_board* board = nullptr;
  inbox_hub* inbox = nullptr;
  /// Letters between benches go to the bench actor.
  const io_links* links = nullptr;
  std::function<wall_time()> wall;
};

/// Class of `messaging_actor`.
class messaging_actor_impl {
 public:
  static constexpr const char* runtime_name = "weft.messaging";
  /// Messages whose sender waits for the outcome; more are refused with ec::limit.
  static constexpr std::size_t origins_max = 256 * 1024;
  /// `flush` waits this long for acknowledgements of what is on the network.
  static constexpr duration flush_acknowledgements_max = std::chrono::seconds(1);
  /// Rounds between the core and a store that refuses, within one message.
  static constexpr int refusals_max = 8;

  messaging_actor_impl(messaging_actor::pointer self, messaging_parts parts);
  messaging_actor::behavior_type make_behavior();

 private:
  /// Someone outside who waits for one message.
  struct asker {
    reply<receipt> answer;
    std::function<void(const transfer_progress&)> on_progress;
    std::uint64_t bytes = 0;
    std::optional<std::multimap<instant, messaging::message_id>::iterator> deadline;
  };
  /// A job's message.
  struct job_item {
    std::uint32_t job = 0;
    std::uint64_t ticket = 0;
  };
  struct id_hash {
    std::size_t operator()(const messaging::message_id& id) const noexcept {
      return static_cast<std::size_t>(id.counter() * 0x9e3779b97f4a7c15u ^ id.stream());
    }
  };
  /// A job with messages under way.
  struct job_entry {
    job_actor owner;
    std::size_t open = 0;
    outcome_batch ready;
  };
  struct waiting_shown {
    std::size_t newly = 0;
    reply<std::size_t> answer;
  };

  void on_frames(const transport::frame_batch& batch);
  void expect_destinations(const transport::frame_batch& batch);
  void on_presence(const presence_batch& batch);
  void on_stored(const stored_batch& stored);
  void on_routes_changed();
  void on_tick();
  void on_send(const send_question& q);
  void on_send_batch(const send_batch& batch);
  void on_shown(const shown_question& q);
  void on_flush(const reply<void>& answer);

  result<messaging::message_id> hand_to_core(const outgoing& message);
  std::uint32_t job_number(const job_actor& owner);
  /// Takes our own mark_shown operations out of a batch of the store and settles them.
  void settle_shown(messaging::store_batch& batch);
  void expire_askers();
  void answer_flushes();
  /// Drains the outbox: store, port, inbox, senders; arms the timer.
  void finish();
  void submit(messaging::store_batch& batch);
  void deliver(messaging::delivery& d);
  void settle(const messaging::receipt& r);
  void report(const messaging::progress& p);
  void post_transmits(std::vector<messaging::transmit>& transmits);
  void send_outcomes();

  instant now() const { return now_of(self_); }

  messaging_actor::pointer self_;
  messaging_parts parts_;
  hop_table hops_;
  /// Of the batch at hand.
  std::vector<ed25519_public_key> destinations_;
  messaging::messaging_core core_;
  messaging::outbox out_;
  messaging::outbox work_;
  deadline_timer<messaging_actor::base> timer_;
  std::unordered_map<messaging::message_id, std::variant<asker, job_item>, id_hash> origins_;
  std::multimap<instant, messaging::message_id> deadlines_;
  std::map<std::uint32_t, job_entry> jobs_;
  std::uint32_t next_job_ = 1;
  std::map<std::uint64_t, waiting_shown> shown_;
  std::uint64_t next_shown_ = 1;
  std::vector<std::pair<instant, reply<void>>> flushes_;
  std::size_t batches_in_store_ = 0;
  bool halted_ = false;
};

}  // namespace weft::actors
