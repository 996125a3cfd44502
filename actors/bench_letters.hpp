// SPDX-License-Identifier: MIT
#pragma once

#include "actors/messages.hpp"
#include "hosts/bench_wire.hpp"

#include <optional>

namespace weft::actors {

/// A letter between benches as a volatile private message.
outgoing letter_message(const peer_id& to, const hosts::bench_letter& letter);
/// The letter in the body of such a message; none when it is another kind or broken.
std::optional<hosts::bench_letter> letter_of(bytes_view body);

}  // namespace weft::actors
