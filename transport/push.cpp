// SPDX-License-Identifier: MIT
#include "transport/push.hpp"

#include "base/wire.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport {

void write_push(std::uint64_t tag, const chunk_view& body, std::vector<chunk_view>& out) {
  byte_buffer head;
  wire_writer(head).uvarint(push_tag_bytes + body.size()).u64(tag);
  out.push_back(chunk_view::copy(head));
  if (!body.empty()) out.push_back(body);
}

ec push_reader::on_bytes(bytes_view input, receive_slab& slab) {
  if (whole_) return input.empty() ? ec::none : ec::protocol_violation;
  if (const ec bad = splitter_.on_bytes(input, slab, bodies_); bad != ec::none) return bad;
  const auto announced = splitter_.announced();
  if (!bodies_.empty()) {
    if (bodies_.size() > 1 || announced || splitter_.on_end() != ec::none)
      return ec::protocol_violation;
    whole_ = true;
  }
  if (whole_ ? bodies_.front().size() < push_tag_bytes : announced && *announced < push_tag_bytes)
    return ec::malformed;
  const bytes_view head = whole_ ? bodies_.front().bytes() : splitter_.arrived();
  if (!tag_ && head.size() >= push_tag_bytes) tag_ = wire_reader(head).u64().value();
  return ec::none;
}

std::optional<chunk_view> push_reader::take() noexcept {
  if (bodies_.empty()) return std::nullopt;
  auto body = std::move(bodies_.front());
  bodies_.clear();
  return body;
}

void unwanted_pushes::forget(instant now) {
  while (!entries_.empty() && now - entries_.front().since > age_max_) entries_.pop_front();
}

bool unwanted_pushes::add(protocol_index protocol, std::uint64_t tag, instant now) {
  forget(now);
  entries_.push_back({protocol, tag, now});
  if (entries_.size() <= count_max_) return false;
  entries_.pop_front();
  return true;
}

bool unwanted_pushes::take(protocol_index protocol, std::uint64_t tag, instant now) {
  forget(now);
  const auto at = std::ranges::find_if(
      entries_, [&](const entry& e) { return e.protocol == protocol && e.tag == tag; });
  if (at == entries_.end()) return false;
  entries_.erase(at);
  return true;
}

}  // namespace weft::transport
