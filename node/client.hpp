// SPDX-License-Identifier: MIT
#pragma once

#include "node/http.hpp"
#include "node/views.hpp"

#include <functional>
#include <string>

namespace weft::node {

/// Talks to the admin API of the node in a directory.
class node_client {
 public:
  /// Finds the socket through the directory's configuration.
  explicit node_client(const std::string& directory);

  /// ec::not_running names the directory and what to do; errors of the node come back with their
  /// code.
  result<json> get(const std::string& target) { return ask("GET", target, {}); }
  result<json> post(const std::string& target, const std::string& body = {}) {
    return ask("POST", target, body);
  }
  /// Hands over one JSON object per line; `on_line` returns false to end. An `{"error"}` line ends
  /// with that error.
  result<void> stream(std::string_view method, const std::string& target, const std::string& body,
                      const std::function<bool(const json&)>& on_line);

 private:
  result<json> ask(std::string_view method, const std::string& target, const std::string& body);
  error explain(error e) const;

  std::string directory_;
  std::string socket_;
};

/// --dir, else WEFT_DIR, else ~/.weft, as an absolute path.
std::string node_directory(const std::string& flag);

}  // namespace weft::node
