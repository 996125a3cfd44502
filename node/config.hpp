// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "dht/dht_config.hpp"
#include "gossip/gossip_config.hpp"
#include "messaging/messaging_config.hpp"
#include "routing/routing_config.hpp"
#include "storage/store_config.hpp"
#include "transport/limits.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node {

/// What `config.toml` says. The structs of the cores are used as they are; the table of keys
/// decides what a file may set. Names, units, limits, explanations and defaults are in the table of
/// `config_keys()`, which also writes the example file and the documentation.
struct config {
  struct node_section {
    std::string name;
    std::string profile = "server";
  } node;
  struct identity_section {
    std::string key_file = "identity.key";
    std::string passphrase_file;
  } identity;
  struct network_section {
    std::vector<std::string> listen{"/ip4/0.0.0.0/udp/4001/quic-v1", "/ip6/::/udp/4001/quic-v1"};
    std::vector<std::string> bootstrap;
    duration resolve_interval = std::chrono::seconds(30);
    std::uint64_t peers_target = 32;
    duration idle_close = std::chrono::seconds(20);
    /// Of the private network; none: an open one.
    std::vector<std::string> key_files;
    /// "all" or "listed".
    std::string admit = "all";
  } network;
  struct discovery_section {
    bool mdns = false;
  } discovery;
  transport::limits limits;
  routing::routing_config routing;
  messaging::messaging_config messages;
  gossip::gossip_config gossip;
  dht::dht_config dht;
  struct topics_section {
    /// Followed from the start.
    std::vector<std::string> topics;
    /// "strict" or "none".
    std::string signatures = "strict";
    bool dht_dials = true;
  } topics;
  struct bench_section {
    bool answer = false;
    /// Zero: benches run only when asked for.
    duration every{};
    std::vector<std::string> kinds{"broadcast", "lookup", "throughput"};
    std::uint32_t samples = 50;
    std::uint32_t throughput_samples = 2000;
    std::uint32_t bytes = 200;
  } bench;
  /// `directory` is the node's own and not a key.
  storage::store_config storage;
  struct process_section {
    std::uint64_t open_files = 8192;
    duration drain = std::chrono::seconds(8);
    duration ack_timeout = std::chrono::seconds(30);
  } process;
  struct admin_section {
    std::string socket = "admin.sock";
  } admin;
  struct http_section {
    bool enabled = true;
    std::string listen = "127.0.0.1:9464";
    /// Whom the status page is served to: "off", "loopback" or "any".
    std::string page = "loopback";
    /// Names that requests may give this node, beside its addresses.
    std::vector<std::string> hosts;
  } http;
  struct log_section {
    std::string level = "info";
    std::string format = "text";
    std::string file;
    std::vector<std::string> components;
  } log;
};

/// Where a value lives. Durations are written as seconds, sizes as bytes.
using config_slot = std::variant<bool*, std::uint64_t*, std::uint32_t*, std::uint8_t*, duration*,
                                 std::string*, std::vector<std::string>*>;

/// One key of the file.
struct config_key {
  /// "section.key"
  std::string_view name;
  config_slot (*slot)(config&);
  /// One or two sentences for the example file and `docs/configuration.md`.
  std::string_view help;
  /// Inclusive limits of numbers (durations: seconds); equal when there are none.
  double least = 0;
  double most = 0;
  /// SIGHUP applies a changed value; otherwise a restart is needed.
  bool reloadable = false;
  /// Checks a value beyond type and limits; empty when it is right, else what is wrong. May be
  /// null.
  std::string (*check)(const config&) = nullptr;
};

/// Every key, in the order of the example file.
std::span<const config_key> config_keys();

/// A mistake in a configuration, and where.
struct config_problem {
  /// File name, "environment" or "command line".
  std::string source;
  /// 1-based; 0 when the source has no lines.
  std::uint32_t line = 0;
  std::string text;
};
/// "config.toml:7: unknown key …"
std::string to_string(const config_problem& p);

/// A list of mistakes; nothing is applied when it is not empty.
using config_problems = std::vector<config_problem>;

/// Values in text form, "section.key" and value, as given in the environment or by `--set`.
using config_overrides = std::vector<std::pair<std::string, std::string>>;

/// Reads TOML text into `into`: wrong types, values outside limits and unknown keys (with the
/// nearest known one) are reported with their line. `source` names the file in the reports.
config_problems parse_config(std::string_view text, std::string_view source, config& into);
/// Applies `section.key=value` pairs; lists are comma-separated.
config_problems apply_overrides(const config_overrides& values, std::string_view source,
                                config& into);
/// The `WEFT_SECTION_KEY` variables of an environment block; unknown WEFT_ names that are no
/// settings are left alone.
config_overrides overrides_from_environment(const char* const* environment);

/// Lowers limits that have no key of their own to those they depend on: classes of a queue to the
/// queue, first windows to the largest ones.
void settle_dependent_limits(config& c);
/// What the cores say about their sections, for example two limits that contradict each other.
/// ec::bad_config.
result<void> validate_sections(const config& c);

/// Defaults, then the file, then the environment, then `flags`. ec::not_found without the file,
/// ec::bad_config with every problem, one per line.
result<config> load_config(const std::string& path, const config_overrides& flags);

/// The whole configuration as TOML; with `comments` each key carries its explanation, limits and
/// reload behaviour.
std::string format_config(const config& c, bool comments);
/// `docs/configuration.md`
std::string format_config_reference();
/// A key's value as TOML, for example `["a", "b"]` or `30`.
std::string format_value(const config_key& key, const config& c);

/// "1 to 64"; empty when a key has no limits.
std::string limits_text(const config_key& key);

/// The nearest known name by edit distance, empty when nothing is near.
std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> known);

/// The configuration of `weft init --profile NAME`. ec::not_found names the profiles.
result<config> profile_config(std::string_view profile);
std::span<const std::string_view> profile_names();

/// Which keys differ between two configurations.
std::vector<const config_key*> changed_keys(const config& before, const config& after);

}  // namespace weft::node
