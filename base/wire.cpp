// SPDX-License-Identifier: MIT
#include "base/wire.hpp"

#include <array>

namespace weft {

std::size_t uvarint_size(std::uint64_t value) noexcept {
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

std::size_t write_uvarint(std::uint8_t* out, std::uint64_t value) noexcept {
  std::size_t size = 0;
  while (value >= 0x80) {
    out[size++] = static_cast<std::uint8_t>(value | 0x80);
    value >>= 7;
  }
  out[size++] = static_cast<std::uint8_t>(value);
  return size;
}

uvarint_prefix peek_uvarint(bytes_view input) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < uvarint_bytes_max; ++i) {
    if (i == input.size()) return {uvarint_prefix::state::incomplete};
    const std::uint8_t byte = input[i];
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (byte == 0 && i > 0) return {uvarint_prefix::state::invalid};  // not minimal
      return {uvarint_prefix::state::complete, value, i + 1};
    }
  }
  return {uvarint_prefix::state::invalid};
}

template <class T>
result<T> wire_reader::big_endian() noexcept {
  if (remaining() < sizeof(T)) return fail(ec::truncated);
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(static_cast<std::uint64_t>(value) << 8 | input_[position_ + i]);
  position_ += sizeof(T);
  return value;
}

result<std::uint8_t> wire_reader::u8() noexcept { return big_endian<std::uint8_t>(); }
result<std::uint16_t> wire_reader::u16() noexcept { return big_endian<std::uint16_t>(); }
result<std::uint32_t> wire_reader::u32() noexcept { return big_endian<std::uint32_t>(); }
result<std::uint64_t> wire_reader::u64() noexcept { return big_endian<std::uint64_t>(); }

result<std::uint64_t> wire_reader::uvarint() noexcept {
  const auto prefix = peek_uvarint(input_.subspan(position_));
  switch (prefix.status) {
    case uvarint_prefix::state::incomplete:
      return fail(ec::truncated);
    case uvarint_prefix::state::invalid:
      return fail(ec::bad_varint);
    case uvarint_prefix::state::complete:
      break;
  }
  position_ += prefix.size;
  return prefix.value;
}

result<bytes_view> wire_reader::bytes(std::size_t count) noexcept {
  if (remaining() < count) return fail(ec::truncated);
  const auto view = input_.subspan(position_, count);
  position_ += count;
  return view;
}

result<bytes_view> wire_reader::length_prefixed(std::size_t limit) noexcept {
  const std::size_t start = position_;
  const auto length = uvarint();
  if (!length) return fail(length.error());
  if (*length > limit) {
    position_ = start;
    return fail(ec::oversized);
  }
  auto view = bytes(static_cast<std::size_t>(*length));
  if (!view) position_ = start;
  return view;
}

bytes_view wire_reader::rest() noexcept {
  const auto view = input_.subspan(position_);
  position_ = input_.size();
  return view;
}

namespace {

template <class T>
void append_big_endian(byte_buffer& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
}

}  // namespace

wire_writer& wire_writer::u8(std::uint8_t value) {
  out_.push_back(value);
  return *this;
}
wire_writer& wire_writer::u16(std::uint16_t value) {
  append_big_endian(out_, value);
  return *this;
}
wire_writer& wire_writer::u32(std::uint32_t value) {
  append_big_endian(out_, value);
  return *this;
}
wire_writer& wire_writer::u64(std::uint64_t value) {
  append_big_endian(out_, value);
  return *this;
}
wire_writer& wire_writer::uvarint(std::uint64_t value) {
  std::array<std::uint8_t, 10> scratch{};
  const std::size_t size = write_uvarint(scratch.data(), value);
  return bytes({scratch.data(), size});
}
wire_writer& wire_writer::bytes(bytes_view value) {
  append(out_, value);
  return *this;
}
wire_writer& wire_writer::length_prefixed(bytes_view value) {
  uvarint(value.size());
  return bytes(value);
}

}  // namespace weft
