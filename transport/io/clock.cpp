// SPDX-License-Identifier: MIT
#include "transport/io/clock.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <string>

namespace weft::transport::io {

std::array<std::uint8_t, 16> clock_name() {
  std::array<std::uint8_t, 16> name{};
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  std::erase(text, '-');
  if (const auto bytes = from_hex(text); bytes && bytes->size() == name.size())
    std::copy(bytes->begin(), bytes->end(), name.begin());
  return name;
}

duration processor_time() noexcept {
  timespec spent{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) != 0) return {};
  return std::chrono::seconds(spent.tv_sec) + duration(spent.tv_nsec);
}

}  // namespace weft::transport::io
