// SPDX-License-Identifier: MIT
#include "node/limits_view.hpp"

#include <string>
#include <string_view>
#include <sys/resource.h>

namespace weft::node {

namespace {

struct row {
  std::string_view name;
  std::string_view unit;
  /// Names of `metric_sums`.
  std::string_view used;
  std::string_view refused;
  std::string_view key;
  std::uint64_t (*limit)(const config&);
};

constexpr std::string_view count = "count";
constexpr std::string_view bytes = "bytes";
constexpr std::string_view rate = "bytes_per_second";

const row rows[] = {
    {"sessions", count, "weft_peers", "weft_limit_rejections_total,sessions", "limits.sessions",
     [](const config& c) -> std::uint64_t { return c.limits.sessions_max; }},
    {"sessions of one address", count, "weft_busiest_address_sessions",
     "weft_limit_rejections_total,sessions_per_address", "limits.sessions_per_address",
     [](const config& c) -> std::uint64_t { return c.limits.sessions_per_address_max; }},
    {"sessions of one subnet", count, "weft_busiest_subnet_sessions",
     "weft_limit_rejections_total,sessions_per_subnet", "limits.sessions_per_subnet",
     [](const config& c) -> std::uint64_t { return c.limits.sessions_per_subnet_max; }},
    {"handshakes", count, "weft_handshakes_in_progress", "weft_limit_rejections_total,handshakes",
     "limits.handshakes", [](const config& c) -> std::uint64_t { return c.limits.handshakes_max; }},
    {"dials", count, "weft_dials_in_progress", "weft_limit_rejections_total,dials", "limits.dials",
     [](const config& c) -> std::uint64_t { return c.limits.dials_max; }},
    {"upload", rate, "weft_bandwidth_used_bytes_per_second,outbound",
     "weft_bandwidth_waits_total,outbound", "limits.upload_bytes_per_second",
     [](const config& c) -> std::uint64_t { return c.limits.upload_bytes_per_second; }},
    {"download", rate, "weft_bandwidth_used_bytes_per_second,inbound",
     "weft_bandwidth_waits_total,inbound", "limits.download_bytes_per_second",
     [](const config& c) -> std::uint64_t { return c.limits.download_bytes_per_second; }},
    {"pushes coming in", bytes, "weft_push_bytes", "weft_limit_rejections_total,push_bytes", "",
     [](const config& c) -> std::uint64_t { return c.limits.push_bytes_max; }},
    {"routing destinations", count, "weft_routing_destinations", "", "routing.destinations",
     [](const config& c) -> std::uint64_t { return c.routing.destinations_max; }},
    {"gossip cache", bytes, "weft_gossip_cache_bytes", "", "gossip.cache_bytes",
     [](const config& c) -> std::uint64_t { return c.gossip.cache_bytes_max; }},
    {"DHT records", count, "weft_dht_records", "", "dht.records",
     [](const config& c) -> std::uint64_t { return c.dht.records_max; }},
    {"DHT record bytes", bytes, "weft_dht_record_bytes", "", "dht.record_bytes",
     [](const config& c) -> std::uint64_t { return c.dht.record_bytes_total_max; }},
    {"DHT providers", count, "weft_dht_providers", "", "dht.providers",
     [](const config& c) -> std::uint64_t { return c.dht.providers_max; }},
    {"inbox messages", count, "weft_store_inbox_rows", "", "storage.inbox_messages",
     [](const config& c) -> std::uint64_t { return c.storage.inbox_rows_max; }},
    {"inbox bytes", bytes, "weft_store_inbox_bytes", "", "storage.inbox_bytes",
     [](const config& c) -> std::uint64_t { return c.storage.inbox_bytes_max; }},
    {"outbox messages", count, "weft_store_outbox_rows", "", "storage.outbox_messages",
     [](const config& c) -> std::uint64_t { return c.storage.outbox_rows_max; }},
    {"outbox bytes", bytes, "weft_store_outbox_bytes", "", "storage.outbox_bytes",
     [](const config& c) -> std::uint64_t { return c.storage.outbox_bytes_max; }},
};

json entry(std::string_view name, std::string_view unit, std::string_view key, std::uint64_t used,
           std::uint64_t limit, std::uint64_t refused) {
  json j{{"name", name}, {"used", used}};
  j["limit"] = limit == 0 ? json(nullptr) : json(limit);
  j["unit"] = unit;
  j["key"] = key;
  j["refused"] = refused;
  return j;
}

}  // namespace

json limits_view(const node_context& node, const metric_sums& all) {
  const config c = node.current();
  json list = json::array();
  if (const auto usage = metrics::read_process_usage()) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    list.push_back(entry("memory", bytes, "limits.memory_bytes", usage->resident_bytes,
                         c.limits.memory_bytes, all.of("weft_limit_rejections_total,memory")));
    list.push_back(entry("descriptors", count, "limits.open_files", usage->open_descriptors,
                         files.rlim_cur, 0));
  }
  for (const auto& r : rows)
    list.push_back(entry(r.name, r.unit, r.key, all.of(r.used), r.limit(c), all.of(r.refused)));
  list.push_back(entry("access rules", count, "", node.access.rules()->size(),
                       transport::access_rules::rules_max,
                       all.of("weft_limit_rejections_total,access")));
  return list;
}

}  // namespace weft::node
