// SPDX-License-Identifier: MIT
#include "node/daemon_settings.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <sys/resource.h>

namespace weft::node {

std::vector<multiaddr> addresses_of(const std::vector<std::string>& texts) {
  std::vector<multiaddr> addresses;
  for (const auto& text : texts) addresses.push_back(*multiaddr::parse(text));
  return addresses;
}

transport::session_config session_of(const config& c) {
  transport::session_config session;
  session.peers_max = c.limits.sessions_max;
  session.peers_target = c.network.peers_target;
  session.idle_close = c.network.idle_close;
  return session;
}

actors::bench_plan benches_of(const config& c) {
  actors::bench_plan plan;
  plan.every = c.bench.every;
  for (const auto& kind : c.bench.kinds)
    if (const auto known = actors::parse_bench_kind(kind)) plan.kinds.push_back(*known);
  plan.samples = c.bench.samples;
  plan.throughput_samples = c.bench.throughput_samples;
  plan.body_bytes = c.bench.bytes;
  return plan;
}

void raise_descriptor_limit(std::uint64_t wanted) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= wanted) return;
  const auto hard = files.rlim_max;
  files.rlim_cur = std::min<rlim_t>(wanted, hard);
  // Root may lift the hard limit as well.
  rlimit lifted{wanted, std::max<rlim_t>(wanted, hard)};
  if (hard < wanted && ::setrlimit(RLIMIT_NOFILE, &lifted) == 0) return;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < wanted)
    log::warn("node", "descriptor_limit",
              {{"wanted", wanted}, {"got", std::uint64_t{files.rlim_cur}}});
}

}  // namespace weft::node
