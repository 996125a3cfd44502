// SPDX-License-Identifier: MIT
#pragma once

#include "transport/io/reactor.hpp"
#include "transport/transport_metrics.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::transport::io::test {

/// How long a test waits for something that should come at once; only a failing test waits it out.
inline constexpr auto patience = std::chrono::seconds(20);

/// Records events; other threads wait for one.
class event_log final : public event_listener {
 public:
  void on_events(std::vector<event>&& events) override {
    {
      const std::lock_guard lock(mutex_);
      for (auto& e : events) events_.push_back(std::move(e));
    }
    changed_.notify_all();
  }
  /// The first event of type T, from the one after the last found on, that `accept` takes. Removes
  /// it.
  template <class T>
  std::optional<T> wait(std::function<bool(const T&)> accept = nullptr,
                        std::chrono::milliseconds limit = patience) {
    std::unique_lock lock(mutex_);
    std::optional<T> found;
    changed_.wait_for(lock, limit, [&] {
      for (auto it = events_.begin(); it != events_.end(); ++it)
        if (T* e = std::get_if<T>(&*it); e != nullptr && (!accept || accept(*e))) {
          found = std::move(*e);
          events_.erase(it);
          return true;
        }
      return false;
    });
    return found;
  }
  template <class T>
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    std::size_t n = 0;
    for (const auto& e : events_) n += std::holds_alternative<T>(e) ? 1 : 0;
    return n;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<event> events_;
};

/// Counts frames; may keep the batches, and with them their credit.
class frame_log final : public frame_listener {
 public:
  void on_frames(frame_batch_ptr batch) override {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& f : batch->frames) {
        ++frames_;
        bytes_ += f.body.size();
        if (check_) check_(f);
      }
      fates_.insert(fates_.end(), batch->fates.begin(), batch->fates.end());
      if (hold_) held_.push_back(std::move(batch));
    }
    changed_.notify_all();
  }
  /// Called with the lock held, for every frame.
  void check(std::function<void(const frame&)> f) {
    const std::lock_guard lock(mutex_);
    check_ = std::move(f);
  }
  void hold(bool on) {
    std::vector<frame_batch_ptr> freed;
    const std::lock_guard lock(mutex_);
    hold_ = on;
    if (!on) std::swap(freed, held_);
  }
  std::uint64_t frames() {
    const std::lock_guard lock(mutex_);
    return frames_;
  }
  std::uint64_t bytes() {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  std::vector<told_fate> fates() {
    const std::lock_guard lock(mutex_);
    return fates_;
  }
  bool wait_fates(std::size_t n, std::chrono::milliseconds limit = patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return fates_.size() >= n; });
  }
  bool wait_frames(std::uint64_t n, std::chrono::milliseconds limit = patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return frames_ >= n; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void(const frame&)> check_;
  std::vector<frame_batch_ptr> held_;
  std::vector<told_fate> fates_;
  bool hold_ = false;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Index of the protocols every test node has.
inline constexpr protocol_index frames_protocol = 0;
inline constexpr protocol_index exchange_protocol = 1;
inline constexpr protocol_index bulk_protocol = 2;
inline constexpr protocol_index push_protocol = 3;

/// A reactor with its recorders, on a loopback port.
class test_node {
 public:
  struct options {
    std::function<void(reactor_options&)> change = nullptr;
    std::optional<crypto::ed25519_private_key> key = std::nullopt;
    bool listen = true;
    std::string address = "/ip4/127.0.0.1/udp/0/quic-v1";
  };
  test_node() : test_node(options{}) {}
  explicit test_node(options o);
  ~test_node() { stop(); }

  void post(control_command c);
  void send(const peer_id& to, protocol_index protocol, chunk_view body,
            priority klass = priority::interactive, std::uint64_t tag = 0);
  /// Dials and waits; none when the dial failed (see `dial_error`).
  std::optional<session_up_event> dial(const multiaddr& address,
                                       std::optional<peer_id> expected = std::nullopt);
  std::optional<session_up_event> dial(test_node& other) {
    return dial(other.address, other.net->id());
  }
  result<duration> ping(const peer_id& peer);
  result<perf_event::halves> perf(const peer_id& peer, std::uint64_t up, std::uint64_t down);
  inspect_event inspect();
  void stop() {
    if (net) net->stop();
  }
  const peer_id& id() const { return net->id(); }

  crypto::ed25519_private_key key;
  transport_metrics metrics;
  event_log events;
  frame_log frames;
  frame_log bulk;
  multiaddr address;
  std::unique_ptr<reactor> net;
  error dial_error;

 private:
  request_id next_ = 1;
};

/// Waits until `condition` holds, looking often; false after `patience`.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = patience);

}  // namespace weft::transport::io::test
