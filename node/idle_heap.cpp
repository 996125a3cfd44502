// SPDX-License-Identifier: MIT
#include "node/idle_heap.hpp"

#include <algorithm>
#include <malloc.h>
#include <utility>

namespace weft::node {

bool idle_heap::look() {
  const struct mallinfo2 heap = ::mallinfo2();
  const std::size_t unused = heap.fordblks + heap.fsmblks;
  const bool surplus = unused >= std::max(surplus_bytes_min, heap.uordblks / 4);
  if (!std::exchange(seen_, surplus) || !surplus) return false;
  seen_ = false;
  ::malloc_trim(0);
  return true;
}

}  // namespace weft::node
