// SPDX-License-Identifier: MIT
#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace weft {

void assertion_failed(const char* expression, const char* text, const char* file,
                      int line) noexcept {
  std::fprintf(stderr, "weft: %s:%d: assertion failed: %s (%s)\n", file, line, text, expression);
  std::fflush(stderr);
  std::abort();
}

}  // namespace weft
