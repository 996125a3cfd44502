// SPDX-License-Identifier: MIT
#include "node/service_manager.hpp"

#include "base/log.hpp"
#include "transport/io/unix_datagram.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace weft::node {

namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (!text) return std::nullopt;
  const std::string_view digits(text);
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (wrong != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace

void notify_service_manager(std::string_view state) {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  if (!socket || !*socket) return;
  if (const auto sent = transport::io::send_unix_datagram(socket, state); !sent)
    log::warn("node", "service_manager_not_told",
              {{"state", state.substr(0, state.find('\n'))}, {"why", sent.error()}});
}

void notify_ready(std::string_view status) {
  std::string line(status);
  std::ranges::replace(line, '\n', ' ');
  notify_service_manager("READY=1\nSTATUS=" + line);
}

void notify_reloading() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

std::optional<duration> watchdog_period() {
  const auto limit = number_in("WATCHDOG_USEC");
  // A week is far above any sensible limit and far below what overflows.
  constexpr std::uint64_t limit_max = 7ull * 24 * 3600 * 1'000'000;
  if (!limit || *limit < 2 || *limit > limit_max) return std::nullopt;
  if (std::getenv("WATCHDOG_PID")
      && number_in("WATCHDOG_PID") != static_cast<std::uint64_t>(::getpid()))
    return std::nullopt;
  return std::chrono::microseconds(*limit / 2);
}

}  // namespace weft::node
