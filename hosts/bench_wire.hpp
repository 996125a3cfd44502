// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

/// What bench actors of different nodes say to each other: probes by broadcast, answers by private
/// message to the probe's author. Big-endian; docs/protocol.md "Benches". All decoders:
/// ec::truncated, ec::malformed, ec::oversized, ec::unsupported for another version.
namespace weft::hosts {

/// Topic of the probes. A node that answers benches is subscribed to it.
inline constexpr std::string_view bench_topic = "/weft/bench/1.0.0";

/// A broadcast of a bench; padded to the size under test.
struct bench_probe {
  enum class kind : std::uint8_t {
    /// Who answers benches says so with a `bench_presence`.
    roll_call = 1,
    /// Receivers report when they got it.
    timed = 2,
    /// Receivers count; the last one asks for a `bench_tally`.
    counted = 3,
    counted_last = 4,
  };
  /// With the author's id of 38 bytes.
  static constexpr std::size_t header_bytes = 1 + 1 + 8 + 4 + 8 + 1 + 38;

  kind what = kind::timed;
  /// Chosen at random by the author: tells its benches apart.
  std::uint64_t run = 0;
  std::uint32_t sequence = 0;
  wall_time published{};
  /// Where answers go; messages of networks without signatures do not name their author.
  peer_id author;

  /// `size` bytes in all, or as many as it takes.
  byte_buffer encode(std::size_t size) const;
  static result<bench_probe> decode(bytes_view body);
};

/// Names a clock: nodes with the same one (the kernel's boot id) need no correction.
using clock_name = std::array<std::uint8_t, 16>;

/// One exchange for the difference of two clocks: the classical four times of NTP (RFC 5905
/// section 8), the fourth being the arrival of the answer.
struct clock_question {
  std::uint64_t run = 0;
  wall_time asked{};
};
struct clock_answer {
  std::uint64_t run = 0;
  wall_time asked{};
  wall_time arrived{};
  wall_time answered{};
  clock_name clock{};
};
/// "I answer benches", with the clock.
struct bench_presence {
  std::uint64_t run = 0;
  clock_name clock{};
};
/// When probes arrived, by the receiver's clock.
struct bench_report {
  static constexpr std::size_t records_max = 2048;
  struct record {
    std::uint32_t sequence = 0;
    wall_time arrived{};
  };
  std::uint64_t run = 0;
  std::vector<record> records;
};
/// Counted probes of a run.
struct bench_tally {
  std::uint64_t run = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  wall_time first{};
  wall_time last{};
  /// Processor time of the receiving process between first and last.
  duration processor{};
};
using bench_letter
    = std::variant<clock_question, clock_answer, bench_presence, bench_report, bench_tally>;

void encode(const bench_letter& letter, byte_buffer& out);
result<bench_letter> decode_bench_letter(bytes_view body);

/// The difference of a far clock from ours, kept from the exchange with the shortest round trip.
class clock_estimate {
 public:
  /// Shared clock: no exchange is needed.
  void set_shared() noexcept { shared_ = true; }
  /// `returned`: arrival of the answer by our clock. Impossible times are ignored.
  void add(const clock_answer& answer, wall_time returned) noexcept;

  bool shared() const noexcept { return shared_; }
  bool known() const noexcept { return shared_ || round_trip_ != duration::max(); }
  /// Far clock minus ours.
  duration offset() const noexcept { return shared_ ? duration::zero() : offset_; }
  /// The offset is right to within this.
  duration uncertainty() const noexcept {
    return shared_                          ? duration::zero()
           : round_trip_ == duration::max() ? round_trip_
                                            : round_trip_ / 2;
  }

 private:
  bool shared_ = false;
  duration offset_{};
  duration round_trip_ = duration::max();
};

}  // namespace weft::hosts
