// SPDX-License-Identifier: MIT
#include "transport/io/quic_endpoint.hpp"

#include <type_traits>
#include <utility>

/// Commands of the actors.
namespace weft::transport::io {
void quic_endpoint::execute(command_batch& batch) {
  context_.metrics.commands += batch.sends.size() + batch.controls.size();
  // Dials and the like first: a send may be meant for what they set up.
  for (auto& c : batch.controls) run(c);
  for (auto& c : batch.sends) send(c);
}

void quic_endpoint::tell(const told_fate& fate) {
  if (fate.tag != 0 && fate.protocol < context_.protocols.size())
    context_.inbound.tell(context_.protocols[fate.protocol].concern, fate);
}

void quic_endpoint::give_up(std::size_t sends, const std::vector<told_fate>& tagged) {
  context_.metrics.limit_rejections[limit_kind::commands] += sends;
  for (const auto& fate : tagged) tell(fate);
}

void quic_endpoint::abandon(const command_batch& batch) {
  for (const auto& s : batch.sends) tell({s.peer, s.protocol, s.tag, frame_fate::dropped});
  for (const auto& c : batch.controls)
    if (const auto* push = std::get_if<push_command>(&c))
      tell({push->peer, push->protocol, push->tag, frame_fate::dropped});
}

session* quic_endpoint::session_of(const peer_id& peer) {
  const auto it = peers_.find(peer);
  return it == peers_.end() ? nullptr : it->second->chosen;
}

void quic_endpoint::send(send_command& c) {
  const auto drop = [&](frame_drop reason) {
    ++context_.metrics.frames_dropped[reason];
    tell({c.peer, c.protocol, c.tag, frame_fate::dropped});
  };
  const auto it = peers_.find(c.peer);
  if (it == peers_.end() || it->second->chosen == nullptr) return drop(frame_drop::no_session);
  if (c.protocol >= context_.protocols.size()
      || context_.protocols[c.protocol].kind != stream_kind::frames)
    return drop(frame_drop::unsupported);
  if (c.body.size() > context_.protocols[c.protocol].frame_bytes_max)
    return drop(frame_drop::oversized);
  if (!memory_admits(c.klass)) return drop(frame_drop::memory);
  it->second->queue.push(c.protocol, c.klass, std::move(c.body), context_.now, c.tag);
  touch(*it->second->chosen);
}

void quic_endpoint::push(push_command& c) {
  const auto drop = [&](frame_drop reason) {
    ++context_.metrics.frames_dropped[reason];
    tell({c.peer, c.protocol, c.tag, frame_fate::dropped});
  };
  session* s = session_of(c.peer);
  if (s == nullptr) return drop(frame_drop::no_session);
  if (c.protocol >= context_.protocols.size()
      || context_.protocols[c.protocol].kind != stream_kind::push)
    return drop(frame_drop::unsupported);
  if (c.body.size() + push_tag_bytes > context_.protocols[c.protocol].frame_bytes_max)
    return drop(frame_drop::oversized);
  if (!memory_admits(priority::bulk)) return drop(frame_drop::memory);
  s->push(std::move(c));
}

void quic_endpoint::cancel_push(const cancel_push_command& c) {
  const auto it = peers_.find(c.peer);
  if (it == peers_.end()) return;
  bool found = false;
  for (session* s : it->second->sessions) found = s->cancel_push(c) || found;
  if (found || !c.inbound) return;
  if (it->second->unwanted.add(c.protocol, c.tag, context_.now))
    ++context_.metrics.limit_rejections[limit_kind::push_cancels];
}

bool quic_endpoint::take_unwanted(session& s, protocol_index protocol, std::uint64_t tag) {
  return s.slot != nullptr && s.slot->unwanted.take(protocol, tag, context_.now);
}

std::uint64_t quic_endpoint::add_request(session& s, std::int64_t stream, std::uint64_t slot) {
  if (s.open_requests >= context_.bounds.requests_per_session_max) return 0;
  ++s.open_requests;
  const std::uint64_t token = next_number_++;
  requests_.emplace(token,
                    open_request{s.id(), stream, slot, context_.now + request_answer_timeout});
  return token;
}

void quic_endpoint::respond(respond_command& c) {
  const auto it = requests_.find(c.token);
  if (it == requests_.end()) return;
  const open_request r = it->second;
  requests_.erase(it);
  const auto owner = sessions_.find(r.session);
  if (owner == sessions_.end()) return;
  session& s = *owner->second;
  --s.open_requests;
  if (s.respond(r.stream, r.slot, std::move(c.body)) != ec::none)
    ++context_.metrics.request_failures;
  s.return_stream_credit();
}

void quic_endpoint::set_limits(const live_limits& bounds) {
  live_bounds_ = bounds;
  reading_ = true;
  auto& cap = context_.metrics.bandwidth_limit;
  cap.in.set(static_cast<std::int64_t>(bounds.download_bytes_per_second));
  cap.out.set(static_cast<std::int64_t>(bounds.upload_bytes_per_second));
  context_.metrics.memory_limit.set(static_cast<std::int64_t>(bounds.memory_bytes));
  watch_memory();
  for (const auto& socket : sockets_)
    socket->set_receive_buffer(bandwidth_.receive_buffer_bytes(options_.socket_buffer_bytes));
}

void quic_endpoint::inspect(request_id id) {
  inspect_event out;
  out.id = id;
  out.listening = listening_;
  for (auto& [number, s] : sessions_)
    if (s->slot != nullptr) out.sessions.push_back(s->inspect());
  context_.events.push_back(std::move(out));
}

void quic_endpoint::run(control_command& command) {
  auto& events = context_.events;
  std::visit(
      [&](auto& c) {
        using type = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<type, listen_command>) {
          listen(c.address);
        } else if constexpr (std::is_same_v<type, dial_command>) {
          dial(std::move(c));
        } else if constexpr (std::is_same_v<type, disconnect_command>) {
          const auto it = peers_.find(c.peer);
          if (it == peers_.end()) return;
          for (session* s : it->second->sessions)
            s->wish_close(close_reason::local, session_error::none, c.reason);
        } else if constexpr (std::is_same_v<type, request_command>) {
          session* s = session_of(c.peer);
          const bool known = c.protocol < context_.protocols.size()
                             && context_.protocols[c.protocol].kind == stream_kind::exchange;
          if (s != nullptr && known) return s->request(std::move(c));
          ++context_.metrics.request_failures;
          events.push_back(response_event{c.id, fail(known ? ec::not_found : ec::unsupported)});
        } else if constexpr (std::is_same_v<type, respond_command>) {
          respond(c);
        } else if constexpr (std::is_same_v<type, push_command>) {
          push(c);
        } else if constexpr (std::is_same_v<type, cancel_push_command>) {
          cancel_push(c);
        } else if constexpr (std::is_same_v<type, ping_command>) {
          if (session* s = session_of(c.peer)) return s->ping(c.id, c.timeout);
          ++context_.metrics.ping_failures;
          events.push_back(ping_event{c.id, c.peer, fail(ec::not_found)});
        } else if constexpr (std::is_same_v<type, perf_command>) {
          if (session* s = session_of(c.peer))
            return s->perf(c.id, c.upload_bytes, c.download_bytes);
          events.push_back(perf_event{c.id, c.peer, fail(ec::not_found)});
        } else if constexpr (std::is_same_v<type, inspect_command>) {
          inspect(c.id);
        } else if constexpr (std::is_same_v<type, drain_command>) {
          if (!drain_until_) call_at(context_.now + c.deadline, [] {});
          drain_until_ = context_.now + c.deadline;
        } else if constexpr (std::is_same_v<type, limits_command>) {
          set_limits(c.bounds);
        } else if constexpr (std::is_same_v<type, access_command>) {
          set_access(std::move(c.rules));
        }
      },
      command);
}

}  // namespace weft::transport::io
