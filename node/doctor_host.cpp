// SPDX-License-Identifier: MIT
#include "node/doctor.hpp"
#include "node/terminal.hpp"
#include "transport/io/host_probe.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <sys/resource.h>
#include <sys/timex.h>
#include <thread>

/// What the machine gives a node.
namespace weft::node {

namespace {

using std::chrono::seconds;

/// 1 January 2026 and 2100: this program is no older, and will not be in use then.
constexpr seconds first_plausible{1'767'225'600};
constexpr seconds last_plausible{4'102'444'800};
constexpr auto clock_watch = std::chrono::milliseconds(200);
constexpr double clock_jump_seconds = 0.05;
/// With fewer a node cannot even open its store and a few sessions.
constexpr rlim_t descriptors_least = 128;
/// RFC 9000 section 14: 1200 bytes of UDP payload; IPv6 asks for this MTU anyway.
constexpr std::uint32_t mtu_least = 1280;
constexpr std::uint32_t mtu_usual = 1500;

std::chrono::nanoseconds wall() { return std::chrono::system_clock::now().time_since_epoch(); }

/// How much the wall clock gained on the monotonic one within `clock_watch`.
double clock_gain() {
  const auto began = std::chrono::steady_clock::now();
  const auto wall_began = wall();
  const auto until = began + clock_watch;
  while (std::chrono::steady_clock::now() < until) std::this_thread::sleep_until(until);
  const auto passed = std::chrono::steady_clock::now() - began;
  return std::chrono::duration<double>(wall() - wall_began - passed).count();
}

void examine_mtu(const transport::io::interface_facts& facts, bool loopback, diagnosis& d) {
  const auto text = facts.name + " has an MTU of " + std::to_string(facts.mtu) + " bytes";
  if (facts.mtu < mtu_least)
    d.find("WD401", text);
  else if (!loopback && facts.mtu < mtu_usual)
    d.find("WD402", text);
  else
    d.saw("path", text);
}

}  // namespace

void examine_clock(diagnosis& d) {
  const auto now = wall();
  if (now < first_plausible || now > last_plausible)
    d.find("WD101",
           "Unix time is " + std::to_string(std::chrono::duration_cast<seconds>(now).count()));
  timex kernel{};
  const bool lost = ::adjtimex(&kernel) == TIME_ERROR || (kernel.status & STA_UNSYNC) != 0;
  if (lost) d.find("WD102", "adjtimex: unsynchronised");
  const double gain = clock_gain();
  if (std::abs(gain) > clock_jump_seconds)
    d.find("WD103", format_seconds(std::abs(gain)) + " within "
                        + format_seconds(std::chrono::duration<double>(clock_watch).count()));
  if (!lost) d.saw("clock", "synchronised, within " + std::to_string(kernel.maxerror) + " us");
}

void examine_descriptors(const config& c, diagnosis& d) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  // Root may lift the hard limit; the node does as it starts.
  rlimit lifted{files.rlim_cur, std::max<rlim_t>(files.rlim_max, c.process.open_files)};
  const bool may_lift = ::setrlimit(RLIMIT_NOFILE, &lifted) == 0;
  if (may_lift) ::setrlimit(RLIMIT_NOFILE, &files);
  const auto most = may_lift ? lifted.rlim_max : files.rlim_max;
  const auto text = "at most " + std::to_string(most) + " open files, limits.open_files is "
                    + std::to_string(c.process.open_files);
  if (most < descriptors_least)
    d.find("WD202", text);
  else if (most < c.process.open_files)
    d.find("WD201", text);
  else
    d.saw("descriptors", text);
}

void examine_sockets(diagnosis& d) {
  const auto buffers = transport::io::probe_buffers();
  if (!buffers) return d.find("WD305", to_string(buffers.error()));
  const auto grant
      = [&](std::size_t got) { return format_bytes(got) + " of " + format_bytes(buffers->wanted); };
  if (buffers->receive < buffers->wanted) d.find("WD301", grant(buffers->receive));
  if (buffers->send < buffers->wanted) d.find("WD302", grant(buffers->send));
  const auto trial = transport::io::try_offload();
  if (!trial) return d.find("WD305", to_string(trial.error()));
  if (!trial->whole) return d.find("WD305", "datagrams sent to this machine itself did not arrive");
  if (!trial->segmented) d.find("WD303", "a run of datagrams took one call for each");
  if (!trial->joined) d.find("WD304", "a run of datagrams arrived one by one");
  d.saw("sockets", "receive buffer " + format_bytes(buffers->receive) + ", send buffer "
                       + format_bytes(buffers->send)
                       + (trial->segmented ? ", segmentation offload" : "")
                       + (trial->joined ? ", receive offload" : ""));
}

void examine_path(diagnosis& d) {
  if (const auto loopback = transport::io::loopback_interface()) examine_mtu(*loopback, true, d);
  if (const auto outward = transport::io::default_route_interface())
    examine_mtu(*outward, false, d);
  else
    d.find("WD403", "neither for IPv4 nor for IPv6");
  std::ifstream file("/proc/sys/net/ipv4/ip_no_pmtu_disc");
  if (int off = 0; file >> off && off != 0)
    d.find("WD404", "net.ipv4.ip_no_pmtu_disc is " + std::to_string(off));
}

}  // namespace weft::node
