// SPDX-License-Identifier: MIT
#include "node/signals.hpp"

#include "node/files.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <unistd.h>

namespace weft::node {

namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, s);
  return set;
}

}  // namespace

signal_queue::signal_queue() {
  const auto set = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

signal_queue::event signal_queue::wait(std::optional<duration> longest) {
  const auto set = handled_signals();
  timespec limit{};
  if (longest) {
    limit.tv_sec = *longest / std::chrono::seconds(1);
    limit.tv_nsec = (*longest % std::chrono::seconds(1)).count();
  }
  const int s = ::sigtimedwait(&set, nullptr, longest ? &limit : nullptr);
  if (fatal_.exchange(false)) return event::fatal;
  if (stop_.exchange(false)) return event::stop;
  if (s == SIGTERM || s == SIGINT) return event::stop;
  if (s == SIGHUP) return event::reload;
  return event::nothing;
}

void signal_queue::push_stop() {
  stop_ = true;
  wake();
}
void signal_queue::push_fatal() {
  fatal_ = true;
  wake();
}
void signal_queue::wake() { ::kill(::getpid(), SIGUSR1); }

double seconds_since_process_start() {
  const auto text = read_file("/proc/self/stat", 4096);
  if (!text) return 0;
  // Field 22 of proc(5), counted behind the name, which may hold spaces.
  auto at = text->rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = text->find(' ', at + 1);
  if (at == std::string::npos) return 0;
  const double ticks = std::strtod(text->c_str() + at, nullptr);
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9
         - ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace weft::node
