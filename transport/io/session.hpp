// SPDX-License-Identifier: MIT
#pragma once

#include "base/token_bucket.hpp"
#include "transport/frame_splitter.hpp"
#include "transport/identify.hpp"
#include "transport/io/inbound_frames.hpp"
#include "transport/io/quic_conn.hpp"
#include "transport/memory_guard.hpp"
#include "transport/multistream.hpp"
#include "transport/port.hpp"
#include "transport/send_queue.hpp"
#include "transport/transport_metrics.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::transport::io {

class session;
class outbound_handler;
struct peer_slot;
class ping_asker;
class push_receiver;
class push_sender;

/// What a session asks of the endpoint that owns it.
class session_host {
 public:
  virtual ~session_host() = default;
  virtual void on_id_issued(session& s, const connection_id& id) = 0;
  virtual void on_id_retired(session& s, const connection_id& id) = 0;
  virtual void on_confirmed(session& s) = 0;
  /// The peer's address is another one now.
  virtual void on_moved(session& s) = 0;
  /// The session is written to at the end of this round.
  virtual void touch(session& s) = 0;
  /// Frames that wait for this peer; null when there are none or another session carries them.
  virtual send_queue* queue_for(session& s) = 0;
  /// What this node tells about itself, with the address under which it sees the peer.
  virtual identify describe(const multiaddr& observed) const = 0;
  /// Whether an inbound push was called off before it came; forgets it.
  virtual bool take_unwanted(session& s, protocol_index protocol, std::uint64_t tag) = 0;
  /// Notes a request for an actor; returns its token, 0 when too many are open.
  virtual std::uint64_t add_request(session& s, std::int64_t stream, std::uint64_t slot) = 0;
  /// Calls `task` at `at`, unless cancelled.
  virtual std::uint64_t call_at(instant at, std::function<void()> task) = 0;
  virtual void cancel_call(std::uint64_t token) = 0;
};

/// Shared by all sessions of a reactor; lives as long as it.
struct io_context {
  const limits& bounds;
  transport_metrics& metrics;
  const std::vector<protocol>& protocols;
  /// Inbound names; the number is a `protocol_index` or a `builtin_number`.
  protocol_list names;
  inbound_frames inbound;
  peer_id self;
  session_host* host = nullptr;
  /// The present of this round.
  instant now{};
  receive_slab slab;
  frame_writer writer;
  /// Events of this round, in order.
  std::vector<event> events;
  /// Unfinished pushes of all sessions, and the memory of inbound ones.
  by_direction<std::size_t> pushes{};
  memory_level memory = memory_level::calm;
  std::size_t push_bytes = 0;
};

/// Numbers of the protocols inside the transport, behind every `protocol_index`.
enum class builtin_number : std::uint32_t { identify = 256, identify_push, ping, perf };

/// An authenticated connection and what runs on it: the protocols of its streams.
class session final : public conn_listener {
 public:
  session(io_context& context, session_id number, direction side) noexcept
      : context_(context), id_(number), side_(side) {}
  ~session() override;

  session_id id() const noexcept { return id_; }
  direction side() const noexcept { return side_; }
  io_context& context() noexcept { return context_; }
  /// Set once right after construction.
  std::unique_ptr<quic_conn> conn;
  /// After the handshake.
  const peer_id& peer() const noexcept { return peer_; }
  instant started{};
  instant confirmed_at{};
  duration handshake{};
  /// The dial that this session answers.
  request_id dial = 0;
  std::string agent;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  /// Entry in the endpoint's timer heap, and when it fires.
  std::uint64_t timer = 0;
  instant timer_at = instant::max();
  bool touched = false;
  /// `bytes_in` when the memory was last looked at.
  std::uint64_t bytes_in_before = 0;
  /// Has more to write than the upload's cap allows now.
  bool waits_for_upload = false;
  /// Written to since it was confirmed: probes of the path's size may go out.
  bool may_probe = false;
  /// Another session to the same peer carries its frames since this time.
  std::optional<instant> superseded_at;
  /// What the endpoint keeps per peer; set while confirmed.
  peer_slot* slot = nullptr;
  /// Connection ids that lead here.
  std::vector<connection_id> ids;
  /// Half-open inbound handshake that admission has counted.
  bool half_open = false;
  /// Where admission counted it.
  ip_endpoint admitted_from;
  /// Outbound: the dial attempt this is.
  std::uint64_t attempt = 0;

  /// A close asked for from inside a callback; done by the endpoint.
  struct close_wish {
    close_reason reason;
    session_error code;
    std::string text;
  };
  const std::optional<close_wish>& wish() const noexcept { return wish_; }
  void wish_close(close_reason reason, session_error code, std::string text);

  // -- commands ---
  void ping(request_id id, duration timeout);
  void perf(request_id id, std::uint64_t upload, std::uint64_t download);
  void request(request_command&& c);
  /// ec::not_found when the stream is gone, ec::oversized.
  ec respond(std::int64_t stream, std::uint64_t place, std::optional<chunk_view> body);
  void push(push_command&& c);
  /// False when no push of that tag is under way.
  bool cancel_push(const cancel_push_command& c);
  void push_identify();
  /// Moves frames from the peer's queue to its streams, as far as these have room; opens streams
  /// unless inside `write`.
  void pump(bool may_open);
  /// Nothing is queued, unacknowledged or unanswered.
  bool quiet();
  /// Once a second. Ends negotiations that take too long, returns the stream credit that was
  /// delayed, and notes the round-trip time if anything has arrived since.
  void housekeeping();
  session_info inspect();
  /// The session is over: every stream's handler hears of it.
  void drop();

  // -- for stream handlers ---
  /// The handler for an accepted inbound stream; none refuses it.
  std::unique_ptr<stream_handler> accepted(std::uint32_t number, quic_stream& stream);
  /// Opens a stream that negotiates one of `names` (which outlive it) and then passes to `handler`.
  /// ec::limit, ec::closed: `handler` hears `on_close` first.
  ec open(std::span<const std::string> names, std::unique_ptr<outbound_handler> handler,
          quic_stream** opened = nullptr);
  void emit(event e) { context_.events.push_back(std::move(e)); }
  void identified(identify info, bool push);
  void negotiation_over(bool inbound) noexcept;
  /// A frames protocol's outbound stream is ready or gone.
  void frames_open(protocol_index protocol, quic_stream& stream);
  void frames_gone(protocol_index protocol, ec why);
  bool frames_wait(protocol_index protocol);
  void asker_gone() noexcept { asker_ = nullptr; }
  void inbound_frames_gone(protocol_index protocol, const quic_stream& stream) noexcept;
  bool unwanted(protocol_index protocol, std::uint64_t tag) {
    return context_.host->take_unwanted(*this, protocol, tag);
  }
  void add_push(push_receiver& p);
  void add_push(push_sender& p);
  void remove_push(push_receiver& p) noexcept;
  void remove_push(push_sender& p) noexcept;
  std::size_t& ping_streams() noexcept { return ping_streams_; }
  std::size_t& perf_streams() noexcept { return perf_streams_; }
  /// Requests an actor has not answered yet.
  std::size_t open_requests = 0;
  /// A request of a stream that is gone was answered: the peer may open a stream again.
  void return_stream_credit();

  // -- conn_listener ---
  void on_handshake() override;
  void on_confirmed() override;
  std::unique_ptr<stream_handler> on_inbound_stream(quic_stream& stream) override;
  bool on_stream_gone(quic_stream& stream) override;
  void on_path_changed(const socket_address& remote) override;
  void on_id_issued(const connection_id& id) override { context_.host->on_id_issued(*this, id); }
  void on_id_retired(const connection_id& id) override { context_.host->on_id_retired(*this, id); }

 private:
  /// The outbound stream of one frames protocol.
  struct lane {
    enum class state : std::uint8_t { none, opening, open, refused } now = state::none;
    quic_stream* stream = nullptr;
  };
  protocol_set blocked_lanes(protocol_set waiting, bool may_open);
  void open_lane(protocol_index protocol);
  /// Counts a refusal when this direction has no place for one more push.
  bool pushes_full(direction side);
  void count_pushes(direction side) noexcept;
  /// Takes one token of the stream-open rate.
  bool take_open_token();

  io_context& context_;
  const session_id id_;
  const direction side_;
  peer_id peer_;
  std::optional<close_wish> wish_;
  std::vector<lane> lanes_;
  /// The inbound stream of each frames protocol; a newer one replaces it.
  std::vector<quic_stream*> inbound_lanes_;
  std::vector<push_receiver*> pushes_in_;
  std::vector<push_sender*> pushes_out_;
  ping_asker* asker_ = nullptr;
  std::size_t negotiating_in_ = 0;
  std::size_t negotiating_out_ = 0;
  std::size_t ping_streams_ = 0;
  std::size_t perf_streams_ = 0;
  token_bucket open_tokens_;
  /// Streams whose replacement the peer may open only later.
  std::size_t delayed_credit_ = 0;
  /// At the last sample of the round-trip time.
  std::uint64_t bytes_in_sampled_ = 0;
};

}  // namespace weft::transport::io
