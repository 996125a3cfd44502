// SPDX-License-Identifier: MIT
// Ping, perf, exchange and push machines fed by a peer that follows no rules.
#include "base/assert.hpp"
#include "transport/exchange.hpp"
#include "transport/perf.hpp"
#include "transport/ping.hpp"
#include "transport/push.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace {

using namespace weft;
using namespace weft::transport;

void feed_ping(bytes_view first, bytes_view second) {
  ping_responder responder;
  byte_buffer out;
  responder.on_bytes(first, out);
  responder.on_bytes(second, out);
  WEFT_ASSERT(out.size() <= first.size() + second.size(), "no more than it was fed");
  WEFT_ASSERT(
      std::equal(out.begin(),
                 out.begin() + static_cast<std::ptrdiff_t>(std::min(out.size(), first.size())),
                 first.begin()),
      "an echo");
  ping_initiator initiator;
  ping_payload payload{};
  if (first.size() >= ping_bytes) std::copy_n(first.begin(), ping_bytes, payload.begin());
  initiator.start(payload, instant{});
  for (const auto part : {first, second}) {
    const auto trip = initiator.on_bytes(part, instant{} + duration{5});
    WEFT_ASSERT(!trip || *trip == duration{5}, "the time between");
  }
}

void feed_perf(bytes_view first, bytes_view second) {
  constexpr std::uint64_t limit = 1 << 20;
  perf_server server(limit);
  if (server.on_bytes(first) == ec::none && server.on_bytes(second) == ec::none
      && server.on_end() == ec::none) {
    std::uint64_t sent = 0;
    while (!server.finish_due()) {
      const auto piece = server.next_write(100'000);
      WEFT_ASSERT(!piece.empty(), "progress");
      sent += piece.size();
    }
    WEFT_ASSERT(sent <= limit, "no more than allowed");
  }
  perf_client client(10, 100);
  static_cast<void>(client.on_bytes(first.size()));
  static_cast<void>(client.on_bytes(second.size()));
  WEFT_ASSERT(client.received() <= 100, "no more than asked for");
  WEFT_ASSERT(client.on_end() == ec::truncated, "nothing was uploaded yet");
}

void feed_exchange(bytes_view first, bytes_view second) {
  receive_slab slab;
  frame_writer writer;
  exchange_server server(500, 4);
  std::vector<exchange_server::request> requests;
  std::vector<chunk_view> out;
  for (const auto part : {first, second}) {
    const ec code = server.on_bytes(part, slab, requests);
    WEFT_ASSERT(server.unanswered() <= 4, "bounded");
    while (!requests.empty()) {
      // the last first, so that answers have to wait
      std::optional<chunk_view> body;
      if (requests.back().body.size() % 2 == 0) body = requests.back().body;
      WEFT_ASSERT(server.answer(requests.back().id, body, writer, out) == ec::none,
                  "an open request takes its answer");
      requests.pop_back();
    }
    WEFT_ASSERT(server.unanswered() == 0, "all answered");
    if (code != ec::none) break;
  }
  exchange_client client(500);
  for (const auto part : {first, second})
    if (client.on_bytes(part, slab) != ec::none) break;
  if (client.done()) {
    WEFT_ASSERT(client.take_response()->size() <= 500, "bounded");
  }
}

void feed_push(bytes_view first, bytes_view second) {
  receive_slab slab;
  push_reader reader(500);
  for (const auto part : {first, second}) {
    if (reader.on_bytes(part, slab) != ec::none) return;
    WEFT_ASSERT(!reader.whole() || reader.tag(), "a whole push has a tag");
    WEFT_ASSERT(reader.held_bytes() <= 500, "bounded");
  }
  WEFT_ASSERT(reader.whole() == (reader.on_end() == ec::none), "whole or truncated");
  if (!reader.whole()) return;
  const auto frame = reader.take();
  WEFT_ASSERT(frame && frame->size() >= push_tag_bytes && frame->size() <= 500, "bounded");
  std::vector<chunk_view> pieces;
  write_push(*reader.tag(), frame->part(push_tag_bytes), pieces);
  byte_buffer again;
  for (const auto& p : pieces) append(again, p);
  byte_buffer fed;
  append(fed, first);
  append(fed, second);
  WEFT_ASSERT(again == fed, "written as it was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bytes_view input(data + 1, size - 1);
  const std::size_t split = std::min<std::size_t>(data[0], input.size());
  const auto first = input.first(split);
  const auto second = input.subspan(split);
  feed_ping(first, second);
  feed_perf(first, second);
  feed_exchange(first, second);
  feed_push(first, second);
  return 0;
}
