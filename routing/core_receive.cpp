// SPDX-License-Identifier: MIT
#include "routing/core_impl.hpp"

#include <algorithm>

namespace weft::routing {

void routing_core::impl::frame(const peer_id& from, bytes_view body, outbox& out) {
  const auto slot = slot_of(from);
  if (!slot || neighbours_[*slot].muted) {
    ++counters_.rejected[reject_reason::not_neighbour];
    return;
  }
  ++counters_.frames_received;
  if (const auto decoded = decode_frame(body, scratch_); !decoded) {
    const bool oversized = decoded.error().code == ec::oversized;
    ++counters_.rejected[oversized ? reject_reason::oversized : reject_reason::malformed];
    violation(*slot, decoded.error().code, out);
    return;
  }
  if (!adopt_incarnation(*slot)) return;
  refill_step();
  switch (scratch_.type) {
    case frame_type::update:
      take_update(*slot, out);
      break;
    case frame_type::request:
      take_requests(*slot, out);
      break;
    case frame_type::ack:
      take_acks(neighbours_[*slot]);
      break;
  }
}

/// Frames of an earlier run of the neighbour may still be on their way when those of the next are
/// here: what they say was true of a node that has forgotten it, feasibility distances included.
bool routing_core::impl::adopt_incarnation(std::uint16_t slot) {
  neighbour_state& of = neighbours_[slot];
  if (scratch_.incarnation == of.incarnation) {
    of.challenger = 0;
    return true;
  }
  if (scratch_.incarnation < of.incarnation && !outlasted(of)) {
    ++counters_.rejected[reject_reason::stale_frame];
    return false;
  }
  const bool first = of.incarnation == 0;
  // Each new run costs a walk over the table. One too soon is heard later: unacknowledged, it says
  // everything again. A process that crashes at every start is no offender.
  if (!first
      && !take_token(of.restart_tokens, of.restart_tokens_at, now_,
                     1 / to_seconds(config_.restart_interval), config_.restart_burst)) {
    ++counters_.rejected[reject_reason::restart_rate];
    return false;
  }
  of.incarnation = scratch_.incarnation;
  of.challenger = 0;
  of.last_number = 0;
  if (!first) begin_anew(slot);
  return true;
}

/// Whether the run with the lower number is the living one, started by a clock that was put back:
/// for as long as an acknowledgement may take, all frames have been its.
bool routing_core::impl::outlasted(neighbour_state& of) const {
  if (of.challenger != scratch_.incarnation) {
    of.challenger = scratch_.incarnation;
    of.challenged_at = now_;
  }
  return now_ - of.challenged_at >= config_.ack_timeout;
}

/// The neighbour knows nothing any more of what it said and heard. Its session need not have ended:
/// a killed process leaves one open until it times out, and its successor's joins it.
void routing_core::impl::begin_anew(std::uint16_t slot) {
  neighbour_state& of = neighbours_[slot];
  ++counters_.neighbour_restarts;
  of.inbox.clear();
  of.acks.clear();
  of.unacknowledged.clear();
  of.timeouts = 0;
  clear_routes_via(slot);
  start_dump(of, false);
}

void routing_core::impl::take_acks(neighbour_state& from) {
  if (scratch_.acknowledged_incarnation != incarnation_) {
    ++counters_.rejected[reject_reason::stale_frame];
    return;
  }
  for (const std::uint64_t number : scratch_.acknowledged) {
    const auto found = std::find_if(from.unacknowledged.begin(), from.unacknowledged.end(),
                                    [&](const auto& each) { return each.number == number; });
    if (found == from.unacknowledged.end()) continue;
    from.unacknowledged.erase(found);
    from.timeouts = 0;
  }
  if (!window_open(from)) return;
  if (from.resync && !from.dumping) start_dump(from, true);
  if (from.dumping && (!dump_at_ || now_ < *dump_at_)) dump_at_ = now_;
}

// -- updates ---

void routing_core::impl::take_update(std::uint16_t slot, outbox& out) {
  neighbour_state& from = neighbours_[slot];
  if (scratch_.number <= from.last_number) {
    ++counters_.rejected[reject_reason::stale_frame];
    return;
  }
  from.last_number = scratch_.number;
  if (from.inbox.size() >= config_.inbox_frames_max) {
    // Not acknowledged, so an honest neighbour sends its table again, later.
    ++counters_.rejected[reject_reason::inbox_full];
    return;
  }
  neighbour_state::waiting item{scratch_.number, std::move(scratch_.updates), 0};
  if (from.inbox.empty() && consume(slot, item, out)) {
    scratch_.updates = std::move(item.entries);  // keeps its memory
    send_acks(from, out);
    return;
  }
  if (from.muted) return;
  from.inbox.push_back(std::move(item));
  const instant next = step_at_ + config_.step_interval;
  if (!work_at_ || next < *work_at_) work_at_ = next;
}

void routing_core::impl::refill_step() {
  if (stepped_ && now_ < step_at_ + config_.step_interval) return;
  stepped_ = true;
  step_at_ = now_;
  ++step_;
  verifications_left_ = config_.verifications_per_step;
  entries_left_ = config_.entries_per_step;
}

void routing_core::impl::work(outbox& out) {
  refill_step();
  work_at_.reset();
  const std::size_t count = neighbours_.size();
  bool left = false;
  // Each step begins with another neighbour, so that a loud one cannot starve the rest.
  for (std::size_t n = 0; n < count; ++n) {
    const auto slot = static_cast<std::uint16_t>((next_inbox_ + n) % count);
    neighbour_state& from = neighbours_[slot];
    while (!from.muted && !from.inbox.empty()) {
      if (!consume(slot, from.inbox.front(), out)) break;
      from.inbox.pop_front();
    }
    if (from.muted) from.inbox.clear();
    if (from.up && !from.muted) send_acks(from, out);
    left = left || !from.inbox.empty();
  }
  if (count > 0) next_inbox_ = (next_inbox_ + 1) % count;
  if (left) work_at_ = step_at_ + config_.step_interval;
}

/// Handles the entries of a frame; false when the rest has to wait for the next step.
bool routing_core::impl::consume(std::uint16_t slot, neighbour_state::waiting& item, outbox& out) {
  while (item.next < item.entries.size()) {
    if (entries_left_ == 0) return false;
    --entries_left_;
    const verdict outcome = take_entry(slot, item.entries[item.next]);
    if (outcome == verdict::deferred) {
      ++counters_.verifications_deferred;
      return false;
    }
    ++item.next;
    if (outcome == verdict::violation) {
      violation(slot, ec::bad_signature, out);
      break;  // the rest of such a frame is not worth our time
    }
  }
  if (!neighbours_[slot].muted) neighbours_[slot].acks.push_back(item.number);
  return true;
}

std::optional<reject_reason> routing_core::impl::refuse(const update_entry& entry) const {
  const announcement& origin = entry.origin;
  const auto seconds = [](duration d) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(d).count());
  };
  if (entry.hops >= config_.hops_max) return reject_reason::too_far;
  if (origin.lifetime_s == 0 || origin.lifetime_s > seconds(config_.lifetime_max))
    return reject_reason::oversized;
  if (origin.issued_s > wall_s_ + seconds(config_.clock_skew_max)) return reject_reason::clock;
  if (wall_s_ >= expiry_s(origin.issued_s, origin.lifetime_s)) return reject_reason::expired;
  return std::nullopt;
}

routing_core::impl::verdict routing_core::impl::take_entry(std::uint16_t slot,
                                                           const update_entry& entry) {
  if (entry.origin.destination == self_) return take_own(slot, entry);
  const auto where = table_.find(entry.origin.destination);
  if (entry.retraction()) {
    ++counters_.retractions_received;
    if (where) remove_route(*where, slot);
    return verdict::done;
  }
  // Whatever is wrong with the entry, it replaces what the neighbour said before.
  const auto reject = [&](reject_reason reason) {
    ++counters_.rejected[reason];
    if (where) remove_route(*where, slot);
    return verdict::done;
  };
  if (const auto reason = refuse(entry)) {
    ++counters_.updates_received;
    return reject(*reason);
  }
  if (!where || entry.origin.sequence > table_.stamp(*where).sequence)
    return take_new(slot, entry, where);
  ++counters_.updates_received;
  const announcement held = table_.origin(*where);
  if (entry.origin.sequence < held.sequence) return reject(reject_reason::old_sequence);
  // The held announcement was verified; the same bytes need no second look, other bytes are not
  // what its destination signed first for this number.
  if (!(held == entry.origin)) return reject(reject_reason::conflict);
  ++counters_.verifications_saved;
  const route_state state = table_.state(*where);
  if (state.evicted) return reject(reject_reason::table_full);
  if (entry.advertised >= state.feasible_below) ++counters_.loops_prevented;
  add_route(*where, {slot, entry.advertised, entry.hops});
  return verdict::done;
}

bool routing_core::impl::may_verify(neighbour_state& from) {
  if (from.verify_step != step_) {
    from.verify_step = step_;
    from.verified_in_step = 0;
  }
  return verifications_left_ > 0
         && from.verified_in_step < config_.verifications_per_neighbour_step;
}

bool routing_core::impl::verify(neighbour_state& from, const announcement& origin) {
  --verifications_left_;
  ++from.verified_in_step;
  ++counters_.verifications;
  if (crypto_.verify(origin.destination, origin.signed_text(), origin.signature)) return true;
  ++counters_.rejected[reject_reason::bad_signature];
  return false;
}

/// An unknown destination, or a newer sequence number of a known one: feasible whatever its metric
/// (RFC 8966 section 3.5.1). Routes told with the older number end here; their neighbours pass on
/// the new one in turn.
routing_core::impl::verdict routing_core::impl::take_new(std::uint16_t slot,
                                                         const update_entry& entry,
                                                         std::optional<place> where) {
  neighbour_state& from = neighbours_[slot];
  const auto refused = [&](reject_reason reason) {
    ++counters_.updates_received;
    ++counters_.rejected[reason];
    return verdict::done;
  };
  // Limits come before the signature: what would not be kept is not worth verifying.
  if (where && table_.state(*where).evicted) return refused(reject_reason::table_full);
  const bool full = !where && table_.size() >= config_.destinations_max;
  if (full && heaviest() == slot) return refused(reject_reason::table_full);
  bool counted = false;
  const route_list held = where ? table_.routes(*where) : route_list{};
  for (const packed_route& route : held.all()) counted = counted || route.neighbour() == slot;
  if (!counted && from.routes >= config_.routes_per_neighbour_max)
    return refused(reject_reason::neighbour_full);
  if (!may_verify(from)) return verdict::deferred;
  ++counters_.updates_received;
  if (!verify(from, entry.origin)) return verdict::violation;
  if (full && !make_room()) {
    ++counters_.rejected[reject_reason::table_full];
    return verdict::done;
  }
  route_state state;
  if (where) {
    state = table_.state(*where);
  } else {
    where = table_.insert(entry.origin.destination);
    state.via_or_since = short_time();
  }
  table_.set_origin(*where, entry.origin);
  state.feasible_below = infinite_metric;
  state.advertised_sequence = false;
  table_.set_state(*where, state);
  const route_list old = table_.routes(*where);
  for (const packed_route& route : old.all()) --neighbours_[route.neighbour()].routes;
  ++from.routes;
  route_list list;
  list.routes[0] = {slot, entry.advertised, entry.hops};
  list.count = 1;
  settle(*where, list);
  if (!starving_.empty()) starving_.erase(entry.origin.destination);
  return verdict::done;
}

/// Our own announcement coming back. One we do not remember was signed in an earlier life, by a
/// clock that ran ahead: the next one must be newer still, or nobody would take it.
routing_core::impl::verdict routing_core::impl::take_own(std::uint16_t slot,
                                                         const update_entry& entry) {
  if (entry.retraction() || entry.origin.sequence <= std::max(own.sequence, sequence_floor_)) {
    entry.retraction() ? ++counters_.retractions_received : ++counters_.updates_received;
    return verdict::done;
  }
  if (!may_verify(neighbours_[slot])) return verdict::deferred;
  ++counters_.updates_received;
  if (!verify(neighbours_[slot], entry.origin)) return verdict::violation;
  sequence_floor_ = entry.origin.sequence;
  request_renewal();
  return verdict::done;
}

}  // namespace weft::routing
