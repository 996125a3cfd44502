// SPDX-License-Identifier: MIT
#include "base/assert.hpp"
#include "routing/route_frame.hpp"

#include <cstddef>
#include <cstdint>

/// Whatever decodes as an update encodes to the same bytes again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  routing::route_frame frame;
  const bytes_view input{data, size};
  if (!routing::decode_frame(input, frame)) return 0;
  byte_buffer again;
  switch (frame.type) {
    case routing::frame_type::update:
      routing::begin_update(again, frame.incarnation, frame.number);
      for (const auto& each : frame.updates)
        if (each.retraction())
          routing::append_retraction(again, each.origin.destination);
        else
          routing::append_route(again, each.origin, each.advertised, each.hops);
      break;
    case routing::frame_type::request:
      again = routing::encode_requests(frame.incarnation, frame.requests);
      break;
    case routing::frame_type::ack:
      again = routing::encode_ack(frame.incarnation, frame.acknowledged_incarnation,
                                  frame.acknowledged);
      break;
  }
  WEFT_ASSERT(again == to_buffer(input), "a decoded frame has one encoding");
  return 0;
}
