// SPDX-License-Identifier: MIT
#pragma once

namespace weft::test {

/// Whether this program watches its own memory or threads, and is several times slower for it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// `thin` in a sanitized program, else `full`: looking for wrong accesses needs every kind of run
/// once, finding a rare seed is left to the plain program.
template <class T>
constexpr T thinned(T full, T thin) {
  return sanitized ? thin : full;
}

}  // namespace weft::test
