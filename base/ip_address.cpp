// SPDX-License-Identifier: MIT
#include "base/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

namespace weft {

namespace {

/// A decimal number up to `max`, written the one canonical way.
std::optional<std::uint32_t> canonical_decimal(std::string_view text, std::uint32_t max) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value > max)
    return std::nullopt;
  return value;
}

std::optional<std::uint16_t> hex_group(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint16_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Appends the bytes of colon-separated groups to `out`; the last may be dotted decimal when
/// `last_part`.
bool append_groups(std::string_view text, bool last_part, std::array<std::uint8_t, 16>& out,
                   std::size_t& used) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == std::string_view::npos && last_part && group.find('.') != group.npos) {
      const auto embedded = parse_ip4(group);
      if (!embedded || used + 4 > out.size()) return false;
      std::copy(embedded->begin(), embedded->end(),
                out.begin() + static_cast<std::ptrdiff_t>(used));
      used += 4;
      return true;
    }
    const auto value = hex_group(group);
    if (!value || used + 2 > out.size()) return false;
    out[used++] = static_cast<std::uint8_t>(*value >> 8);
    out[used++] = static_cast<std::uint8_t>(*value);
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
  }
  return true;
}

/// First group and length of the longest run of at least two zero groups.
std::pair<std::size_t, std::size_t> longest_zero_run(const std::array<unsigned, 8>& groups) {
  std::size_t best = groups.size();
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    i = std::max(end, i + 1);
  }
  return {best, best == groups.size() ? 0 : best_length};
}

}  // namespace

result<std::array<std::uint8_t, 4>> parse_ip4(std::string_view text) {
  std::array<std::uint8_t, 4> address{};
  for (std::size_t i = 0; i < address.size(); ++i) {
    const std::size_t end = i == 3 ? text.size() : std::min(text.find('.'), text.size());
    const auto value = canonical_decimal(text.substr(0, end), 255);
    if (!value || (i < 3 && end == text.size())) return fail(ec::malformed, "not an IPv4 address");
    address[i] = static_cast<std::uint8_t>(*value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return address;
}

std::string format_ip4(std::span<const std::uint8_t, 4> address) {
  std::string text;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (i > 0) text.push_back('.');
    text += std::to_string(address[i]);
  }
  return text;
}

result<std::array<std::uint8_t, 16>> parse_ip6(std::string_view text) {
  std::array<std::uint8_t, 16> address{};
  std::size_t front = 0;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (text.empty() || !append_groups(text, true, address, front) || front != address.size())
      return fail(ec::malformed, "not an IPv6 address");
    return address;
  }
  std::array<std::uint8_t, 16> tail{};
  std::size_t back = 0;
  if (!append_groups(text.substr(0, gap), false, address, front)
      || !append_groups(text.substr(gap + 2), true, tail, back) || front + back > 14)
    return fail(ec::malformed, "not an IPv6 address");
  std::copy_n(tail.begin(), back, address.end() - static_cast<std::ptrdiff_t>(back));
  return address;
}

std::string format_ip6(std::span<const std::uint8_t, 16> address) {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), address.begin()))
    return "::ffff:" + format_ip4(address.subspan<12, 4>());
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = static_cast<unsigned>(address[2 * i] << 8 | address[2 * i + 1]);
  const auto [gap, gap_length] = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (gap_length > 0 && i == gap) {
      text += "::";
      i += gap_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text.push_back(':');
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr;
    text.append(digits.data(), end);
  }
  return text;
}

result<std::uint16_t> parse_port(std::string_view text) {
  const auto value = canonical_decimal(text, 65535);
  if (!value) return fail(ec::malformed, "a port is a number from 0 to 65535");
  return static_cast<std::uint16_t>(*value);
}

}  // namespace weft
