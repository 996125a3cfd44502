// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace weft::transport::io {

/// Sends one datagram to a unix socket: a path, or `@name` for Linux's abstract name space. Blocks
/// for at most two seconds when the receiver's queue is full. ec::bad_argument (neither form, or
/// too long), ec::not_found and ec::unreachable (nobody receives there), ec::timeout, ec::denied,
/// ec::io.
result<void> send_unix_datagram(std::string_view to, std::string_view text);

}  // namespace weft::transport::io
