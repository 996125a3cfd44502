// SPDX-License-Identifier: MIT
// Invariants: no read passes the end, a failed read changes nothing, and what was read writes back
// as the same bytes. The input is its own program: each byte chooses the next read.
#include "base/assert.hpp"
#include "base/wire.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace {

using namespace weft;

/// Writes the value again behind the bytes consumed so far.
template <class Value, class Write>
void check(const result<Value>& value, std::size_t before, const wire_reader& in, Write write) {
  if (value) {
    write(*value);
  } else {
    WEFT_ASSERT(in.position() == before, "a failed read moves nothing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input{data, size};
  wire_reader in{input};
  byte_buffer again;
  wire_writer out{again};
  while (!in.at_end()) {
    const std::size_t before = in.position();
    const auto choice = in.u8().value();
    out.u8(choice);
    const std::size_t start = in.position();
    const std::size_t count = choice >> 3;
    switch (choice & 7) {
      case 0:
        check(in.u8(), start, in, [&](auto v) { out.u8(v); });
        break;
      case 1:
        check(in.u16(), start, in, [&](auto v) { out.u16(v); });
        break;
      case 2:
        check(in.u32(), start, in, [&](auto v) { out.u32(v); });
        break;
      case 3:
        check(in.u64(), start, in, [&](auto v) { out.u64(v); });
        break;
      case 4:
      case 5:
        check(in.uvarint(), start, in, [&](auto v) { out.uvarint(v); });
        break;
      case 6:
        check(in.bytes(count), start, in, [&](auto v) { out.bytes(v); });
        break;
      default:
        check(in.length_prefixed(count), start, in, [&](auto v) {
          WEFT_ASSERT(v.size() <= count, "the limit holds");
          out.length_prefixed(v);
        });
    }
    WEFT_ASSERT(in.position() > before && in.position() <= size, "progress inside the input");
    WEFT_ASSERT(again.size() == in.position(), "as many bytes written as read");
  }
  WEFT_ASSERT(std::equal(again.begin(), again.end(), input.begin(), input.end()),
              "the same bytes come out");
  return 0;
}
