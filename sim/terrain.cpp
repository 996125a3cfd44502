// SPDX-License-Identifier: MIT
#include "sim/terrain.hpp"

#include "sim/trace.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::sim {

namespace {

using std::chrono::microseconds;

constexpr std::size_t world_regions = 19;

struct region {
  std::string_view name;
  std::uint32_t weight;
};

// Shares of nodes by continent as the gossipsub interoperability simulation of libp2p uses them
// (github.com/libp2p/test-plans, gossipsub-interop: Europe 5599, North America east 2894 and west
// 1240, east Asia 1059, Australia 290, west Asia 161, South Africa 47, South America 36 of 11 326),
// divided among the regions of a continent.
constexpr std::array<region, world_regions> world{{
    {"frankfurt", 2400}, {"london", 1000},    {"paris", 900},    {"stockholm", 1000},
    {"milan", 299},      {"virginia", 1700},  {"ohio", 700},     {"montreal", 494},
    {"oregon", 740},     {"california", 500}, {"tokyo", 400},    {"seoul", 129},
    {"hong_kong", 130},  {"singapore", 400},  {"mumbai", 111},   {"bahrain", 50},
    {"sydney", 290},     {"sao_paulo", 36},   {"cape_town", 47},
}};

// Median round trips between regions of AWS in ms, as cloudping.co measured them; the sample that
// the simulator of jvm-libp2p carries (github.com/libp2p/jvm-libp2p, tools/simulator), the two
// directions averaged. The lower triangle with its diagonal; mean over pairs of nodes 94 ms, median
// 92 ms.
constexpr std::array<std::uint16_t, world_regions*(world_regions + 1) / 2> world_rtt_ms{
    2,                                                                                       //
    17,  1,                                                                                  //
    12,  10,  1,                                                                             //
    22,  33,  30,  2,                                                                        //
    12,  25,  20,  31,  1,                                                                   //
    92,  76,  83,  112, 102, 4,                                                              //
    102, 86,  93,  121, 111, 13,  4,                                                         //
    92,  78,  84,  108, 100, 15,  25,  2,                                                    //
    141, 128, 134, 158, 151, 64,  52,  60,  3,                                               //
    151, 147, 143, 174, 160, 62,  52,  79,  22,  3,                                          //
    223, 211, 216, 243, 214, 146, 134, 144, 98,  108, 4,                                     //
    223, 238, 245, 242, 213, 174, 162, 172, 119, 128, 34,  2,                                //
    189, 203, 197, 211, 180, 188, 176, 186, 136, 146, 46,  38,  1,                           //
    158, 171, 167, 178, 149, 212, 200, 210, 162, 172, 69,  70,  38,  4,                      //
    110, 111, 104, 131, 102, 186, 196, 187, 218, 228, 125, 125, 89,  56,  1,                 //
    86,  87,  80,  105, 78,  160, 170, 163, 212, 220, 162, 158, 122, 86,  35,  1,            //
    249, 265, 279, 295, 238, 199, 187, 198, 140, 139, 107, 142, 127, 93,  146, 178, 1,       //
    204, 186, 195, 215, 213, 114, 124, 125, 174, 172, 257, 285, 299, 322, 298, 272, 312, 1,  //
    161, 147, 151, 178, 170, 232, 242, 225, 274, 291, 356, 383, 241, 203, 159, 145, 412, 343, 3,
};

constexpr std::uint64_t gigabit = 125'000'000;
constexpr std::uint64_t fifty_megabits = 6'250'000;

microseconds world_one_way(std::size_t a, std::size_t b) noexcept {
  const auto [low, high] = std::minmax(a, b);
  return microseconds(world_rtt_ms[high * (high + 1) / 2 + low] * 500);
}

}  // namespace

std::size_t region_count(terrain t) noexcept { return t == terrain::world ? world_regions : 1; }

std::string_view region_name(terrain t, std::uint8_t region) noexcept {
  return t == terrain::world ? world[region].name : "lan";
}

site draw_site(terrain t, rng& random) {
  site s;
  if (t == terrain::lan) {
    s.last_mile = microseconds(50);
    s.up_bytes_per_second = s.down_bytes_per_second = gigabit;
    return s;
  }
  std::uint64_t total = 0;
  for (const auto& r : world) total += r.weight;
  std::uint64_t drawn = random.below(total);
  while (drawn >= world[s.region].weight) drawn -= world[s.region++].weight;
  const bool hosted = random.below(5) == 0;
  s.up_bytes_per_second = s.down_bytes_per_second = hosted ? gigabit : fifty_megabits;
  s.last_mile
      = hosted ? microseconds(200 + random.below(800)) : microseconds(2000 + random.below(7000));
  return s;
}

duration base_delay(terrain t, const site& a, const site& b, std::uint64_t pair) noexcept {
  const std::uint64_t drawn = mix(0x70616972, pair);
  if (t == terrain::lan) return a.last_mile + microseconds(drawn % 200);
  const duration regions = world_one_way(a.region, b.region);
  return a.last_mile + b.last_mile + regions * static_cast<int>(95 + drawn % 21) / 100;
}

}  // namespace weft::sim
