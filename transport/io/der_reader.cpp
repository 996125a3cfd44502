// SPDX-License-Identifier: MIT
#include "transport/io/der_reader.hpp"

#include <cstddef>

namespace weft::transport::io {

std::optional<der_reader::element> der_reader::next() noexcept {
  if (input_.size() < 2) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = input_[1];
  if (length >= 0x80) {
    const std::size_t count = length & 0x7f;
    if (count == 0 || count > 3 || input_.size() < 2 + count) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | input_[2 + i];
    const bool minimal
        = count == 1 ? length >= 0x80 : length >= std::size_t{1} << (8 * (count - 1));
    if (!minimal) return std::nullopt;
    header += count;
  }
  if (input_.size() - header < length) return std::nullopt;
  element e{input_[0], input_.subspan(header, length), input_.first(header + length)};
  input_ = input_.subspan(header + length);
  return e;
}

std::optional<bytes_view> der_reader::next(std::uint8_t tag) noexcept {
  const auto e = next();
  if (!e || e->tag != tag) return std::nullopt;
  return e->body;
}

std::optional<certificate_parts> take_apart_certificate(bytes_view der) noexcept {
  der_reader outer(der);
  const auto certificate = outer.next(der_reader::sequence);
  if (!certificate || !outer.at_end()) return std::nullopt;
  const auto tbs = der_reader(*certificate).next();
  if (!tbs || tbs->tag != der_reader::sequence) return std::nullopt;
  // version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
  der_reader fields(tbs->body);
  if (!fields.next(der_reader::context_0)) return std::nullopt;
  for (int i = 0; i < 5; ++i)
    if (!fields.next()) return std::nullopt;
  const auto info = fields.next();
  if (!info || info->tag != der_reader::sequence) return std::nullopt;
  return certificate_parts{tbs->whole, info->whole};
}

std::optional<signed_key> parse_signed_key(bytes_view der) noexcept {
  der_reader outer(der);
  const auto body = outer.next(der_reader::sequence);
  if (!body || !outer.at_end()) return std::nullopt;
  der_reader fields(*body);
  const auto key = fields.next(der_reader::octet_string);
  const auto signature = fields.next(der_reader::octet_string);
  if (!key || !signature || !fields.at_end()) return std::nullopt;
  return signed_key{*key, *signature};
}

}  // namespace weft::transport::io
