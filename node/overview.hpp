// SPDX-License-Identifier: MIT
#pragma once

#include "node/context.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace weft::node {

/// All that the status page shows, as one JSON object: `GET /v1/overview` of docs/admin-api.md.
/// Lists and texts are bounded, whatever the peers say; totals stand beside them. Nothing of the
/// configuration beyond the node's name and profile is in it. While actors hang, it holds what is
/// known without them, the readiness checks first of all, and null for the rest.
class overview {
 public:
  /// At most so many entries of each list, and bytes of a peer's text.
  static constexpr std::size_t sessions_max = 200;
  static constexpr std::size_t routes_max = 500;
  static constexpr std::size_t topics_max = 100;
  static constexpr std::size_t log_lines_max = 100;
  static constexpr std::size_t text_bytes_max = 128;
  /// An answer serves every asker for so long: many open pages cost the actors no more than one.
  static constexpr std::chrono::milliseconds age_max{250};

  explicit overview(node_context& node) : node_(node) {}

  /// One line. Thread-safe; askers wait for each other.
  std::string text();

 private:
  node_context& node_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point made_{};
  std::string last_;
};

/// `GET /v1/overview`
http_handler overview_handler(std::shared_ptr<overview> shown);

}  // namespace weft::node
