// SPDX-License-Identifier: MIT
#include "actors/jobs.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::actors {

namespace {

struct named_kind {
  bench_kind kind;
  std::string_view name;
};
constexpr std::array kinds{
    named_kind{bench_kind::handshake, "handshake"},
    named_kind{bench_kind::ping, "ping"},
    named_kind{bench_kind::stream, "stream"},
    named_kind{bench_kind::message, "message"},
    named_kind{bench_kind::broadcast, "broadcast"},
    named_kind{bench_kind::throughput, "throughput"},
    named_kind{bench_kind::lookup, "lookup"},
};

}  // namespace

std::string_view to_string(bench_kind kind) noexcept {
  for (const auto& k : kinds)
    if (k.kind == kind) return k.name;
  return "unknown";
}

result<bench_kind> parse_bench_kind(std::string_view text) {
  std::string names;
  for (const auto& k : kinds) {
    if (k.name == text) return k.kind;
    names += (names.empty() ? "" : ", ") + std::string(k.name);
  }
  return fail(ec::bad_argument, "unknown bench '" + std::string(text) + "': one of " + names);
}

std::uint32_t broadcast_window(std::size_t body_bytes) noexcept {
  constexpr std::size_t bytes_in_flight = 3 * 1024 * 1024;
  const auto fit = bytes_in_flight / std::max<std::size_t>(body_bytes, 1);
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(fit, 16, 512));
}

result<std::unique_ptr<job>> make_bench_job(const bench_request& request,
                                            callback<bench_result> done, bench_world world) {
  if (request.samples == 0 || request.samples > bench_request::samples_max)
    return fail(ec::bad_argument, "samples must be 1 to 2000000");
  switch (request.kind) {
    case bench_kind::handshake:
      if (request.to.addresses.empty())
        return fail(ec::bad_argument, "the handshake bench needs an address to dial");
      return make_handshake_bench(request, std::move(done));
    case bench_kind::ping:
      return make_ping_bench(request, std::move(done));
    case bench_kind::stream:
      if (request.upload_bytes == 0 && request.download_bytes == 0)
        return fail(ec::bad_argument, "the stream bench needs bytes to upload or download");
      return make_stream_bench(request, std::move(done));
    case bench_kind::message:
      return make_message_bench(request, std::move(done));
    case bench_kind::broadcast:
      return make_broadcast_bench(request, std::move(done), std::move(world));
    case bench_kind::throughput:
      return make_throughput_bench(request, std::move(done), std::move(world));
    case bench_kind::lookup:
      return make_lookup_bench(request, std::move(done));
  }
  return fail(ec::bad_argument, "unknown bench");
}

}  // namespace weft::actors
