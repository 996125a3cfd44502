// SPDX-License-Identifier: MIT
#include "base/curve25519.hpp"

#include <algorithm>
#include <cstddef>

namespace weft::crypto::curve25519 {

namespace {

__extension__ using wide = unsigned __int128;

constexpr std::uint64_t limb_mask = (std::uint64_t{1} << 51) - 1;

/// A residue in five limbs of 51 bits, each below 2^52 between operations.
struct field {
  std::array<std::uint64_t, 5> limb{};
};

constexpr field number(std::uint64_t value) { return field{{value, 0, 0, 0, 0}}; }

/// Takes sums of up to 2^63 per limb back below 2^52.
field carried(field a) {
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 4; ++i) {
      a.limb[i + 1] += a.limb[i] >> 51;
      a.limb[i] &= limb_mask;
    }
    a.limb[0] += 19 * (a.limb[4] >> 51);
    a.limb[4] &= limb_mask;
  }
  return a;
}

field operator+(const field& a, const field& b) {
  field sum;
  for (std::size_t i = 0; i < 5; ++i) sum.limb[i] = a.limb[i] + b.limb[i];
  return carried(sum);
}

field operator-(const field& a, const field& b) {
  // 4p is added first, so that no limb goes below zero.
  constexpr std::array<std::uint64_t, 5> four_p{
      0x1fffffffffffb4, 0x1ffffffffffffc, 0x1ffffffffffffc, 0x1ffffffffffffc, 0x1ffffffffffffc};
  field difference;
  for (std::size_t i = 0; i < 5; ++i) difference.limb[i] = a.limb[i] + four_p[i] - b.limb[i];
  return carried(difference);
}

field operator*(const field& a, const field& b) {
  std::array<wide, 5> sum{};
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      // 2^255 = 19: a product that reaches beyond the top limb wraps to the bottom.
      const std::uint64_t factor = i + j >= 5 ? 19 * b.limb[j] : b.limb[j];
      sum[(i + j) % 5] += static_cast<wide>(a.limb[i]) * factor;
    }
  }
  field product;
  wide carry = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    sum[i] += carry;
    product.limb[i] = static_cast<std::uint64_t>(sum[i]) & limb_mask;
    carry = sum[i] >> 51;
  }
  // The carry has at most 62 bits; 19 times it needs the wide type once more.
  const wide low = product.limb[0] + carry * 19;
  product.limb[0] = static_cast<std::uint64_t>(low) & limb_mask;
  product.limb[1] += static_cast<std::uint64_t>(low >> 51);
  return carried(product);
}

field squared(field a, int times) {
  for (int i = 0; i < times; ++i) a = a * a;
  return a;
}

/// a^(2^250 - 1), the shared part of inversion and of the square root's exponent.
field power_250(const field& a) {
  const field a3 = squared(a, 1) * a;
  const field a7 = squared(a, 2) * a3;
  const field x5 = squared(a7, 2) * a3;  // xN = a^(2^N - 1)
  const field x10 = squared(x5, 5) * x5;
  const field x20 = squared(x10, 10) * x10;
  const field x40 = squared(x20, 20) * x20;
  const field x50 = squared(x40, 10) * x10;
  const field x100 = squared(x50, 50) * x50;
  const field x200 = squared(x100, 100) * x100;
  return squared(x200, 50) * x50;
}

/// a^(p - 2) = a^(2^255 - 21)
field inverted(const field& a) {
  const field a11 = squared(a, 3) * squared(a, 1) * a;
  return squared(power_250(a), 5) * a11;
}

/// Euler's criterion, a^((p - 1) / 2) = a^(2^254 - 10): 1 for a non-zero square.
field euler(const field& a) {
  const field a3 = squared(a, 1) * a;
  return squared(power_250(a), 4) * squared(a3, 1);
}

encoded to_bytes(field a) {
  a = carried(a);
  // The value is now below 2^255 + small; adding 19 shows whether it is at least p.
  std::uint64_t carry = (a.limb[0] + 19) >> 51;
  for (std::size_t i = 1; i < 5; ++i) carry = (a.limb[i] + carry) >> 51;
  a.limb[0] += 19 * carry;
  for (std::size_t i = 0; i < 4; ++i) {
    a.limb[i + 1] += a.limb[i] >> 51;
    a.limb[i] &= limb_mask;
  }
  a.limb[4] &= limb_mask;
  encoded bytes{};
  for (std::size_t bit = 0; bit < 255; ++bit) {
    const std::uint64_t set = a.limb[bit / 51] >> (bit % 51) & 1;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | set << (bit % 8));
  }
  return bytes;
}

bool is_zero(const field& a) { return to_bytes(a) == encoded{}; }

/// The low 255 bits.
field from_bytes(std::span<const std::uint8_t, 32> bytes) {
  field a;
  for (std::size_t bit = 0; bit < 255; ++bit) {
    const std::uint64_t set = bytes[bit / 8] >> (bit % 8) & 1;
    a.limb[bit / 51] |= set << (bit % 51);
  }
  return a;
}

/// y of the points whose order divides 8, without the sign of x: of order 1, 2, 4 and 8.
constexpr std::array<encoded, 5> low_order_y{
    {{1},
     {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
     {0},
     {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
      0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
      0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
     {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
      0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
      0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}}};

}  // namespace

std::optional<encoded> montgomery_from_edwards(std::span<const std::uint8_t, 32> point) {
  if (!acceptable_edwards_y(point)) return std::nullopt;
  const field y = from_bytes(point);
  const field one = number(1);
  // x^2 = (y^2 - 1) / (d y^2 + 1) has a root when numerator times denominator is a square. d =
  // -121665/121666; scaled by 121666, both sides stay integers.
  const field y2 = y * y;
  const field numerator = number(121666) * (y2 - one);
  const field denominator = number(121666) - number(121665) * y2;
  if (!is_zero(euler(numerator * denominator) - one)) return std::nullopt;
  return to_bytes((one + y) * inverted(one - y));
}

bool acceptable_edwards_y(std::span<const std::uint8_t, 32> point) {
  encoded y;
  std::ranges::copy(point, y.begin());
  y[31] &= 0x7f;
  // p is 2^255 - 19.
  const bool at_least_p
      = y[0] >= 0xed && y[31] == 0x7f
        && std::all_of(y.begin() + 1, y.end() - 1, [](std::uint8_t byte) { return byte == 0xff; });
  return !at_least_p && std::ranges::find(low_order_y, y) == low_order_y.end();
}

}  // namespace weft::crypto::curve25519
