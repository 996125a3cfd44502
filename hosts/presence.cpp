// SPDX-License-Identifier: MIT
#include "hosts/presence.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace weft::hosts {
namespace {

bool lists(const std::vector<std::string>& protocols, std::string_view name) {
  return std::ranges::find(protocols, name) != protocols.end();
}

std::optional<std::uint8_t> preferred(std::span<const std::string> names,
                                      const std::vector<std::string>& protocols) {
  const std::size_t count = std::min(names.size(), presence_rule::names_max);
  for (std::size_t i = 0; i < count; ++i)
    if (lists(protocols, names[i])) return static_cast<std::uint8_t>(i);
  return std::nullopt;
}

std::uint32_t extension_bits(std::span<const std::string> names,
                             const std::vector<std::string>& protocols) {
  const std::size_t count = std::min(names.size(), presence_rule::extensions_max);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (lists(protocols, names[i])) bits |= std::uint32_t{1} << i;
  return bits;
}

}  // namespace

void presence_tracker::on_event(const transport::event& e, std::vector<peer_presence>& out) {
  if (const auto* up = std::get_if<transport::session_up_event>(&e)) {
    on_up(*up, out);
  } else if (const auto* down = std::get_if<transport::session_down_event>(&e)) {
    on_down(down->peer, out);
  } else if (const auto* known = std::get_if<transport::identified_event>(&e)) {
    on_identified(*known, out);
  } else if (const auto* moved = std::get_if<transport::path_changed_event>(&e)) {
    if (const auto at = known_.find(moved->peer); at != known_.end())
      at->second.told.remote = moved->remote;
  }
}

void presence_tracker::present(std::vector<peer_presence>& out) const {
  const auto before = static_cast<std::ptrdiff_t>(out.size());
  for (const auto& [peer, e] : known_)
    if (e.speaks) out.push_back(e.told);
  std::sort(out.begin() + before, out.end(),
            [](const auto& a, const auto& b) { return a.peer < b.peer; });
}

void presence_tracker::on_up(const transport::session_up_event& e,
                             std::vector<peer_presence>& out) {
  const auto [at, fresh] = known_.try_emplace(e.peer);
  if (!fresh) return;
  entry& own = at->second;
  own.told.peer = e.peer;
  own.told.up = true;
  own.told.session = e.session;
  own.told.handshake = e.handshake;
  own.told.side = e.side;
  own.told.remote = e.remote;
  own.speaks = rule_.when == presence_rule::policy::assumed;
  if (own.speaks) out.push_back(own.told);
}

void presence_tracker::on_down(const peer_id& peer, std::vector<peer_presence>& out) {
  const auto at = known_.find(peer);
  if (at == known_.end()) return;
  if (at->second.speaks) {
    out.push_back(std::move(at->second.told));
    out.back().up = false;
  }
  known_.erase(at);
}

void presence_tracker::on_identified(const transport::identified_event& e,
                                     std::vector<peer_presence>& out) {
  const auto at = known_.find(e.peer);
  if (at == known_.end()) return;
  entry& own = at->second;
  own.told.agent = e.info.agent_version;
  const auto name = preferred(rule_.names, e.info.protocols);
  if (!name) {
    if (!own.speaks) return;
    own.speaks = false;
    out.push_back(own.told);
    out.back().up = false;
    return;
  }
  const auto extensions = extension_bits(rule_.extensions, e.info.protocols);
  const bool same = own.told.name == *name && own.told.extensions == extensions;
  if (own.speaks && same) return;
  own.told.name = *name;
  own.told.extensions = extensions;
  out.push_back(own.told);
  out.back().updated = own.speaks;
  own.speaks = true;
}

}  // namespace weft::hosts
