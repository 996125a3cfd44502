// SPDX-License-Identifier: MIT
#include "sim/report.hpp"

#include <array>
#include <cstdio>

namespace weft::sim {

namespace {

template <class... Values>
std::string format(const char* text, Values... values) {
  std::array<char, 256> line{};
  const int size = std::snprintf(line.data(), line.size(), text, values...);
  return {line.data(), static_cast<std::size_t>(size < 0 ? 0 : std::min<int>(size, 255))};
}

unsigned long long whole(std::uint64_t value) { return value; }

std::string spread(const metrics::sample_summary& s, double scale, const char* unit) {
  return format("p50 %.4g  p99 %.4g  max %.4g %s", s.p50 * scale, s.p99 * scale, s.max * scale,
                unit);
}

void expect_most(std::vector<std::string>& out, const char* what, double found, double allowed) {
  if (allowed > 0 && found > allowed)
    out.push_back(format("%s is %.4g, at most %.4g is expected", what, found, allowed));
}

void expect_least(std::vector<std::string>& out, const char* what, double found, double least) {
  if (found < least)
    out.push_back(format("%s is %.6g %%, at least %.6g %% is expected", what, found, least));
}

std::string broadcast_text(const broadcast_figures& b) {
  std::string out;
  out += format("broadcast    %llu messages, delivery %.4f %% (%llu of %llu owed in time)\n",
                whole(b.published), b.delivery_percent(), whole(b.in_time), whole(b.owed));
  if (b.refused != 0) out += format("             %llu refused at publishing\n", whole(b.refused));
  out += "  delivery   " + spread(b.delivery_seconds, 1e3, "ms") + "\n";
  out += "  everybody  " + spread(b.everywhere_seconds, 1e3, "ms") + "\n";
  if (b.bound_seconds.count != 0) {
    out += format(
        "  bound      delivery p50 %.4g  p99 %.4g ms, against %.4g and %.4g of the same\n",
        b.bound_seconds.p50 * 1e3, b.bound_seconds.p99 * 1e3, b.bound_delivery_seconds.p50 * 1e3,
        b.bound_delivery_seconds.p99 * 1e3);
    out += format("             everybody p50 %.4g ms, against %.4g of the same\n",
                  b.bound_everywhere_seconds.p50 * 1e3,
                  b.bound_delivery_everywhere_seconds.p50 * 1e3);
  }
  out += format("  last hop   mean %.3g  max %.3g\n", b.last_hop.mean, b.last_hop.max);
  out += format("  redundancy %.4f copies beyond the first, %.4f by bytes on the wire\n",
                b.redundancy, b.bytes_redundancy);
  return out;
}

std::string lookup_text(const lookup_figures& l) {
  std::string out = format("lookup       %llu stored, %llu stores failed", whole(l.stored),
                           whole(l.store_failures));
  if (l.store_seconds.count != 0) out += ", " + spread(l.store_seconds, 1e3, "ms");
  out += "\n";
  if (l.asked_in_faults != 0)
    out += format("  in faults  success %.4f %% of %llu\n", l.success_percent_in_faults(),
                  whole(l.asked_in_faults));
  out += format("  success    %.4f %% of %llu (%llu wrong, %llu unanswered)\n", l.success_percent(),
                whole(l.asked), whole(l.wrong), whole(l.unanswered));
  out += "  time       " + spread(l.seconds, 1e3, "ms") + "\n";
  out += "  hops       " + spread(l.hops, 1, "") + "\n";
  out += "  requests   " + spread(l.requests, 1, "") + "\n";
  return out;
}

}  // namespace

std::vector<std::string> unmet_expectations(const scenario& s, const report& r) {
  std::vector<std::string> out;
  const auto& e = s.expect;
  if (r.has_broadcast) {
    const auto& b = r.broadcast;
    expect_least(out, "delivery", b.delivery_percent(), e.delivery_percent);
    expect_most(out, "redundancy", b.redundancy, e.redundancy_max);
    expect_most(out, "redundancy by bytes", b.bytes_redundancy, e.bytes_redundancy_max);
    expect_most(out, "mean last-delivery hop", b.last_hop.mean, e.last_hop_max);
    expect_most(out, "delivery p99 in seconds", b.delivery_seconds.p99, e.delivery_p99_max);
  }
  if (r.has_lookups) {
    const auto& l = r.lookup;
    expect_least(out, "success of lookups", l.success_percent(), e.lookup_success_percent);
    expect_least(out, "success of lookups during the faults", l.success_percent_in_faults(),
                 s.owed_during_faults() ? e.lookup_success_percent : 0);
    expect_most(out, "lookup p50 in seconds", l.seconds.p50, e.lookup_p50_max);
    expect_most(out, "lookup p99 in seconds", l.seconds.p99, e.lookup_p99_max);
    expect_most(out, "lookup hops p99", l.hops.p99, e.lookup_hops_p99_max);
    expect_most(out, "slowest lookup in seconds", l.seconds.max, e.lookup_slowest_max);
  }
  return out;
}

std::string to_text(const report& r) {
  std::string out = format("scenario     %s, %u nodes, seed %llu\n", r.scenario.c_str(), r.nodes,
                           whole(r.seed));
  out += format("run          %llu events in %.1f s of virtual time, trace %016llx\n",
                whole(r.events), to_seconds(r.virtual_time), whole(r.trace_hash));
  const auto& n = r.network;
  out += format("network      %llu frames, %llu requests, %llu pushes, %.1f MB\n", whole(n.frames),
                whole(n.requests), whole(n.pushes), static_cast<double>(n.bytes) / 1e6);
  out += format(
      "             %llu dials (%llu failed), %llu sessions begun, %llu doubled, %llu "
      "silent, %llu reset\n",
      whole(n.dials), whole(n.dials_failed), whole(n.sessions / 2), whole(n.doubled_sessions),
      whole(n.sessions_silent), whole(n.sessions_reset));
  out += format("             sessions of a node: %zu to %zu, median %zu\n", r.sessions_min,
                r.sessions_max, r.sessions_median);
  if (r.has_broadcast) out += broadcast_text(r.broadcast);
  if (r.has_lookups) out += lookup_text(r.lookup);
  return out;
}

std::string failures_text(const report& r, const std::string& source) {
  std::string out;
  for (const auto& f : r.failures)
    out += format("event %llu, %.6f s: ", whole(f.event), to_seconds(f.at)) + f.what + "\n";
  if (r.failures.empty()) return out;
  const std::uint64_t shown = r.failures.front().event;
  out += format("again: weft sim --nodes %u --seed %llu", r.nodes, whole(r.seed));
  out += " --scenario " + source;
  return out + format(" --trace-from %llu\n", whole(shown < 200 ? 0 : shown - 200));
}

}  // namespace weft::sim
