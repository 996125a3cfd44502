// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/time.hpp"
#include "metrics/catalog.hpp"
#include "node/named_address.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weft::node {

/// Turns addresses that hold names into numbers and keeps them right: looks the names up again at
/// every interval, and sooner while a look-up fails. A name that no longer answers keeps the
/// addresses it had. Works on a thread of its own that exists only while there are names, since the
/// name service may take half a minute for an answer.
class name_watch final : public metrics::source {
 public:
  /// Pause after a failed look-up; doubles with each further one up to the interval.
  static constexpr duration retry_first = std::chrono::seconds(1);

  /// `on_change` gets the whole list whenever it has changed since `watch` or the last call; on the
  /// watching thread, never after `stop`.
  name_watch(name_lookup look_up, std::function<void(std::vector<multiaddr>)> on_change);
  /// As `stop`.
  ~name_watch() override;
  name_watch(const name_watch&) = delete;
  name_watch& operator=(const name_watch&) = delete;

  /// Replaces what is watched and calls `apply` with what is known at once: the addresses without
  /// names, and those with names that were looked up before. `on_change` comes after `apply`. New
  /// names are looked up right away.
  void watch(std::vector<multiaddr> addresses, duration interval,
             const std::function<void(std::vector<multiaddr>)>& apply);

  /// What readiness says of the names.
  struct summary {
    std::size_t names = 0;
    /// Names with at least one address.
    std::size_t known = 0;
    /// Addresses that are numbers already.
    std::size_t numbers = 0;
    /// Of the last name that could not be looked up; empty when all could.
    std::string problem;

    /// False when there are names only and none has an address: the node knows nobody to dial.
    bool ok() const noexcept { return names == 0 || known > 0 || numbers > 0; }
    /// "1 of 2 names known: why the other is not"
    std::string text() const;
  };
  summary names() const;

  /// Returns at once: a look-up in progress is left to itself and its outcome ignored.
  void stop();

  void collect(metrics::visitor& v) const override;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace weft::node
