// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.hpp"

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace weft {

/// A value or the `error` that kept it from being made. Nothing in Weft throws across a function of
/// its own.
template <class T>
using result = tl::expected<T, error>;

/// `return fail(ec::oversized, "…")` from any function that returns a `result`.
inline tl::unexpected<error> fail(ec code) { return tl::unexpected<error>(error{code}); }
inline tl::unexpected<error> fail(ec code, std::string detail) {
  return tl::unexpected<error>(error{code, std::move(detail)});
}
inline tl::unexpected<error> fail(error e) { return tl::unexpected<error>(std::move(e)); }

}  // namespace weft

#define WEFT_CONCAT_INNER(a, b) a##b
#define WEFT_CONCAT(a, b) WEFT_CONCAT_INNER(a, b)

/// `WEFT_TRY(auto value, expression);` declares value, or returns the expression's error to the
/// caller.
#define WEFT_TRY(declaration, expression)                                     \
  auto WEFT_CONCAT(weft_try_, __LINE__) = (expression);                       \
  if (!WEFT_CONCAT(weft_try_, __LINE__))                                      \
    return ::weft::fail(std::move(WEFT_CONCAT(weft_try_, __LINE__).error())); \
  declaration = std::move(*WEFT_CONCAT(weft_try_, __LINE__))

/// As `WEFT_TRY` for a `result<void>`.
#define WEFT_TRY_VOID(expression)                                                              \
  if (auto WEFT_CONCAT(weft_try_, __LINE__) = (expression); !WEFT_CONCAT(weft_try_, __LINE__)) \
  return ::weft::fail(std::move(WEFT_CONCAT(weft_try_, __LINE__).error()))
