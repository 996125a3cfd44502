// SPDX-License-Identifier: MIT
#include "metrics/export/exporter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace weft::metrics {

namespace {

result<std::string> read_proc(const char* path) {
  std::FILE* file = std::fopen(path, "re");
  if (!file) return fail(ec::io, std::string("cannot open ") + path);
  std::array<char, 2048> buffer{};
  const auto size = std::fread(buffer.data(), 1, buffer.size(), file);
  std::fclose(file);
  return std::string(buffer.data(), size);
}

/// The numbers of /proc/self/stat behind the command name: index 0 is field 3 of proc(5).
std::vector<std::uint64_t> stat_numbers(const std::string& text) {
  std::vector<std::uint64_t> numbers;
  auto at = text.rfind(')');
  if (at == std::string::npos) return numbers;
  at += 2;
  while (at < text.size()) {
    const auto end = std::min(text.find(' ', at), text.size());
    std::uint64_t value = 0;
    std::from_chars(text.data() + at, text.data() + end, value);
    numbers.push_back(value);
    at = end + 1;
  }
  return numbers;
}

std::uint64_t count_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (!folder) return 0;
  std::uint64_t entries = 0;
  while (::readdir(folder)) ++entries;
  ::closedir(folder);
  // ".", ".." and the descriptor of the listing itself are not open files.
  return entries > 3 ? entries - 3 : 0;
}

constexpr std::size_t field_user_ticks = 11;
constexpr std::size_t field_system_ticks = 12;
constexpr std::size_t field_threads = 17;
constexpr std::size_t field_start_ticks = 19;
constexpr std::size_t field_virtual_bytes = 20;
constexpr std::size_t field_resident_pages = 21;

double ticks_per_second() { return static_cast<double>(::sysconf(_SC_CLK_TCK)); }

}  // namespace

result<process_usage> read_process_usage() {
  WEFT_TRY(const auto text, read_proc("/proc/self/stat"));
  const auto n = stat_numbers(text);
  if (n.size() <= field_resident_pages) return fail(ec::io, "/proc/self/stat has too few fields");
  process_usage usage;
  timespec spent{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0)
    usage.cpu_seconds
        = static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
  else
    usage.cpu_seconds
        = static_cast<double>(n[field_user_ticks] + n[field_system_ticks]) / ticks_per_second();
  usage.threads = n[field_threads];
  usage.virtual_bytes = n[field_virtual_bytes];
  usage.resident_bytes
      = n[field_resident_pages] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.open_descriptors = count_descriptors();
  return usage;
}

std::uint64_t read_resident_bytes() {
  const auto text = read_proc("/proc/self/stat");
  if (!text) return 0;
  const auto n = stat_numbers(*text);
  if (n.size() <= field_resident_pages) return 0;
  return n[field_resident_pages] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

process_source::process_source() {
  timespec since_boot{};
  timespec wall{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  ::clock_gettime(CLOCK_REALTIME, &wall);
  const auto seconds = [](const timespec& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  };
  start_seconds_ = seconds(wall);
  const auto text = read_proc("/proc/self/stat");
  if (!text) return;
  const auto n = stat_numbers(*text);
  if (n.size() > field_start_ticks)
    start_seconds_
        += static_cast<double>(n[field_start_ticks]) / ticks_per_second() - seconds(since_boot);
}

void process_source::collect(visitor& v) const {
  const auto usage = read_process_usage();
  if (!usage) return;
  rlimit files{};
  rlimit memory{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  ::getrlimit(RLIMIT_AS, &memory);
  const auto real = [](auto x) { return static_cast<double>(x); };
  v.on_counter("process_cpu_seconds_total", "Processor time spent in user and system mode.", {},
               usage->cpu_seconds);
  v.on_gauge("process_open_fds", "Open file descriptors.", {}, real(usage->open_descriptors));
  v.on_gauge("process_max_fds", "Limit of open file descriptors.", {}, real(files.rlim_cur));
  v.on_gauge("process_virtual_memory_bytes", "Virtual memory size.", {},
             real(usage->virtual_bytes));
  v.on_gauge("process_virtual_memory_max_bytes", "Limit of virtual memory, -1 when there is none.",
             {}, memory.rlim_cur == RLIM_INFINITY ? -1.0 : real(memory.rlim_cur));
  v.on_gauge("process_resident_memory_bytes", "Resident memory size.", {},
             real(usage->resident_bytes));
  v.on_gauge("process_threads", "Threads of the process.", {}, real(usage->threads));
  v.on_gauge("process_start_time_seconds", "Start of the process as Unix time.", {},
             start_seconds_);
}

}  // namespace weft::metrics
