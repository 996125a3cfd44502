// SPDX-License-Identifier: MIT
#include "node/name_watch.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace weft::node {

/// Shared with the thread, which may outlive the watch inside a look-up.
struct name_watch::state {
  name_lookup look_up;
  std::function<void(std::vector<multiaddr>)> on_change;

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<multiaddr> addresses;
  duration interval{};
  std::map<dns_name, std::vector<ip_endpoint>> known;
  std::vector<multiaddr> told;
  std::string problem;
  std::uint64_t version = 0;
  std::uint64_t worked = 0;
  std::uint64_t failed = 0;
  std::uint64_t left_out = 0;
  bool running = false;
  bool stopped = false;

  std::vector<dns_name> names() const {
    std::vector<dns_name> all;
    for (const auto& address : addresses)
      if (auto name = name_of(address)) all.push_back(std::move(*name));
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  std::vector<multiaddr> numbers() const {
    std::vector<multiaddr> all;
    for (const auto& address : addresses) {
      const auto name = name_of(address);
      if (!name) {
        all.push_back(address);
        continue;
      }
      const auto found = known.find(*name);
      if (found == known.end()) continue;
      for (auto& each : with_addresses(address, found->second)) all.push_back(std::move(each));
    }
    return all;
  }

  void take(const dns_name& name, result<transport::io::name_answer> answer) {
    if (!answer) {
      ++failed;
      problem = answer.error().detail;
      log::warn("node", "name_not_found", {{"name", name.name}, {"why", answer.error()}});
      return;
    }
    ++worked;
    left_out += answer->left_out;
    known[name] = std::move(answer->addresses);
  }

  void tell() {
    auto now = numbers();
    if (now == told) return;
    told = now;
    log::info("node", "addresses_changed", {{"count", now.size()}});
    on_change(std::move(now));
  }

  /// One look-up of every name, without the lock while the name service works. False when one
  /// failed or what is watched changed meanwhile.
  bool pass(std::unique_lock<std::mutex>& lock) {
    const auto began = version;
    const auto failed_before = failed;
    for (const auto& name : names()) {
      lock.unlock();
      auto answer = look_up(name.name, name.family);
      lock.lock();
      if (stopped || version != began) return false;
      take(name, std::move(answer));
    }
    tell();
    if (failed > failed_before) return false;
    problem.clear();
    return true;
  }

  void run() {
    std::unique_lock lock(mutex);
    auto retry = retry_first;
    while (!stopped && !names().empty()) {
      const auto began = version;
      const bool good = pass(lock);
      if (stopped || version != began) continue;
      const auto pause = good ? interval : std::min(retry, interval);
      retry = good ? retry_first : std::min(retry * 2, interval);
      changed.wait_for(lock, pause, [&] { return stopped || version != began; });
    }
    running = false;
  }
};

name_watch::name_watch(name_lookup look_up, std::function<void(std::vector<multiaddr>)> on_change)
    : state_(std::make_shared<state>()) {
  state_->look_up = std::move(look_up);
  state_->on_change = std::move(on_change);
}

name_watch::~name_watch() { stop(); }

void name_watch::watch(std::vector<multiaddr> addresses, duration interval,
                       const std::function<void(std::vector<multiaddr>)>& apply) {
  const std::lock_guard lock(state_->mutex);
  state_->addresses = std::move(addresses);
  state_->interval = interval;
  const auto wanted = state_->names();
  std::erase_if(state_->known,
                [&](const auto& each) { return !std::ranges::binary_search(wanted, each.first); });
  state_->problem.clear();
  ++state_->version;
  state_->changed.notify_all();
  state_->told = state_->numbers();
  apply(state_->told);
  if (!wanted.empty() && !state_->stopped && !std::exchange(state_->running, true))
    std::thread([s = state_] { s->run(); }).detach();
}

std::string name_watch::summary::text() const {
  return std::to_string(known) + " of " + std::to_string(names) + " names known"
         + (problem.empty() ? "" : ": " + problem);
}

name_watch::summary name_watch::names() const {
  const std::lock_guard lock(state_->mutex);
  const auto numbers = static_cast<std::size_t>(std::ranges::count_if(
      state_->addresses, [](const multiaddr& each) { return !name_of(each); }));
  return {state_->names().size(), state_->known.size(), numbers, state_->problem};
}

void name_watch::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->changed.notify_all();
}

void name_watch::collect(metrics::visitor& v) const {
  const std::lock_guard lock(state_->mutex);
  constexpr std::string_view names_help = "Names in network.bootstrap by state.";
  v.on_gauge("weft_names", names_help, {{"state", "configured"}},
             static_cast<double>(state_->names().size()));
  v.on_gauge("weft_names", names_help, {{"state", "known"}},
             static_cast<double>(state_->known.size()));
  constexpr std::string_view lookups_help = "Look-ups of names by outcome.";
  v.on_counter("weft_name_lookups_total", lookups_help, {{"outcome", "found"}},
               static_cast<double>(state_->worked));
  v.on_counter("weft_name_lookups_total", lookups_help, {{"outcome", "failed"}},
               static_cast<double>(state_->failed));
  v.on_counter("weft_name_addresses_dropped_total",
               "Addresses of names beyond the limit for one name.", {},
               static_cast<double>(state_->left_out));
}

}  // namespace weft::node
