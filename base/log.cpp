// SPDX-License-Identifier: MIT
#include "base/log.hpp"

#include "base/hash.hpp"
#include "base/log_levels.hpp"
#include "base/log_line.hpp"
#include "base/log_ring.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>

namespace weft::log {

namespace {

constexpr std::size_t level_count = static_cast<std::size_t>(level::off) + 1;
/// Events whose rate is watched at a time; two events that share a slot share its allowance.
constexpr std::size_t rate_slots = 256;

constexpr std::array<std::string_view, level_count> level_names{"trace", "debug", "info",
                                                                "warn",  "error", "off"};

spdlog::level::level_enum to_spdlog(level l) noexcept {
  constexpr std::array<spdlog::level::level_enum, level_count> levels{
      spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
      spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};
  return levels[static_cast<std::size_t>(l)];
}

std::unique_ptr<spdlog::formatter> make_formatter(format f) {
  const char* pattern
      = f == format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %v";
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc);
}

/// How often one event was written in the current second.
struct rate_slot {
  std::int64_t second = 0;
  std::uint32_t written = 0;
  std::uint64_t suppressed = 0;
};

class log_state {
 public:
  log_state() : sink_(std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    sink_->set_formatter(make_formatter(format::text));
  }

  result<void> configure(const options& o) {
    std::shared_ptr<spdlog::sinks::sink> sink;
    try {
      if (o.file.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
      } else {
        sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(o.file);
      }
    } catch (const spdlog::spdlog_ex& e) {
      return fail(ec::io, e.what());
    }
    sink->set_formatter(make_formatter(o.output));
    const std::unique_lock lock{mutex_};
    sink_ = std::move(sink);
    format_ = o.output;
    lines_per_second_ = o.lines_per_second;
    levels_.configure(o.threshold);
    return {};
  }

  level_table& levels() noexcept { return levels_; }

  void write(level l, std::string_view component, std::string_view event,
             std::initializer_list<field> fields) {
    spdlog::details::log_msg message{"weft", to_spdlog(l), {}};
    const auto suppressed = admit(component, event, message.time);
    if (!suppressed) return;
    std::shared_ptr<spdlog::sinks::sink> sink;
    format output{};
    {
      const std::shared_lock lock{mutex_};
      sink = sink_;
      output = format_;
    }
    const auto rendered = [&](format as) {
      std::string line;
      line_writer out{line, as};
      out.begin(to_string(l), component, event);
      for (const field& f : fields) out.add(f);
      if (*suppressed > 0) out.add({"suppressed", *suppressed});
      return line;
    };
    const std::string line = rendered(output);
    const wall_time at{std::chrono::duration_cast<duration>(message.time.time_since_epoch())};
    recent().push(
        {0, at, l, std::string{component}, output == format::json ? line : rendered(format::json)});
    message.payload = line;
    try {
      sink->log(message);
      sink->flush();
    } catch (const spdlog::spdlog_ex&) {
      // A full disk must not take the node down; the loss shows in the metric.
      failed_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    written_[static_cast<std::size_t>(l)].fetch_add(1, std::memory_order_relaxed);
  }

  std::uint64_t written(level l) const noexcept {
    return written_[static_cast<std::size_t>(l)].load(std::memory_order_relaxed);
  }
  std::uint64_t suppressed() const noexcept { return suppressed_.load(std::memory_order_relaxed); }
  std::uint64_t failed() const noexcept { return failed_.load(std::memory_order_relaxed); }

 private:
  /// None when the event used up its allowance; else how many of its lines were left out since the
  /// last one written.
  std::optional<std::uint64_t> admit(std::string_view component, std::string_view event,
                                     spdlog::log_clock::time_point now) {
    const std::uint64_t hash = siphash_1_3(process_hash_key(), as_bytes(component)) * 31
                               ^ siphash_1_3(process_hash_key(), as_bytes(event));
    const auto second
        = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::lock_guard lock{rate_mutex_};
    rate_slot& slot = rates_[hash % rates_.size()];
    if (slot.second != second) {
      slot.second = second;
      slot.written = 0;
    }
    if (slot.written >= lines_per_second_.load(std::memory_order_relaxed)) {
      ++slot.suppressed;
      suppressed_.fetch_add(1, std::memory_order_relaxed);
      return std::nullopt;
    }
    ++slot.written;
    return std::exchange(slot.suppressed, 0);
  }

  std::shared_mutex mutex_;
  std::shared_ptr<spdlog::sinks::sink> sink_;
  format format_ = format::text;
  level_table levels_;

  std::mutex rate_mutex_;
  std::array<rate_slot, rate_slots> rates_{};
  std::atomic<std::uint32_t> lines_per_second_{options{}.lines_per_second};

  std::array<std::atomic<std::uint64_t>, level_count> written_{};
  std::atomic<std::uint64_t> suppressed_{0};
  std::atomic<std::uint64_t> failed_{0};
};

/// Never destroyed: threads may log while the program ends.
log_state& state() {
  static auto* const instance = new log_state;
  return *instance;
}

}  // namespace

result<void> configure(const options& o) { return state().configure(o); }
void set_level(std::string_view component, level threshold) {
  state().levels().set(component, threshold);
}
result<void> set_temporary_level(std::string_view component, level threshold) {
  return state().levels().set_temporary(component, threshold);
}
void clear_temporary_level(std::string_view component) {
  state().levels().clear_temporary(component);
}
std::vector<component_level> levels() { return state().levels().all(); }

result<level> parse_level(std::string_view text) {
  const auto name = std::find(level_names.begin(), level_names.end(), text);
  if (name == level_names.end()) {
    return fail(ec::bad_argument, "'" + std::string{text}
                                      + "' is no log level: trace, debug, info, warn, error, off");
  }
  return static_cast<level>(name - level_names.begin());
}

std::string_view to_string(level l) noexcept { return level_names[static_cast<std::size_t>(l)]; }

bool enabled(level l, std::string_view component) noexcept {
  return state().levels().enabled(l, component);
}

std::uint64_t lines_written(level l) noexcept { return state().written(l); }
std::uint64_t lines_suppressed() noexcept { return state().suppressed(); }
std::uint64_t lines_failed() noexcept { return state().failed(); }

void write(level l, std::string_view component, std::string_view event,
           std::initializer_list<field> fields) {
  state().write(l, component, event, fields);
}

}  // namespace weft::log
