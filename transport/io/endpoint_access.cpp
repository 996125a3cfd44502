// SPDX-License-Identifier: MIT
#include "transport/io/clock.hpp"
#include "transport/io/quic_endpoint.hpp"

#include <algorithm>
#include <utility>

/// Who may have a session.
namespace weft::transport::io {

void quic_endpoint::set_access(std::shared_ptr<const access_rules> rules) {
  access_ = std::move(rules);
  turn_away_all();
}

bool quic_endpoint::admits(const ip_endpoint& address) const {
  return !access_ || access_->empty() || access_->admits(address, wall_now());
}

bool quic_endpoint::admits(const session& s) const {
  return !access_ || access_->admits(s.peer(), s.conn->path().remote.endpoint(), wall_now());
}

bool quic_endpoint::bans(const peer_id& peer) const {
  return access_ && access_->bans(peer, wall_now());
}

void quic_endpoint::on_moved(session& s) {
  if (!admits(s)) turn_away(s);
}

void quic_endpoint::turn_away(session& s) {
  ++context_.metrics.limit_rejections[limit_kind::access];
  s.wish_close(close_reason::banned, session_error::gated, "not admitted");
}

void quic_endpoint::turn_away_all() {
  cancel_call(std::exchange(access_timer_, 0));
  if (!access_) return;
  for (auto& [id, s] : sessions_)
    if (s->slot != nullptr && !s->wish() && !admits(*s)) turn_away(*s);
  // An allowance that ends takes the sessions with it that it let in.
  const wall_time wall = wall_now();
  if (const auto next = access_->next_expiry(wall))
    access_timer_
        = call_at(context_.now + std::min<duration>(*next - wall, std::chrono::hours(1)), [this] {
            access_timer_ = 0;
            turn_away_all();
          });
}

}  // namespace weft::transport::io
