// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string_view>

/// What a service manager such as systemd is told: the datagrams of sd_notify(3).
namespace weft::node {

/// Sends lines such as "READY=1" to the socket that NOTIFY_SOCKET names; nothing without that
/// variable. A failure is logged: the service manager would wait in vain.
void notify_service_manager(std::string_view state);

/// "READY=1", with a line for people.
void notify_ready(std::string_view status);
/// "RELOADING=1" with the time, as Type=notify-reload asks for.
void notify_reloading();

/// How often to send "WATCHDOG=1": half of the time within which the service manager expects it
/// (WATCHDOG_USEC). None when it does not, or when WATCHDOG_PID is another process.
std::optional<duration> watchdog_period();

}  // namespace weft::node
