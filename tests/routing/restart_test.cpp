// SPDX-License-Identifier: MIT
// Goal: honest nodes that begin anew are neither punished nor left out, whatever is on its way at
// that moment and whether or not their neighbours learn of it. Method: the same seeded mesh is run
// to one moment after another; there, one node begins anew in each of the ways that the product
// knows.
#include "routing/route_frame.hpp"
#include "tests/routing/mesh.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ostream>

namespace weft::routing::test {
namespace {

using namespace std::chrono_literals;

/// How a node's run, or its sessions, come to be replaced.
enum class way {
  /// Its route exchange is restarted, or its killed process comes back before the session of the
  /// old one has timed out: neighbours see no change of sessions.
  in_place,
  /// The same, by a clock that was put back.
  in_place_clock_back,
  /// Its process comes back and its new session is told of before the last frames of the old one.
  late_frames,
  /// Its sessions end first.
  noticed,
  /// Its sessions are replaced while it runs on; frames of both arrive.
  sessions_only,
};

/// Part of the test's name.
void PrintTo(way how, std::ostream* out) {
  constexpr std::array names{"in_place", "in_place_clock_back", "late_frames", "noticed",
                             "sessions_only"};
  *out << names.at(static_cast<std::size_t>(how));
}

void replace(mesh& net, std::size_t n, way how) {
  const std::size_t others[] = {(n + 1) % net.size(), (n + net.size() - 1) % net.size()};
  switch (how) {
    case way::in_place:
      return net.restart_in_place(n);
    case way::in_place_clock_back:
      return net.restart_in_place(n, 3s);
    case way::late_frames:
      net.late_frames = true;
      net.restart_in_place(n);
      break;
    case way::noticed:
      net.crash(n);
      net.run(30ms);
      net.restart(n);
      break;
    case way::sessions_only:
      net.late_frames = true;
      break;
  }
  for (const std::size_t other : others) net.join(n, other, 5ms);
}

void begin_anew_at(duration moment, way how, std::uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "at " << to_seconds(moment) << " s, way "
                                  << static_cast<int>(how) << ", seed " << seed);
  mesh net(seed);
  for (int i = 0; i < 5; ++i) net.add();
  for (std::size_t i = 0; i < 5; ++i) net.join(i, (i + 1) % 5, 5ms);
  net.faults.reorder = seed % 2 == 0 ? 0.0 : 0.1;
  net.run(moment);
  replace(net, seed % 5, how);
  net.run(4s);
  if (moment > 100ms && how < way::late_frames) {
    const std::size_t other = (seed + 1) % 5;
    EXPECT_GE(net.counters(other).neighbour_restarts.value(), 1u);
  }
  // Nothing of it is left when the next one follows.
  replace(net, (seed + 1) % 5, how);
  net.faults = {};
  net.run(25s);
  for (std::size_t n = 0; n < net.size(); ++n)
    EXPECT_TRUE(net.penalties(n).empty()) << "node " << n;
  // Neighbours cannot see from which run frames come whose clock went back: for `ack_timeout` they
  // go on with what the old run said, which the new one has forgotten.
  if (how != way::in_place_clock_back) {
    EXPECT_EQ(net.loop(), "");
  }
  EXPECT_EQ(net.differences(), "");
}

class restart : public testing::TestWithParam<way> {};

TEST_P(restart, at_every_moment_of_the_first_exchange) {
  std::uint64_t seed = 0;
  for (duration moment = 1ms; moment < 150ms && !HasFailure(); moment += 1ms)
    begin_anew_at(moment, GetParam(), ++seed);
}

TEST_P(restart, at_moments_of_quiet_and_refresh) {
  std::uint64_t seed = 1000;
  for (duration moment = 1s; moment < 25s && !HasFailure(); moment += 311ms)
    begin_anew_at(moment, GetParam(), ++seed);
}

/// A process that crashes soon after each start, and is started again, until it no longer does.
TEST(restart_loop, is_waited_out_without_a_penalty) {
  mesh net(7);
  for (int i = 0; i < 5; ++i) net.add();
  for (std::size_t i = 0; i < 5; ++i) net.join(i, (i + 1) % 5, 5ms);
  net.run(3s);
  for (int i = 0; i < 25; ++i) {
    net.restart_in_place(2);
    net.run(300ms);
  }
  EXPECT_GE(net.counters(1).rejected[reject_reason::restart_rate].value(), 1u);
  net.run(60s);
  for (std::size_t n = 0; n < net.size(); ++n)
    EXPECT_TRUE(net.penalties(n).empty()) << "node " << n;
  EXPECT_EQ(net.differences(), "");
}

INSTANTIATE_TEST_SUITE_P(ways, restart,
                         testing::Values(way::in_place, way::in_place_clock_back, way::late_frames,
                                         way::noticed, way::sessions_only));

}  // namespace
}  // namespace weft::routing::test
