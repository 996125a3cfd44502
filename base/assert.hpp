// SPDX-License-Identifier: MIT
#pragma once

namespace weft {

/// Prints the broken expectation with its place and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* expression, const char* text, const char* file,
                                   int line) noexcept;

}  // namespace weft

/// Our own bug, never a peer's input: checked in every build type, aborts with a text.
#define WEFT_ASSERT(expression, text)  \
  ((expression) ? static_cast<void>(0) \
                : ::weft::assertion_failed(#expression, text, __FILE__, __LINE__))
