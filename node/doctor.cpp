// SPDX-License-Identifier: MIT
#include "node/doctor.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "node/client.hpp"
#include "node/daemon.hpp"
#include "node/files.hpp"
#include "node/http_guard.hpp"

#include <algorithm>
#include <array>

namespace weft::node {

namespace {

constexpr auto warning = severity::warning;
constexpr auto serious = severity::error;

constexpr std::array codes{
    doctor_code{"WD101", serious, "clock", "The clock is far off.",
                "Set the clock and run a time service, for example systemd-timesyncd or chrony."},
    doctor_code{"WD102", warning, "clock", "The kernel says that nobody keeps the clock right.",
                "Run a time service: timedatectl set-ntp true."},
    doctor_code{
        "WD103", warning, "clock", "The clock jumped while it was watched.",
        "Look for two time services that disagree, or for a host that suspends this machine."},
    doctor_code{"WD201", warning, "descriptors",
                "The node may open fewer files than its configuration wants.",
                "Raise the hard limit (LimitNOFILE= of the unit, nofile in limits.conf), or lower "
                "limits.open_files and limits.sessions."},
    doctor_code{"WD202", serious, "descriptors", "The node may open hardly any file.",
                "Raise the limit on open files (ulimit -n) to 1024 at least."},
    doctor_code{"WD301", warning, "sockets", "The kernel grants a smaller UDP receive buffer.",
                "sysctl -w net.core.rmem_max=7500000, and in /etc/sysctl.d for the next start."},
    doctor_code{"WD302", warning, "sockets", "The kernel grants a smaller UDP send buffer.",
                "sysctl -w net.core.wmem_max=7500000, and in /etc/sysctl.d for the next start."},
    doctor_code{
        "WD303", warning, "sockets", "The kernel does not cut runs into datagrams (UDP_SEGMENT).",
        "Use Linux 4.18 or later; without it sending costs several times the processor time."},
    doctor_code{"WD304", warning, "sockets", "The kernel does not join datagrams (UDP_GRO).",
                "Use Linux 5.0 or later; without it receiving costs more processor time."},
    doctor_code{"WD305", serious, "sockets", "UDP on loopback does not work.",
                "Bring up the interface lo, and look for a firewall that drops its packets."},
    doctor_code{"WD401", serious, "path", "Packets of QUIC do not fit the path.",
                "Raise the MTU of the interface to 1280 at least."},
    doctor_code{"WD402", warning, "path", "The interface carries small packets only.",
                "Expected in a tunnel; else raise the MTU of the interface to 1500."},
    doctor_code{"WD403", warning, "path", "There is no default route.",
                "Expected in a closed network; else configure one."},
    doctor_code{"WD404", warning, "path", "Path MTU discovery is off (ip_no_pmtu_disc).",
                "sysctl -w net.ipv4.ip_no_pmtu_disc=0"},
    doctor_code{"WD501", serious, "listeners", "A listen address is in use by another process.",
                "Stop that process, or set network.listen or http.listen to a free port."},
    doctor_code{
        "WD502", serious, "listeners", "A listen address cannot be bound.",
        "Use an address of this machine and a port above 1023, or give the node the privilege."},
    doctor_code{"WD503", warning, "listeners", "The status page is open to the network.",
                "Set http.page = \"loopback\", or http.listen to a loopback address."},
    doctor_code{"WD601", serious, "disk", "The node cannot write its directory.",
                "Make it with weft init, or give it to the user of the node."},
    doctor_code{
        "WD602", warning, "disk", "The disk takes long to confirm a write.",
        "Durable messages wait for it: use a disk of its own, or one with a protected cache."},
    doctor_code{"WD603", warning, "disk", "Less than 1 GiB of the disk is free.",
                "Free some, or lower storage.inbox_bytes and storage.outbox_bytes."},
    doctor_code{"WD604", serious, "disk", "The disk is full.",
                "Free at least 64 MiB: the node refuses durable messages without."},
    doctor_code{"WD701", serious, "configuration", "There is no configuration.",
                "weft init makes one."},
    doctor_code{"WD702", serious, "configuration", "The configuration has mistakes.",
                "weft config check names each; weft config defaults prints every key."},
    doctor_code{"WD801", serious, "identity", "There is no key.",
                "weft init makes one, weft keys import brings one back from a backup."},
    doctor_code{"WD802", serious, "identity", "Other users can read the key or its passphrase.",
                "chmod 600 FILE; whoever read it can be this node: think of a new identity."},
    doctor_code{"WD803", serious, "identity", "The key cannot be read.",
                "Give the file to the user of the node, or bring it back with weft keys import."},
    doctor_code{"WD804", warning, "identity", "Other users can write the node's directory.",
                "chmod 700 DIRECTORY"},
};

/// Whether the directory's node answers.
bool is_running(const std::string& directory) {
  return node_client(directory).get("/v1/id").has_value();
}

std::optional<config> examine_configuration(const doctor_options& o, diagnosis& d) {
  const auto path
      = o.config_path.empty() ? path_in(o.directory, std::string(config_file_name)) : o.config_path;
  auto c = load_config(path, o.overrides);
  if (c) {
    d.saw("configuration", path);
    return std::move(*c);
  }
  d.find(file_exists(path) ? "WD702" : "WD701",
         file_exists(path) ? c.error().detail : path + " does not exist");
  return std::nullopt;
}

}  // namespace

std::string_view to_string(severity s) noexcept {
  return s == severity::error ? "error" : "warning";
}

std::span<const doctor_code> doctor_codes() { return codes; }

void diagnosis::saw(std::string_view part, std::string detail) {
  parts_.push_back({std::string(part), std::move(detail)});
}

void diagnosis::find(std::string_view code, std::string text) {
  const auto at = std::find_if(codes.begin(), codes.end(),
                               [&](const doctor_code& known) { return known.code == code; });
  WEFT_ASSERT(at != codes.end(), "a finding has a code of the table");
  findings_.push_back({&*at, std::move(text)});
}

std::size_t diagnosis::count(severity s) const {
  return static_cast<std::size_t>(std::count_if(
      findings_.begin(), findings_.end(), [s](const finding& f) { return f.code->weight == s; }));
}

diagnosis examine(const doctor_options& o) {
  // What the probes log is among the findings, better explained.
  log::set_level("*", log::level::off);
  diagnosis d;
  const auto c = examine_configuration(o, d);
  const bool running = is_running(o.directory);
  examine_clock(d);
  // Without a configuration of its own the node would have the defaults.
  const config used = c.value_or(config{});
  examine_descriptors(used, d);
  examine_sockets(d);
  examine_path(d);
  if (c) examine_listeners(used, running, d);
  examine_disk(o.directory, d);
  if (c) examine_identity(o.directory, used, d);
  d.saw("node", running ? "running" : "not running");
  return d;
}

json view(const diagnosis& d) {
  json parts = json::array();
  for (const auto& p : d.parts()) parts.push_back({{"name", p.name}, {"detail", p.detail}});
  json findings = json::array();
  for (const auto& f : d.findings())
    findings.push_back({{"code", f.code->code},
                        {"severity", to_string(f.code->weight)},
                        {"part", f.code->part},
                        {"text", f.text},
                        {"meaning", f.code->meaning},
                        {"fix", f.code->fix}});
  return {{"errors", d.count(severity::error)},
          {"warnings", d.count(severity::warning)},
          {"parts", std::move(parts)},
          {"findings", std::move(findings)}};
}

}  // namespace weft::node
