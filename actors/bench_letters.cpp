// SPDX-License-Identifier: MIT
#include "actors/bench_letters.hpp"

#include "actors/protocols.hpp"

namespace weft::actors {

outgoing letter_message(const peer_id& to, const hosts::bench_letter& letter) {
  byte_buffer body{static_cast<std::uint8_t>(body_kind::bench)};
  hosts::encode(letter, body);
  outgoing out;
  out.to = to;
  out.body = chunk_view::copy(body);
  out.options.klass = messaging::message_class::volatile_;
  return out;
}

std::optional<hosts::bench_letter> letter_of(bytes_view body) {
  if (body.empty() || body[0] != static_cast<std::uint8_t>(body_kind::bench)) return std::nullopt;
  auto letter = hosts::decode_bench_letter(body.subspan(1));
  if (!letter) return std::nullopt;
  return std::move(*letter);
}

}  // namespace weft::actors
