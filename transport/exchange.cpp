// SPDX-License-Identifier: MIT
#include "transport/exchange.hpp"

#include <utility>

namespace weft::transport {

ec exchange_client::start(const chunk_view& request, frame_writer& writer,
                          std::vector<chunk_view>& out) {
  if (request.size() > frame_bytes_max_) return ec::oversized;
  writer.write(request, out);
  return ec::none;
}

ec exchange_client::on_bytes(bytes_view input, receive_slab& slab) {
  std::vector<chunk_view> bodies;
  const ec code = splitter_.on_bytes(input, slab, bodies);
  if (!bodies.empty() && !answered_) {
    answered_ = true;
    response_ = std::move(bodies.front());
    bodies.erase(bodies.begin());
  }
  if (code != ec::none) return code;
  const bool more = !bodies.empty() || (answered_ && splitter_.on_end() != ec::none);
  return more ? ec::protocol_violation : ec::none;
}

ec exchange_client::on_end() const noexcept {
  if (answered_) return ec::none;
  const ec code = splitter_.on_end();
  return code == ec::none ? ec::closed : code;
}

std::optional<chunk_view> exchange_client::take_response() noexcept {
  return std::exchange(response_, std::nullopt);
}

ec exchange_server::on_bytes(bytes_view input, receive_slab& slab, std::vector<request>& out) {
  bodies_.clear();
  const ec code = splitter_.on_bytes(input, slab, bodies_);
  for (auto& body : bodies_) {
    if (waiting_.size() >= unanswered_max_) return ec::limit;
    out.push_back({first_ + waiting_.size(), std::move(body)});
    waiting_.emplace_back();
  }
  bodies_.clear();
  return code;
}

ec exchange_server::on_end() noexcept {
  ended_ = true;
  return splitter_.on_end();
}

ec exchange_server::answer(slot id, std::optional<chunk_view> body, frame_writer& writer,
                           std::vector<chunk_view>& out) {
  if (id < first_ || id - first_ >= waiting_.size()) return ec::not_found;
  auto& own = waiting_[static_cast<std::size_t>(id - first_)];
  if (own.settled) return ec::not_found;
  if (body && body->size() > frame_bytes_max_) return ec::oversized;
  own = {true, std::move(body)};
  std::size_t ready = 0;
  for (; ready < waiting_.size() && waiting_[ready].settled; ++ready)
    if (waiting_[ready].body) writer.write(*waiting_[ready].body, out);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(ready));
  first_ += ready;
  return ec::none;
}

}  // namespace weft::transport
