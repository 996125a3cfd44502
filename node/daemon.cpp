// SPDX-License-Identifier: MIT
#include "node/daemon.hpp"

#include "base/log.hpp"
#include "metrics/export/exporter.hpp"
#include "node/answer.hpp"
#include "node/build_info.hpp"
#include "node/context.hpp"
#include "node/daemon_settings.hpp"
#include "node/files.hpp"
#include "node/http_guard.hpp"
#include "node/identity.hpp"
#include "node/idle_heap.hpp"
#include "node/memory_budget.hpp"
#include "node/name_watch.hpp"
#include "node/network_keys.hpp"
#include "node/node_metrics.hpp"
#include "node/self_check.hpp"
#include "node/service_manager.hpp"
#include "node/signals.hpp"
#include "node/terminal.hpp"
#include "node/views.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <chrono>
#include <malloc.h>
#include <thread>
#include <unistd.h>

namespace weft::node {

namespace {

/// Beyond the configured time: actors that were killed, sessions that are told.
constexpr duration drain_slack = std::chrono::milliseconds(1500);

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

result<void> configure_log(const config& c, const std::string& directory) {
  log::options o;
  o.output = c.log.format == "json" ? log::format::json : log::format::text;
  o.threshold = *log::parse_level(c.log.level);
  if (!c.log.file.empty()) o.file = path_in(directory, c.log.file);
  WEFT_TRY_VOID(log::configure(o));
  for (const auto& each : c.log.components) {
    const auto equals = each.find('=');
    log::set_level(each.substr(0, equals), *log::parse_level(each.substr(equals + 1)));
  }
  return {};
}

class daemon {
 public:
  explicit daemon(const daemon_options& options) : options_(options) {
    config_path_ = options.config_path.empty()
                       ? path_in(options.directory, std::string(config_file_name))
                       : options.config_path;
  }
  ~daemon() {
    // Handlers use the context and the runtime, so the listeners go first.
    http_.reset();
    admin_.reset();
    check_.stop();
    names_.stop();
    if (runtime_) runtime_->stop();
  }
  daemon(const daemon&) = delete;
  daemon& operator=(const daemon&) = delete;

  result<void> start(signal_queue& signals);
  result<void> serve(signal_queue& signals);

 private:
  result<crypto::ed25519_private_key> load_identity(const config& c) const;
  result<void> start_runtime(const config& c, signal_queue& signals);
  result<void> start_listeners(const config& c);
  result<void> start_http(const config& c);
  /// Also tells the runtime of the limits that may change while it runs.
  void watch_names(const config& c, actors::callback<void> done);
  reload_report reload();
  void sign_of_life();
  result<void> drain(signal_queue& signals);
  /// Ends the process, with the names of those that hold it up.
  [[noreturn]] void give_up_drain();

  const daemon_options& options_;
  std::string config_path_;
  std::optional<directory_lock> lock_;
  std::unique_ptr<actors::runtime> runtime_;
  name_watch names_{transport::io::look_up, [this](std::vector<multiaddr> fresh) {
                      runtime_->reload(
                          {.bootstrap = std::move(fresh)}, [](const result<void>& done) {
                            if (!done)
                              log::error("node", "addresses_refused", {{"why", done.error()}});
                          });
                    }};
  access_book access_;
  std::unique_ptr<node_context> context_;
  std::optional<metrics::info_source> info_;
  metrics::process_source process_;
  node_source own_;
  self_check check_;
  std::unique_ptr<http_server> admin_;
  std::unique_ptr<http_server> http_;
  std::mutex reloading_;
  std::mutex fatal_mutex_;
  std::string fatal_;
};

result<crypto::ed25519_private_key> daemon::load_identity(const config& c) const {
  const auto path = path_in(options_.directory, c.identity.key_file);
  WEFT_TRY(const auto info, read_identity_info(path));
  passphrase secret;
  if (info.encrypted) {
    auto file = options_.passphrase_file;
    if (file.empty() && !c.identity.passphrase_file.empty())
      file = path_in(options_.directory, c.identity.passphrase_file);
    WEFT_TRY(secret, find_passphrase(file, true, "Passphrase of " + path));
  }
  return read_identity(path, secret);
}

result<void> daemon::start(signal_queue& signals) {
  if (!file_exists(config_path_))
    return fail(ec::not_found, "there is no node in " + options_.directory + " (" + config_path_
                                   + " is missing); make one with: weft init --dir "
                                   + options_.directory);
  auto c = load_config(config_path_, options_.overrides);
  if (!c) return fail(ec::bad_config, c.error().detail);
  WEFT_TRY(auto lock, directory_lock::take(options_.directory));
  lock_ = std::move(lock);
  WEFT_TRY_VOID(configure_log(*c, options_.directory));
  raise_descriptor_limit(c->process.open_files);
  auto started = start_runtime(*c, signals);
  if (started) started = start_listeners(*c);
  // "In use" by itself means that this node runs already; a port of somebody else's is another
  // matter.
  if (!started && started.error().code == ec::in_use) started.error().code = ec::io;
  WEFT_TRY_VOID(started);
  context_->ready_seconds = seconds_since_process_start();
  log::info("node", "ready",
            {{"peer", runtime_->self()},
             {"directory", options_.directory},
             {"http", context_->http_port
                          ? context_->http_host + ":" + std::to_string(context_->http_port)
                          : "off"},
             {"after_seconds", context_->ready_seconds.load()}});
  notify_ready("listening as " + runtime_->self().to_string());
  check_.start(options_.directory);
  return {};
}

result<void> daemon::start_runtime(const config& c, signal_queue& signals) {
  WEFT_TRY(auto identity, load_identity(c));
  std::vector<std::string> key_files;
  for (const auto& file : c.network.key_files)
    key_files.push_back(path_in(options_.directory, file));
  WEFT_TRY(auto network_keys, read_network_keys(key_files));
  WEFT_TRY_VOID(access_.open(path_in(options_.directory, std::string(access_file_name)),
                             c.network.admit == "listed"));
  actors::runtime_options o{
      .identity = std::move(identity),
      .listen = addresses_of(c.network.listen),
      .directory = path_in(options_.directory, "store"),
      .agent = "weft/" + std::string(version()),
      .limits = c.limits,
      .access = access_.rules(),
      .session = session_of(c),
      .routing = c.routing,
      .messaging = c.messages,
      .gossip = c.gossip,
      .dht = c.dht,
      .dht_dials = c.topics.dht_dials,
      .mdns = c.discovery.mdns,
      .topics = c.topics.topics,
      .answer_benches = c.bench.answer,
      .benches = benches_of(c),
      .store = c.storage,
      .credit = credit_of(c),
      .network_keys = std::move(network_keys),
      .resident_bytes = metrics::read_resident_bytes,
      .on_fatal =
          [this, &signals](std::string_view actor, const error& why) {
            {
              const std::lock_guard lock(fatal_mutex_);
              fatal_ = std::string(actor) + " ended: " + to_string(why);
            }
            log::error("node", "actor_lost", {{"actor", actor}, {"why", why}});
            signals.push_fatal();
          },
  };
  WEFT_TRY(runtime_, actors::runtime::start(std::move(o)));
  context_ = std::make_unique<node_context>(*runtime_, names_, access_);
  access_.on_change([this](access_book::rules_ptr rules) {
    runtime_->reload({.access = std::move(rules)}, [](const result<void>&) {});
  });
  answer<void> asked;
  watch_names(c, asked.callback());
  WEFT_TRY_VOID(asked.wait());
  context_->directory = options_.directory;
  context_->replace(c);
  context_->reload = [this] { return reload(); };
  context_->shutdown = [&signals] { signals.push_stop(); };
  own_.context = context_.get();
  own_.reload_time = wall_seconds(transport::io::wall_now());
  const auto id = runtime_->self().to_string();
  info_.emplace(metrics::info_source::facts{std::string(version()), std::string(revision()),
                                            "gcc " __VERSION__, c.node.name, c.node.profile,
                                            runtime_->self().short_string()});
  for (const metrics::source* s : std::initializer_list<const metrics::source*>{
           &*info_, &process_, &own_, &check_, &names_, runtime_.get()})
    context_->exporter.add(*s);
  return {};
}

result<void> daemon::start_listeners(const config& c) {
  // The admin API comes last: who hears it is told where the other listener is.
  if (c.http.enabled) WEFT_TRY_VOID(start_http(c));
  const http_limits admin_limits{};
  WEFT_TRY(admin_, http_server::listen_unix(path_in(options_.directory, c.admin.socket),
                                            admin_routes(*context_), admin_limits));
  own_.admin = admin_.get();
  return {};
}

result<void> daemon::start_http(const config& c) {
  const auto colon = c.http.listen.rfind(':');
  context_->http_host = c.http.listen.substr(0, colon);
  const auto bare = context_->http_host.starts_with('[')
                        ? context_->http_host.substr(1, context_->http_host.size() - 2)
                        : context_->http_host;
  const http_limits public_limits{.workers_max = 4, .body_bytes_max = 1024};
  WEFT_TRY(http_, http_server::listen_tcp(bare, std::stoi(c.http.listen.substr(colon + 1)),
                                          public_routes(*context_), public_limits,
                                          make_http_guard(c.http, bare)));
  own_.http = http_.get();
  context_->http_port = http_->port();
  return {};
}

void daemon::watch_names(const config& c, actors::callback<void> done) {
  names_.watch(addresses_of(c.network.bootstrap), c.network.resolve_interval,
               [&](std::vector<multiaddr> known) {
                 runtime_->reload({.bootstrap = std::move(known), .limits = c.limits},
                                  std::move(done));
               });
}

reload_report daemon::reload() {
  const std::lock_guard one_at_a_time(reloading_);
  reload_report report;
  const auto refuse = [&](std::string why) {
    own_.reload_worked = false;
    log::error("node", "reload_refused", {{"why", why}});
    report.problem = std::move(why);
    return report;
  };
  auto fresh = load_config(config_path_, options_.overrides);
  if (!fresh) return refuse(fresh.error().detail);
  auto applied = context_->current();
  for (const auto* key : changed_keys(applied, *fresh)) {
    if (!key->reloadable) {
      report.needs_restart.emplace_back(key->name);
      continue;
    }
    report.applied.emplace_back(key->name);
    std::visit([from = key->slot(*fresh)](auto* to) { *to = *std::get<decltype(to)>(from); },
               key->slot(applied));
  }
  answer<void> asked;
  watch_names(applied, asked.callback());
  if (const auto done = asked.wait(); !done) {
    watch_names(context_->current(), [](const result<void>&) {});
    return refuse(to_string(done.error()));
  }
  if (const auto logging = configure_log(applied, options_.directory); !logging)
    return refuse(to_string(logging.error()));
  access_.refuse_strangers(applied.network.admit == "listed");
  context_->replace(applied);
  own_.reload_worked = true;
  own_.reload_time = wall_seconds(transport::io::wall_now());
  log::info("node", "reloaded",
            {{"applied", joined(report.applied)}, {"needs_restart", joined(report.needs_restart)}});
  return report;
}

result<void> daemon::serve(signal_queue& signals) {
  const auto beat = watchdog_period();
  idle_heap heap;
  auto looked = std::chrono::steady_clock::now();
  for (;;) {
    switch (
        signals.wait(std::min(beat.value_or(idle_heap::look_interval), idle_heap::look_interval))) {
      case signal_queue::event::reload: {
        notify_reloading();
        const auto done = reload();
        notify_ready(done.problem.empty() ? "reloaded" : "reload refused: " + done.problem);
        break;
      }
      case signal_queue::event::fatal:
        context_->failed = true;
        [[fallthrough]];
      case signal_queue::event::stop:
        return drain(signals);
      case signal_queue::event::nothing:
        if (beat) sign_of_life();
        if (const auto now = std::chrono::steady_clock::now();
            now - looked >= idle_heap::look_interval) {
          looked = now;
          heap.look();
        }
        break;
    }
  }
}

void daemon::sign_of_life() {
  // Sent by whoever answers: a node whose actors are stuck is restarted by its service manager.
  runtime_->status([](const result<actors::node_status>& answered) {
    if (answered) notify_service_manager("WATCHDOG=1");
  });
}

void daemon::give_up_drain() {
  auto stuck = joined(runtime_->silent());
  if (stuck.empty()) stuck = runtime_->actors_by_name();
  log::error("node", "drain_overran", {{"stuck", stuck}});
  // A thread that does not come back cannot be waited for. The stores lose nothing: what was
  // acknowledged is in their logs.
  ::_exit(static_cast<int>(
      report({ec::timeout, "not everything ended in time: " + stuck + " is stuck"})));
}

result<void> daemon::drain(signal_queue& signals) {
  context_->draining = true;
  notify_service_manager("STOPPING=1");
  const auto longest = context_->current().process.drain;
  log::info("node", "draining", {{"longest_seconds", to_seconds(longest)}});
  std::atomic<bool> done{false};
  std::vector<std::string> overran;
  std::thread worker([&] {
    overran = runtime_->drain(longest);
    done = true;
    signals.wake();
  });
  const auto latest = std::chrono::steady_clock::now() + longest + drain_slack;
  while (!done) {
    const auto left = latest - std::chrono::steady_clock::now();
    if (left <= duration::zero()) give_up_drain();
    const auto event = signals.wait(left);
    if (event == signal_queue::event::stop && !done) {
      log::warn("node", "stopped_at_once", {});
      ::_exit(1);
    }
  }
  worker.join();
  // Until here the endpoints answered "not ready"; now there is nothing left to ask.
  if (http_) http_->stop();
  admin_->stop();
  runtime_->stop();
  {
    const std::lock_guard lock(fatal_mutex_);
    if (!fatal_.empty()) return fail(ec::io, fatal_);
  }
  if (overran.empty()) {
    log::info("node", "stopped", {});
    return {};
  }
  return fail(ec::timeout, "not everything ended in time: " + joined(overran));
}

}  // namespace

result<void> run_daemon(const daemon_options& options) {
  // Arenas of their own for a dozen threads would cost more memory than they save time.
  ::mallopt(M_ARENA_MAX, 4);
  signal_queue signals;
  daemon node(options);
  WEFT_TRY_VOID(node.start(signals));
  return node.serve(signals);
}

}  // namespace weft::node
