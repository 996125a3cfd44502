// SPDX-License-Identifier: MIT
// The decoders of /weft/msg/1.0.0: what decodes encodes to the same meaning, nothing reads past the
// end.
#include "messaging/envelope.hpp"

#include <array>
#include <cstdlib>

using namespace weft;
using namespace weft::messaging;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void header(bytes_view input) {
  const auto h = envelope_header::decode(input);
  if (!h) return;
  require(h->remaining < h->hop_limit);
  std::array<std::uint8_t, envelope_header::bytes> out{};
  h->encode(out.data());
  require(std::equal(out.begin(), out.end(), input.begin()));
}

void head(bytes_view input) {
  const auto h = payload_head::decode(input);
  if (!h) return;
  require(h->size <= input.size());
  if (h->kind == payload_kind::acknowledgement) return;
  if (h->kind == payload_kind::fragment) {
    require(h->shape.fragments() >= 2 && h->shape.fragments() <= payload_shape::fragments_max);
    require(h->index < h->shape.fragments());
    require(h->shape.bytes_of(h->index) > 0);
  }
  std::array<std::uint8_t, payload_head::bytes_max> out{};
  const std::size_t size = h->encode(out);
  require(
      size == h->size
      && std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size), input.begin()));
}

void ack(bytes_view input) {
  acknowledgement a;
  if (!a.decode(input)) return;
  std::uint64_t next = 0;
  for (const ack_range& r : a.ranges) {
    require(r.count > 0 && r.first >= next && r.first + r.count > r.first);
    next = r.first + r.count;
  }
  byte_buffer out;
  a.encode(out);
  acknowledgement again;
  require(again.decode(out).has_value() && again.ranges.size() == a.ranges.size()
          && again.haves.size() == a.haves.size() && again.dones.size() == a.dones.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input{data, size};
  header(input);
  head(input);
  ack(input);
  return 0;
}
