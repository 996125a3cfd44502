// SPDX-License-Identifier: MIT
// The splitter on parts of any size against a plain reader; frames stay unchanged; what is held is
// bounded.
#include "base/assert.hpp"
#include "transport/frame_splitter.hpp"

#include <algorithm>

namespace {

using namespace weft;

constexpr std::size_t frame_max = 3000;

/// The straight-forward reading of the whole input.
ec read_plainly(bytes_view input, std::vector<byte_buffer>& out) {
  while (!input.empty()) {
    const auto length = peek_uvarint(input);
    if (length.status == uvarint_prefix::state::incomplete) return ec::none;
    if (length.status == uvarint_prefix::state::invalid) return ec::bad_varint;
    if (length.value > frame_max) return ec::oversized;
    const auto size = static_cast<std::size_t>(length.value);
    input = input.subspan(length.size);
    if (input.size() < size) return ec::none;
    out.push_back(to_buffer(input.first(size)));
    input = input.subspan(size);
  }
  return ec::none;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::transport;
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0];
  const std::size_t growth = data[1] % 4;
  const bytes_view input(data + 2, size - 2);

  std::vector<byte_buffer> expected;
  const ec expected_code = read_plainly(input, expected);

  frame_splitter splitter(frame_max);
  receive_slab slab;
  std::vector<chunk_view> frames;
  ec code = ec::none;
  std::size_t part = step;
  for (bytes_view left = input; !left.empty();) {
    const std::size_t n = std::min(part, left.size());
    code = splitter.on_bytes(left.first(n), slab, frames);
    WEFT_ASSERT(splitter.held_bytes() <= frame_max, "an unfinished frame is bounded");
    left = left.subspan(n);
    part = part * (growth + 1) % 5000 + 1;
  }
  WEFT_ASSERT(code == expected_code, "the parts do not matter");
  WEFT_ASSERT(frames.size() == expected.size(), "all frames, no more");
  for (std::size_t i = 0; i < frames.size(); ++i)
    WEFT_ASSERT(std::ranges::equal(frames[i].bytes(), expected[i]), "bodies are unchanged");

  // and back: what the writer makes of the frames reads as the same frames
  frame_writer writer;
  std::vector<chunk_view> pieces;
  for (const auto& f : frames) writer.write(f, pieces);
  frame_splitter second(frame_max);
  std::vector<chunk_view> again;
  for (const auto& p : pieces) WEFT_ASSERT(second.on_bytes(p, slab, again) == ec::none, "readable");
  WEFT_ASSERT(again.size() == frames.size() && second.on_end() == ec::none, "whole");
  return 0;
}
