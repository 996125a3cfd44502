// SPDX-License-Identifier: MIT
#include "base/ip_prefix.hpp"

#include "base/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace weft {

namespace {

constexpr std::uint8_t address_bits(bool v6) noexcept { return v6 ? 128 : 32; }

result<ip_endpoint> parse_address(std::string_view text) {
  ip_endpoint e;
  if (text.find(':') != std::string_view::npos) {
    e.v6 = true;
    WEFT_TRY(e.address, parse_ip6(text));
  } else {
    WEFT_TRY(const auto four, parse_ip4(text));
    std::ranges::copy(four, e.address.begin());
  }
  return e;
}

}  // namespace

ip_prefix::ip_prefix(const ip_endpoint& around, std::uint8_t bits) noexcept
    : v6_(around.v6), bits_(std::min(bits, address_bits(around.v6))), address_{} {
  const std::size_t whole = bits_ / 8u;
  std::copy_n(around.address.begin(), whole, address_.begin());
  if (const unsigned rest = bits_ % 8u; rest != 0)
    address_[whole] = static_cast<std::uint8_t>(around.address[whole] & (0xff00u >> rest));
}

result<ip_prefix> ip_prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  WEFT_TRY(const auto address, parse_address(text.substr(0, slash)));
  if (slash == std::string_view::npos) return ip_prefix(address, address_bits(address.v6));
  const std::string_view digits = text.substr(slash + 1);
  std::uint8_t bits = 0;
  const auto [end, why] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (why != std::errc{} || end != digits.data() + digits.size() || bits > address_bits(address.v6))
    return fail(ec::malformed, "'/" + std::string(digits) + "' is not a length of 0 to "
                                   + std::to_string(address_bits(address.v6)));
  const ip_prefix out(address, bits);
  if (out.address_ != address.address)
    return fail(
        ec::malformed,
        "'" + std::string(text) + "' has bits behind its length; the block is " + out.to_string());
  return out;
}

std::string ip_prefix::to_string() const {
  return (v6_ ? format_ip6(address_) : format_ip4(std::span{address_}.first<4>())) + "/"
         + std::to_string(bits_);
}

}  // namespace weft
