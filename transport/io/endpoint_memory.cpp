// SPDX-License-Identifier: MIT
#include "base/log.hpp"
#include "transport/io/quic_endpoint.hpp"

#include <malloc.h>

/// What is done when the process nears its cap of memory.
namespace weft::transport::io {
namespace {

constexpr duration look_interval = std::chrono::milliseconds(100);
/// Walking the heap takes milliseconds.
constexpr duration trim_interval = std::chrono::seconds(1);

std::string_view text_of(memory_level level) noexcept {
  return level == memory_level::calm ? "calm" : level == memory_level::high ? "high" : "critical";
}

}  // namespace

void quic_endpoint::watch_memory() {
  cancel_call(memory_timer_);
  memory_timer_ = 0;
  const std::uint64_t cap = context_.bounds.memory_bytes;
  if (!options_.resident_bytes) return;
  if (cap == 0) return on_memory(memory_.judge(0, 0));
  std::uint64_t resident = options_.resident_bytes();
  if (memory_.judge(resident, cap) != memory_level::calm
      && context_.now - trimmed_at_ >= trim_interval) {
    // Freed blocks between used ones are the allocator's until it is asked.
    trimmed_at_ = context_.now;
    ::malloc_trim(0);
    resident = options_.resident_bytes();
  }
  on_memory(memory_.judge(resident, cap));
  memory_timer_ = call_at(context_.now + look_interval, [this] { watch_memory(); });
}

void quic_endpoint::on_memory(memory_level level) {
  if (level != context_.memory) {
    log::warn("transport", "memory_level",
              {{"level", text_of(level)}, {"was", text_of(context_.memory)}});
    context_.memory = level;
    context_.metrics.memory_pressure.set(static_cast<std::int64_t>(level));
    context_.inbound.hold(level != memory_level::calm);
  }
  if (level == memory_level::critical) shed_heaviest();
  for (auto& [id, s] : sessions_) s->bytes_in_before = s->bytes_in;
}

void quic_endpoint::shed_heaviest() {
  session* heaviest = nullptr;
  const auto brought = [](const session& s) { return s.bytes_in - s.bytes_in_before; };
  for (auto& [id, s] : sessions_)
    if (s->slot != nullptr && !s->wish()
        && (heaviest == nullptr || brought(*s) > brought(*heaviest)))
      heaviest = s.get();
  if (heaviest == nullptr) return;
  ++context_.metrics.limit_rejections[limit_kind::memory];
  heaviest->wish_close(close_reason::limit, session_error::resource_limit, "out of memory");
}

bool quic_endpoint::memory_admits(priority klass) const noexcept {
  switch (context_.memory) {
    case memory_level::calm:
      return true;
    case memory_level::high:
      return klass < priority::bulk;
    case memory_level::critical:
      return klass == priority::control;
  }
  return true;
}

}  // namespace weft::transport::io
