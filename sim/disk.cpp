// SPDX-License-Identifier: MIT
#include "sim/disk.hpp"

#include <type_traits>
#include <variant>

namespace weft::sim {

namespace {

std::string text_of(const byte_buffer& key) { return std::string(as_text(key)); }

}  // namespace

void disk::write(std::vector<dht::store_operation>&& operations, instant now) {
  commit(now - commit_delay);
  for (auto& o : operations) pending_.emplace_back(now, std::move(o));
}

void disk::crash(instant now) {
  commit(now - commit_delay);
  pending_.clear();
}

void disk::erase() { *this = {}; }

void disk::commit(instant until) {
  while (!pending_.empty() && pending_.front().first <= until) {
    apply(std::move(pending_.front().second));
    pending_.pop_front();
  }
}

void disk::apply(dht::store_operation&& operation) {
  std::visit(
      [this](auto& o) {
        using type = std::decay_t<decltype(o)>;
        if constexpr (std::is_same_v<type, dht::put_record>)
          records_[text_of(o.record.key)] = o.record;
        else if constexpr (std::is_same_v<type, dht::remove_record>)
          records_.erase(text_of(o.key));
        else if constexpr (std::is_same_v<type, dht::put_provider>)
          providers_[{text_of(o.entry.key), o.entry.provider}] = o.entry;
        else if constexpr (std::is_same_v<type, dht::remove_provider>)
          providers_.erase({text_of(o.key), o.provider});
        else
          peers_ = std::move(o.peers);
      },
      operation);
}

dht::stored_state disk::read() const {
  dht::stored_state out;
  for (const auto& [key, r] : records_) out.records.push_back(r);
  for (const auto& [key, p] : providers_) out.providers.push_back(p);
  out.peers = peers_;
  return out;
}

}  // namespace weft::sim
