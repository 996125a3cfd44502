// SPDX-License-Identifier: MIT
#include "sim/trace.hpp"

#include <array>
#include <cstdio>
#include <cstring>

namespace weft::sim {

namespace {

constexpr std::size_t whole_bytes_max = 1024;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const std::uint8_t* data, std::size_t size) noexcept {
  std::array<std::uint8_t, 8> bytes{};
  std::memcpy(bytes.data(), data, size);
  std::uint64_t word = 0;
  for (std::size_t i = 8; i-- > 0;) word = word << 8 | bytes[i];
  return word;
}

/// Sixteen bytes a step, as one multiplication.
std::uint64_t hash_run(std::uint64_t hash, bytes_view data) noexcept {
  std::size_t at = 0;
  for (; data.size() - at >= 16; at += 16)
    hash = fold(hash ^ load(data.data() + at, 8),
                load(data.data() + at + 8, 8) ^ 0x9e3779b97f4a7c15);
  const std::size_t rest = data.size() - at;
  const std::uint64_t first = load(data.data() + at, rest < 8 ? rest : 8);
  const std::uint64_t second = rest > 8 ? load(data.data() + at + 8, rest - 8) : 0;
  return fold(hash ^ first, second ^ 0xbf58476d1ce4e5b9);
}

}  // namespace

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
  return fold(hash ^ 0xa0761d6478bd642f, word ^ 0xe7037ed1a0b428db) + hash;
}

std::uint64_t content_hash(bytes_view data) noexcept {
  const std::uint64_t seed = 0x243f6a8885a308d3 ^ data.size();
  if (data.size() <= whole_bytes_max) return hash_run(seed, data);
  return hash_run(hash_run(seed, data.first(whole_bytes_max / 2)), data.last(whole_bytes_max / 2));
}

std::string describe(std::uint64_t number, duration since_start, const event& e) {
  std::array<char, 160> text{};
  int size = std::snprintf(text.data(), text.size(), "#%llu %.6f s",
                           static_cast<unsigned long long>(number), to_seconds(since_start));
  const auto add = [&](const char* format, auto... values) {
    if (size < 0 || static_cast<std::size_t>(size) >= text.size()) return;
    const auto room = text.size() - static_cast<std::size_t>(size);
    size += std::snprintf(text.data() + size, room, format, values...);
  };
  if (e.node != no_node) add(" node %u:", e.node);
  add(" %s", std::string(to_string(e.kind)).c_str());
  if (e.generation != 0) add(" link %u.%u end %u", e.link, e.generation, unsigned{e.end});
  if (!e.body.empty())
    add(" protocol %u bytes %llu content %016llx", unsigned{e.protocol},
        static_cast<unsigned long long>(e.body.size()),
        static_cast<unsigned long long>(content_hash(e.body)));
  if (e.number != 0) add(" number %llu", static_cast<unsigned long long>(e.number));
  return text.data();
}

}  // namespace weft::sim
