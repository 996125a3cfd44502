// SPDX-License-Identifier: MIT
#include "dht/validator.hpp"

#include "base/peer_id.hpp"
#include "dht/signed_record.hpp"

namespace weft::dht {

result<merit> public_key_validator::validate(bytes_view key, bytes_view value, wall_time) const {
  constexpr std::string_view prefix = "/pk/";
  if (!as_text(key).starts_with(prefix)) return fail(ec::malformed);
  WEFT_TRY(const peer_id named, peer_id::from_bytes(key.subspan(prefix.size())));
  WEFT_TRY(const peer_id made, peer_id::from_public_key_protobuf(value));
  if (named != made) return fail(ec::wrong_peer, "the public key is not the one of the id");
  return merit{};
}

result<merit> signed_record_validator::validate(bytes_view key, bytes_view value,
                                                wall_time wall) const {
  WEFT_TRY(const signed_record record, open_record(key, value));
  if (record.expires <= wall) return fail(ec::stale, "the record has expired");
  if (record.expires - wall > signed_record_lifetime_max)
    return fail(ec::oversized, "the record lives longer than 30 days");
  return merit{record.sequence, record.expires};
}

std::shared_ptr<const validator_set> validator_set::standard() {
  auto set = std::make_shared<validator_set>();
  set->add("pk", std::make_unique<public_key_validator>());
  set->add("weft", std::make_unique<signed_record_validator>());
  return set;
}

void validator_set::add(std::string name, std::unique_ptr<const validator> v) {
  by_name_.insert_or_assign(std::move(name), std::move(v));
}

const validator* validator_set::find(bytes_view key) const {
  std::string_view text = as_text(key);
  if (!text.starts_with('/')) return nullptr;
  text.remove_prefix(1);
  const std::size_t end = text.find('/');
  if (end == std::string_view::npos) return nullptr;
  const auto at = by_name_.find(text.substr(0, end));
  return at == by_name_.end() ? nullptr : at->second.get();
}

result<merit> validator_set::validate(bytes_view key, bytes_view value, wall_time wall) const {
  const validator* v = find(key);
  if (!v) return fail(ec::unsupported, "no validator for the namespace of the key");
  return v->validate(key, value, wall);
}

}  // namespace weft::dht
