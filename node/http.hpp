// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "metrics/catalog.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Small HTTP/1.1 server and client for the admin API (unix socket) and the loopback listener.
/// cpp-httplib stays inside http*.cpp.
namespace weft::node {

struct http_request {
  /// Values of `?name=value`; the first one counts.
  std::map<std::string, std::string, std::less<>> query;
  std::string body;
  /// The Accept header; empty when there is none.
  std::string accept;

  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const { return query.find(name) != query.end(); }
};

/// Where a streaming answer goes. Not thread-safe: one writer.
class http_writer {
 public:
  virtual ~http_writer() = default;
  /// False once the client is gone or the server stops; the handler then returns.
  virtual bool write(std::string_view text) = 0;
  virtual bool stopping() const = 0;
};

struct http_response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// When set, called once for the body, which goes out in chunks as it is written. May block.
  std::function<void(http_writer&)> stream;
  /// Added to those that every answer carries.
  std::vector<std::pair<std::string, std::string>> headers{};
};

using http_handler = std::function<http_response(const http_request&)>;
/// "GET /livez" -> handler. A path is matched as a whole.
using http_routes = std::map<std::string, http_handler, std::less<>>;

/// What a request says about itself before a handler sees it.
struct http_head {
  std::string path;
  /// `Host`, every one there was; `Origin`, `Sec-Fetch-Site` and `Sec-Fetch-Mode` as sent.
  std::vector<std::string> hosts;
  std::string origin;
  std::string fetch_site;
  std::string fetch_mode;
  /// Numeric address of the far end.
  std::string remote;
};
/// The refusal of a request, or none.
using http_guard = std::function<std::optional<http_response>(const http_head&)>;

/// Limits of one listener.
struct http_limits {
  /// Requests served at once; each streaming answer holds one. Later ones wait in the kernel's
  /// queue.
  std::size_t workers_max = 16;
  std::size_t body_bytes_max = 8 * 1024 * 1024;
  /// Streaming answers at once, fewer than workers so that plain requests always get through; more
  /// are refused with 429.
  std::size_t streams_max = 12;
};

/// One listener. Idle, it holds a single thread; workers come with requests and leave after some
/// idle seconds.
class http_server {
 public:
  /// A unix socket with mode 0600; a stale socket file is replaced. ec::oversized: the path is too
  /// long for a socket; ec::in_use, ec::io.
  static result<std::unique_ptr<http_server>> listen_unix(const std::string& path,
                                                          http_routes routes, http_limits limits);
  /// `host`:`port`, port 0 takes a free one. `guard` may be empty. ec::in_use, ec::io.
  static result<std::unique_ptr<http_server>> listen_tcp(const std::string& host, int port,
                                                         http_routes routes, http_limits limits,
                                                         http_guard guard = {});
  ~http_server();

  /// TCP port in use; 0 for a unix socket.
  int port() const noexcept;
  /// Requests so far, those to no endpoint, and streams refused by `streams_max`.
  std::uint64_t requests() const noexcept;
  std::uint64_t rejected() const noexcept;
  std::uint64_t streams_refused() const noexcept;
  /// Ends streams, waits for handlers. Idempotent.
  void stop();

 private:
  struct impl;
  explicit http_server(std::unique_ptr<impl> state);
  std::unique_ptr<impl> impl_;
};

/// One request at a time to a unix socket or a TCP address.
class http_client {
 public:
  struct reply {
    int status = 0;
    std::string body;
  };
  explicit http_client(std::string unix_socket) : unix_socket_(std::move(unix_socket)) {}
  http_client(std::string host, int port) : host_(std::move(host)), port_(port) {}

  /// `target` is a path with its query. With `on_line` a successful answer is handed over line by
  /// line as it comes (returning false ends the request) and `body` stays empty. ec::not_running:
  /// nobody listens; ec::closed: the answer broke off; ec::timeout.
  result<reply> call(std::string_view method, const std::string& target,
                     const std::string& body = {},
                     const std::function<bool(std::string_view)>& on_line = {});

 private:
  std::string unix_socket_;
  std::string host_;
  int port_ = 0;
};

/// Percent-encodes a query value.
std::string url_encoded(std::string_view text);

}  // namespace weft::node
