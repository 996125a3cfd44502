// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>

namespace weft {

/// Longest unsigned varint the multiformats specification allows (63 bits).
inline constexpr std::size_t uvarint_bytes_max = 9;

/// Bytes `write_uvarint` needs for `value`: 1 to 10.
std::size_t uvarint_size(std::uint64_t value) noexcept;

/// Writes the minimal LEB128 form at `out`, which has room for `uvarint_size(value)`; returns the
/// bytes written.
std::size_t write_uvarint(std::uint8_t* out, std::uint64_t value) noexcept;

/// The outcome of looking for a varint at the front of unfinished input.
struct uvarint_prefix {
  enum class state : std::uint8_t { complete, incomplete, invalid } status;
  std::uint64_t value = 0;
  /// Bytes the varint takes; only when complete.
  std::size_t size = 0;
};
/// Decodes a minimal unsigned varint of at most nine bytes from the front of `input`
/// (https://github.com/multiformats/unsigned-varint). A non-minimal or longer one is invalid.
uvarint_prefix peek_uvarint(bytes_view input) noexcept;

/// Reads fields from a byte range with every access checked; a failed read leaves the position
/// where it was.
class wire_reader {
 public:
  explicit wire_reader(bytes_view input) noexcept : input_(input) {}

  result<std::uint8_t> u8() noexcept;
  /// Big-endian integers.
  result<std::uint16_t> u16() noexcept;
  result<std::uint32_t> u32() noexcept;
  result<std::uint64_t> u64() noexcept;
  /// ec::truncated or ec::bad_varint.
  result<std::uint64_t> uvarint() noexcept;
  /// The next `count` bytes, as a view into the input.
  result<bytes_view> bytes(std::size_t count) noexcept;
  /// A uvarint length and that many bytes; ec::oversized above `limit`.
  result<bytes_view> length_prefixed(std::size_t limit) noexcept;
  /// All that is left.
  bytes_view rest() noexcept;

  std::size_t remaining() const noexcept { return input_.size() - position_; }
  bool at_end() const noexcept { return remaining() == 0; }
  std::size_t position() const noexcept { return position_; }

 private:
  template <class T>
  result<T> big_endian() noexcept;

  bytes_view input_;
  std::size_t position_ = 0;
};

/// Appends fields to a buffer that it owns or was given.
class wire_writer {
 public:
  explicit wire_writer(byte_buffer& out) noexcept : out_(out) {}

  wire_writer& u8(std::uint8_t value);
  wire_writer& u16(std::uint16_t value);
  wire_writer& u32(std::uint32_t value);
  wire_writer& u64(std::uint64_t value);
  wire_writer& uvarint(std::uint64_t value);
  wire_writer& bytes(bytes_view value);
  wire_writer& length_prefixed(bytes_view value);

 private:
  byte_buffer& out_;
};

}  // namespace weft
