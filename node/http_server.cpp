// SPDX-License-Identifier: MIT
#include "base/log.hpp"
#include "node/files.hpp"
#include "node/http.hpp"

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace weft::node {

namespace {

/// Nothing in Debian 12's cpp-httplib; in Debian 13's, whether the job was taken.
using enqueued = decltype(std::declval<httplib::TaskQueue&>().enqueue({}));

/// Threads on demand: none while idle, at most `workers_max`. When all are busy the accepting
/// thread waits, so that further connections queue in the kernel and not here.
class elastic_pool final : public httplib::TaskQueue {
 public:
  explicit elastic_pool(std::size_t workers_max) : workers_max_(workers_max) {}

  enqueued enqueue(std::function<void()> job) override {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return jobs_.size() < workers_max_ || ending_; });
    jobs_.push_back(std::move(job));
    if (idle_ >= jobs_.size()) {
      work_.notify_one();
    } else if (alive_ < workers_max_) {
      ++alive_;
      std::thread([this] { run(); }).detach();
    }
    return static_cast<enqueued>(true);
  }
  void shutdown() override {
    std::unique_lock lock(mutex_);
    ending_ = true;
    work_.notify_all();
    room_.notify_all();
    gone_.wait(lock, [&] { return alive_ == 0; });
  }

 private:
  static constexpr auto idle_time = std::chrono::seconds(5);

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      const bool woken = work_.wait_for(lock, idle_time, [&] { return !jobs_.empty() || ending_; });
      --idle_;
      if (jobs_.empty() && (ending_ || !woken)) break;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      room_.notify_one();
      lock.unlock();
      job();
      job = {};
      lock.lock();
    }
    // Notified under the lock: the pool may be destroyed as soon as the lock is free.
    --alive_;
    gone_.notify_all();
  }

  const std::size_t workers_max_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable room_;
  std::condition_variable gone_;
  std::deque<std::function<void()>> jobs_;
  std::size_t idle_ = 0;
  std::size_t alive_ = 0;
  bool ending_ = false;
};

class sink_writer final : public http_writer {
 public:
  sink_writer(httplib::DataSink& sink, const std::atomic<bool>& stopping)
      : sink_(sink), stopping_(stopping) {}
  bool write(std::string_view text) override {
    if (stopping() || (!text.empty() && !sink_.write(text.data(), text.size()))) open_ = false;
    return open_;
  }
  bool stopping() const override { return stopping_.load(std::memory_order_relaxed); }

 private:
  httplib::DataSink& sink_;
  const std::atomic<bool>& stopping_;
  bool open_ = true;
};

/// cpp-httplib compresses an answer when it has been handled, with Brotli at its slowest if the
/// client takes that: sixty milliseconds for the status page. What the client takes besides is
/// left.
void refuse_brotli(const httplib::Request& in) {
  constexpr const char* header = "Accept-Encoding";
  if (in.get_header_value(header).find("br") == std::string::npos) return;
  const bool gzip = in.get_header_value(header).find("gzip") != std::string::npos;
  // The server's own object, which it hands out as constant.
  auto& headers = const_cast<httplib::Request&>(in).headers;
  headers.erase(header);
  if (gzip) headers.emplace(header, "gzip");
}

}  // namespace

std::string_view http_request::get(std::string_view name) const {
  const auto at = query.find(name);
  return at == query.end() ? std::string_view{} : std::string_view(at->second);
}

struct http_server::impl {
  httplib::Server server;
  http_routes routes;
  http_guard guard;
  std::string unix_path;
  int port = 0;
  std::thread thread;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> streams_refused{0};
  std::atomic<std::size_t> streams{0};
  std::size_t streams_max = 0;

  void configure(const http_limits& limits) {
    server.new_task_queue = [workers = limits.workers_max] { return new elastic_pool(workers); };
    // One request per connection: an idle kept-alive connection would poll and hold a worker.
    server.set_keep_alive_max_count(1);
    server.set_payload_max_length(limits.body_bytes_max);
    streams_max = limits.streams_max;
    // Whatever an answer holds, a browser takes it for what it is called and for nobody else's.
    server.set_default_headers({{"X-Content-Type-Options", "nosniff"},
                                {"Referrer-Policy", "no-referrer"},
                                {"Cross-Origin-Resource-Policy", "same-origin"},
                                {"X-Frame-Options", "DENY"},
                                {"Cache-Control", "no-store"}});
    server.set_read_timeout(5);
    server.set_write_timeout(10);
    const auto handle = [this](const httplib::Request& in, httplib::Response& out) {
      refuse_brotli(in);
      answer(in, out);
    };
    server.Get(".*", handle);
    server.Post(".*", handle);
  }

  std::optional<http_response> refusal(const httplib::Request& in) const {
    if (!guard) return std::nullopt;
    http_head head{in.path,
                   {},
                   in.get_header_value("Origin"),
                   in.get_header_value("Sec-Fetch-Site"),
                   in.get_header_value("Sec-Fetch-Mode"),
                   in.remote_addr};
    const auto [first, last] = in.headers.equal_range("Host");
    for (auto each = first; each != last; ++each) head.hosts.push_back(each->second);
    return guard(head);
  }

  void answer(const httplib::Request& in, httplib::Response& out) {
    requests.fetch_add(1, std::memory_order_relaxed);
    if (auto refused = refusal(in)) {
      rejected.fetch_add(1, std::memory_order_relaxed);
      out.status = refused->status;
      out.set_content(std::move(refused->body), refused->content_type);
      return;
    }
    const auto at = routes.find((in.method == "HEAD" ? "GET" : in.method) + " " + in.path);
    if (at == routes.end()) {
      rejected.fetch_add(1, std::memory_order_relaxed);
      out.status = 404;
      out.set_content(
          "{\"error\":{\"code\":\"not_found\",\"text\":\"no such endpoint; GET / lists them\"}}\n",
          "application/json");
      return;
    }
    http_request request;
    for (const auto& [name, value] : in.params) request.query.emplace(name, value);
    request.body = in.body;
    request.accept = in.get_header_value("Accept");
    auto response = at->second(request);
    out.status = response.status;
    for (const auto& [name, value] : response.headers) out.set_header(name, value);
    if (!response.stream) {
      out.set_content(std::move(response.body), response.content_type);
      return;
    }
    // Given back when the last copy of the answer's function is gone, whether it ran or not.
    const std::shared_ptr<void> slot(&streams, [this](void*) { --streams; });
    if (++streams > streams_max) {
      ++streams_refused;
      out.status = 429;
      out.set_content(
          "{\"error\":{\"code\":\"limit\",\"text\":\"too many streaming requests at once\"}}\n",
          "application/json");
      return;
    }
    auto stream = std::make_shared<std::function<void(http_writer&)>>(std::move(response.stream));
    out.set_chunked_content_provider(response.content_type,
                                     [this, stream, slot](std::size_t, httplib::DataSink& sink) {
                                       sink_writer writer(sink, stopping);
                                       (*stream)(writer);
                                       sink.done();
                                       return true;
                                     });
  }

  void run() {
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running() && !stopping) std::this_thread::yield();
  }
};

http_server::http_server(std::unique_ptr<impl> state) : impl_(std::move(state)) {}
http_server::~http_server() { stop(); }

result<std::unique_ptr<http_server>> http_server::listen_unix(const std::string& path,
                                                              http_routes routes,
                                                              http_limits limits) {
  constexpr std::size_t path_max = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > path_max)
    return fail(ec::oversized,
                "the socket path " + path + " has " + std::to_string(path.size())
                    + " characters, the system allows " + std::to_string(path_max)
                    + "; use a shorter --dir or set admin.socket to an absolute path");
  auto state = std::make_unique<impl>();
  state->routes = std::move(routes);
  state->unix_path = path;
  state->configure(limits);
  state->server.set_address_family(AF_UNIX);
  // The directory is locked by us, so a socket file that is there belongs to nobody.
  ::unlink(path.c_str());
  const auto before = ::umask(0177);
  const bool bound = state->server.bind_to_port(path, 80);
  const int why = errno;
  ::umask(before);
  if (!bound) return fail(system_error("cannot listen on the unix socket", path, why));
  state->run();
  return std::unique_ptr<http_server>(new http_server(std::move(state)));
}

result<std::unique_ptr<http_server>> http_server::listen_tcp(const std::string& host, int port,
                                                             http_routes routes, http_limits limits,
                                                             http_guard guard) {
  auto state = std::make_unique<impl>();
  state->routes = std::move(routes);
  state->guard = std::move(guard);
  state->configure(limits);
  // Only address reuse: with port reuse two nodes could share a port and answer in turns.
  state->server.set_socket_options([](socket_t fd) {
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  errno = 0;
  state->port = port;
  bool bound = false;
  if (port == 0) {
    state->port = state->server.bind_to_any_port(host);
    bound = state->port > 0;
  } else {
    bound = state->server.bind_to_port(host, port);
  }
  if (!bound) {
    const int why = errno;
    const auto where = host + ":" + std::to_string(port);
    if (why == EADDRINUSE)
      return fail(
          ec::in_use,
          "the HTTP address " + where
              + " is in use by another process; set http.listen to a free one (port 0 takes any)");
    return fail(system_error("cannot listen on", where, why ? why : EADDRNOTAVAIL));
  }
  state->run();
  return std::unique_ptr<http_server>(new http_server(std::move(state)));
}

int http_server::port() const noexcept { return impl_->port; }
std::uint64_t http_server::requests() const noexcept { return impl_->requests; }
std::uint64_t http_server::rejected() const noexcept { return impl_->rejected; }

std::uint64_t http_server::streams_refused() const noexcept { return impl_->streams_refused; }

void http_server::stop() {
  if (impl_->stopping.exchange(true)) return;
  impl_->server.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
  if (!impl_->unix_path.empty()) ::unlink(impl_->unix_path.c_str());
}

}  // namespace weft::node
