// SPDX-License-Identifier: MIT
#include "transport/io/reactor.hpp"

#include "base/log.hpp"
#include "base/pulse.hpp"
#include "transport/io/clock.hpp"
#include "transport/io/quic_endpoint.hpp"
#include "transport/io/tls.hpp"
#include "transport/io/waker.hpp"
#include "transport/transport_metrics.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <pthread.h>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace weft::transport::io {
namespace {

result<void> check_protocols(const reactor_options& o) {
  if (o.protocols.size() > reactor::protocols_max)
    return fail(ec::bad_config, "more than 64 protocols");
  for (const auto& p : o.protocols)
    if (p.names.empty()) return fail(ec::bad_config, "a protocol without a name");
  if (o.datagram_bytes_max < 1200 || o.datagram_bytes_max > 16'384)
    return fail(ec::bad_config, "datagram_bytes_max must be 1200 to 16384");
  if (o.network_keys.size() > private_network::keys_max)
    return fail(ec::bad_config, "more than two keys of a private network");
  if (o.marks.low > o.marks.high || o.marks.high == 0)
    return fail(ec::bad_config, "credit marks: 0 <= low <= high, high > 0");
  return o.bounds.validate();
}

}  // namespace

class reactor::impl {
 public:
  impl(reactor_options&& o, tls_context&& tls)
      : options_(std::move(o)),
        self_(options_.host_key.id()),
        tls_(std::move(tls)),
        waker_(std::make_shared<waker>()),
        poller_(::epoll_create1(EPOLL_CLOEXEC)),
        endpoint_(
            options_, options_.bounds, options_.protocols, tls_, [w = waker_] { w->wake(); },
            [this](udp_socket& s) { watch(s.descriptor(), &s); }) {}
  ~impl() {
    stop();
    if (poller_ >= 0) ::close(poller_);
  }

  result<void> prepare() {
    if (poller_ < 0 || waker_->descriptor() < 0)
      return fail(ec::io, std::string("epoll: ") + std::strerror(errno));
    watch(waker_->descriptor(), nullptr);
    return endpoint_.announce_protocols();
  }

  void start() {
    thread_ = std::thread([this] { loop(); });
  }

  void stop() noexcept {
    stopping_.store(true, std::memory_order_release);
    waker_->wake();
    const std::lock_guard lock(join_);
    if (thread_.joinable()) thread_.join();
  }

  void post(command_batch&& batch) {
    if (batch.empty()) return;
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_.load(std::memory_order_acquire)) return;
      first = commands_.empty() && given_up_.empty();
      admit(batch);
      if (!batch.empty()) commands_.push_back(std::move(batch));
      first = first && !(commands_.empty() && given_up_.empty());
    }
    if (first) waker_->wake();
  }

  const peer_id& id() const noexcept { return self_; }
  std::size_t credit_level(std::size_t concern) const noexcept {
    return endpoint_.credit_level(concern);
  }
  duration silence(instant at) const noexcept { return pulse_.silence(at); }

 private:
  struct watched {
    udp_socket* socket;
    /// What epoll was asked for.
    std::uint32_t events;
  };

  /// Keeps the queue within its bounds; control commands other than pushes always pass.
  void admit(command_batch& batch) {
    const limits& b = options_.bounds;
    refused_ += std::erase_if(batch.controls, [&](const control_command& c) {
      const auto* push = std::get_if<push_command>(&c);
      if (push == nullptr) return false;
      if (waiting_ < b.commands_waiting_max
          && waiting_bytes_ + push->body.size() <= b.command_bytes_max) {
        ++waiting_;
        waiting_bytes_ += push->body.size();
        return false;
      }
      if (push->tag != 0)
        given_up_.push_back({push->peer, push->protocol, push->tag, frame_fate::dropped});
      return true;
    });
    std::size_t keep = 0;
    for (const auto& s : batch.sends) {
      if (waiting_ >= b.commands_waiting_max
          || waiting_bytes_ + s.body.size() > b.command_bytes_max)
        break;
      ++waiting_;
      waiting_bytes_ += s.body.size();
      ++keep;
    }
    refused_ += batch.sends.size() - keep;
    for (std::size_t i = keep; i < batch.sends.size(); ++i)
      if (const auto& s = batch.sends[i]; s.tag != 0)
        given_up_.push_back({s.peer, s.protocol, s.tag, frame_fate::dropped});
    batch.sends.resize(keep);
  }

  void watch(int fd, udp_socket* socket) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = socket;
    ::epoll_ctl(poller_, EPOLL_CTL_ADD, fd, &e);
    if (socket != nullptr) sockets_.push_back({socket, EPOLLIN});
  }

  /// Asks for writability only while a socket is full: otherwise every packet that leaves would
  /// wake the thread. Does not ask for readability while nothing may be read.
  void watch_sockets() {
    for (auto& [socket, asked] : sockets_) {
      const std::uint32_t wanted
          = (endpoint_.reading() ? EPOLLIN : 0u) | (socket->blocked() ? EPOLLOUT : 0u);
      if (wanted == asked) continue;
      asked = wanted;
      epoll_event e{};
      e.events = wanted;
      e.data.ptr = socket;
      ::epoll_ctl(poller_, EPOLL_CTL_MOD, socket->descriptor(), &e);
    }
  }

  int wait(std::array<epoll_event, 16>& events) {
    timespec span{};
    const timespec* limit = nullptr;
    if (const auto next = endpoint_.next_deadline()) {
      const auto left = std::max(*next - now(), duration::zero());
      span.tv_sec = left.count() / 1'000'000'000;
      span.tv_nsec = left.count() % 1'000'000'000;
      limit = &span;
    }
    if (precise_) {
      const int n
          = ::epoll_pwait2(poller_, events.data(), static_cast<int>(events.size()), limit, nullptr);
      if (n >= 0 || (errno != ENOSYS && errno != EPERM)) return n;
      precise_ = false;
      log::info("transport", "epoll_pwait2_missing");
    }
    int ms = -1;
    if (limit != nullptr)
      ms = static_cast<int>(std::min<long>(span.tv_sec, 3600) * 1000
                            + (span.tv_nsec + 999'999) / 1'000'000);
    return ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), ms);
  }

  void take_commands() {
    std::size_t refused = 0;
    std::vector<told_fate> given_up;
    {
      const std::lock_guard lock(mutex_);
      std::swap(commands_, running_);
      std::swap(given_up_, given_up);
      waiting_ = waiting_bytes_ = 0;
      refused = std::exchange(refused_, 0);
    }
    if (refused != 0) endpoint_.give_up(refused, given_up);
  }

  void run_commands() {
    take_commands();
    for (auto& batch : running_) endpoint_.execute(batch);
    running_.clear();
  }

  void loop() {
    ::pthread_setname_np(::pthread_self(), "weft-reactor");
    std::array<epoll_event, 16> events;
    while (!stopping_.load(std::memory_order_acquire)) {
      const int n = wait(events);
      endpoint_.begin_round(now());
      for (int i = 0; i < n; ++i) {
        auto* socket = static_cast<udp_socket*>(events[static_cast<std::size_t>(i)].data.ptr);
        const auto what = events[static_cast<std::size_t>(i)].events;
        if (socket == nullptr) {
          waker_->clear();
          run_commands();
          continue;
        }
        if ((what & EPOLLOUT) != 0) endpoint_.on_writable(*socket);
        if ((what & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
          endpoint_.on_readable(*socket, quic_endpoint::runs_per_flush);
      }
      endpoint_.begin_round(now());
      endpoint_.on_timers();
      endpoint_.finish_round(options_.events);
      watch_sockets();
      pulse_.beat(now());
    }
    pulse_.rest();
    endpoint_.begin_round(now());
    take_commands();
    for (const auto& batch : running_) endpoint_.abandon(batch);
    endpoint_.shut_down();
    endpoint_.finish_round(options_.events);
  }

  reactor_options options_;
  const peer_id self_;
  tls_context tls_;
  const std::shared_ptr<waker> waker_;
  const int poller_;
  std::vector<watched> sockets_;
  quic_endpoint endpoint_;
  bool precise_ = true;
  pulse pulse_;
  std::thread thread_;
  std::mutex join_;
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::vector<command_batch> commands_;
  std::vector<command_batch> running_;
  std::size_t waiting_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::size_t refused_ = 0;
  /// The tagged ones among the refused.
  std::vector<told_fate> given_up_;
};

reactor::reactor(std::unique_ptr<impl> state) noexcept : impl_(std::move(state)) {}
reactor::~reactor() = default;

result<std::unique_ptr<reactor>> reactor::create(reactor_options options) {
  WEFT_TRY_VOID(check_protocols(options));
  WEFT_TRY(auto tls,
           tls_context::make(options.host_key, wall_now(), private_network(options.network_keys)));
  auto state = std::make_unique<impl>(std::move(options), std::move(tls));
  WEFT_TRY_VOID(state->prepare());
  return std::unique_ptr<reactor>(new reactor(std::move(state)));
}

result<void> reactor::start() {
  impl_->start();
  return {};
}

void reactor::stop() noexcept { impl_->stop(); }
void reactor::post(command_batch&& batch) { impl_->post(std::move(batch)); }
const peer_id& reactor::id() const noexcept { return impl_->id(); }
duration reactor::silence(instant now) const noexcept { return impl_->silence(now); }
std::size_t reactor::credit_level(std::size_t concern) const noexcept {
  return impl_->credit_level(concern);
}

}  // namespace weft::transport::io
