// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace weft::dht {

/// How a valid value compares with others of its key, and how long it lasts.
struct merit {
  /// The higher one wins; at the same rank, the one that lasts longer. Equal merits: what is there
  /// stays.
  std::uint64_t rank = 0;
  /// When the value ends by its own word.
  wall_time expires = wall_time::max();
  friend auto operator<=>(const merit&, const merit&) = default;
};

/// Decides which values a namespace of keys takes. Pure: the same answer everywhere and every
/// time, but for expiry.
class validator {
 public:
  virtual ~validator() = default;
  /// The merit of a valid value; any error refuses it.
  virtual result<merit> validate(bytes_view key, bytes_view value, wall_time wall) const = 0;
};

/// `/pk/` and the bytes of a peer id: the PublicKey protobuf that the id is made of. ec::malformed,
/// ec::wrong_peer.
class public_key_validator final : public validator {
 public:
  result<merit> validate(bytes_view key, bytes_view value, wall_time wall) const override;
};

/// `/weft/PEER/NAME`: a signed record (signed_record.hpp) that has not expired, and not more than
/// `signed_record_lifetime_max` to go; ranked by its sequence. ec::stale, ec::oversized (lifetime),
/// and as `open_record`.
class signed_record_validator final : public validator {
 public:
  result<merit> validate(bytes_view key, bytes_view value, wall_time wall) const override;
};

/// The validators of a node, by namespace: the first part of a key, `/NAMESPACE/…`.
class validator_set {
 public:
  /// Those of `/pk/` and `/weft/`.
  static std::shared_ptr<const validator_set> standard();

  /// `name` without slashes; replaces one of that name.
  void add(std::string name, std::unique_ptr<const validator> v);
  /// ec::unsupported for a key of an unknown namespace, or of none; else what its validator says.
  result<merit> validate(bytes_view key, bytes_view value, wall_time wall) const;
  bool knows(bytes_view key) const { return find(key) != nullptr; }

 private:
  const validator* find(bytes_view key) const;

  std::map<std::string, std::unique_ptr<const validator>, std::less<>> by_name_;
};

}  // namespace weft::dht
