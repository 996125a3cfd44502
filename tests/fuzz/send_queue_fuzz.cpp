// SPDX-License-Identifier: MIT
// Any sequence of pushes, pops, expiries and drops: limits hold, every frame is accounted for,
// order is kept.
#include "base/assert.hpp"
#include "transport/send_queue.hpp"

#include <array>
#include <vector>

namespace {

using namespace weft;
using namespace weft::transport;

send_queue_limits small() {
  send_queue_limits l;
  for (auto& c : l.classes) c = {.bytes_max = 2000, .age_max = std::chrono::milliseconds(50)};
  l.classes[0].age_max = {};
  l.bytes_max = 5000;
  return l;
}

/// Tags told more than once, or after their frame was popped, are a fault.
struct tag_count final : fate_sink {
  void tell(protocol_index, std::uint64_t tag, frame_fate) override {
    WEFT_ASSERT(tag < open.size() && open[tag], "a tag has one fate");
    open[tag] = false;
    ++told;
  }
  std::vector<bool> open;
  std::uint64_t told = 0;
};

std::uint64_t all_drops(const transport_metrics& m) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(frame_drop::count_); ++i)
    sum += m.frames_dropped[static_cast<frame_drop>(i)].value();
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const chunk_view zeros = chunk_view::copy(byte_buffer(4096));
  const send_queue_limits limits = small();
  transport_metrics metrics;
  std::uint64_t pushed = 0;
  std::uint64_t popped = 0;
  tag_count tags;
  tags.open.push_back(false);
  {
    send_queue q(limits, metrics, &tags);
    instant now = instant{} + std::chrono::seconds(1);
    std::array<instant, priority_count * 4> last{};
    for (std::size_t i = 0; i + 2 < size; i += 3) {
      const auto protocol = static_cast<protocol_index>(data[i + 1] & 3);
      const auto klass = static_cast<priority>((data[i + 1] >> 2) % priority_count);
      switch (data[i] % 8) {
        case 0:
        case 1:
        case 2:
        case 3:
          ++pushed;
          tags.open.push_back(true);
          q.push(protocol, klass, zeros.part(0, data[i + 2] * 9u), now, pushed);
          break;
        case 4:
        case 5:
          if (const auto f = q.pop(now, data[i + 2] & 15)) {
            ++popped;
            WEFT_ASSERT(tags.open[f->tag], "popped while its fate is open");
            tags.open[f->tag] = false;
            WEFT_ASSERT((data[i + 2] & 15 & protocol_bit(f->protocol)) == 0, "blocked stays");
            auto& before = last[static_cast<std::size_t>(f->klass) * 4 + f->protocol];
            WEFT_ASSERT(f->queued_at >= before, "order within class and protocol");
            before = f->queued_at;
            const auto age = limits.classes[static_cast<std::size_t>(f->klass)].age_max;
            WEFT_ASSERT(age == duration{} || now - f->queued_at <= age, "nothing stale");
          }
          break;
        case 6:
          now += std::chrono::microseconds(100 * data[i + 2]);
          if (data[i + 1] & 1) q.expire(now);
          if (data[i + 1] & 2) q.trim();
          break;
        default:
          if (data[i + 2] < 16) q.drop_protocol(protocol, frame_drop::unsupported);
      }
      WEFT_ASSERT(q.bytes() <= limits.bytes_max, "the queue is bounded");
      std::size_t sum = 0;
      for (std::size_t k = 0; k < priority_count; ++k) {
        const std::size_t bytes = q.bytes(static_cast<priority>(k));
        WEFT_ASSERT(bytes <= limits.classes[k].bytes_max, "each class is bounded");
        sum += bytes;
      }
      WEFT_ASSERT(sum == q.bytes(), "classes add up");
      WEFT_ASSERT(q.empty() == (q.waiting() == 0) && q.empty() == (q.bytes() == 0),
                  "agree on empty");
      WEFT_ASSERT(pushed == popped + q.frames() + all_drops(metrics),
                  "every frame is accounted for");
    }
  }
  WEFT_ASSERT(pushed == popped + all_drops(metrics), "what waited at the end is counted");
  WEFT_ASSERT(pushed == popped + tags.told, "every tag is told of or popped");
  WEFT_ASSERT(metrics.queued_bytes.value() == 0, "the gauge comes back to zero");
  return 0;
}
