// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace weft::transport::io {

/// The few parts of DER (X.690) that certificates are taken apart with. Definite minimal lengths
/// only.
class der_reader {
 public:
  static constexpr std::uint8_t octet_string = 0x04;
  static constexpr std::uint8_t sequence = 0x30;
  static constexpr std::uint8_t context_0 = 0xa0;

  struct element {
    std::uint8_t tag = 0;
    bytes_view body;
    /// Tag and length included.
    bytes_view whole;
  };

  explicit der_reader(bytes_view input) noexcept : input_(input) {}

  /// The next element; none when malformed or at the end.
  std::optional<element> next() noexcept;
  /// The next element's body when it has this tag.
  std::optional<bytes_view> next(std::uint8_t tag) noexcept;
  bool at_end() const noexcept { return input_.empty(); }

 private:
  bytes_view input_;
};

/// The parts of a certificate that signatures are made over: RFC 5280 section 4.1.
struct certificate_parts {
  /// TBSCertificate, tag and length included.
  bytes_view to_be_signed;
  /// SubjectPublicKeyInfo, tag and length included.
  bytes_view public_key_info;
};
std::optional<certificate_parts> take_apart_certificate(bytes_view der) noexcept;

/// SEQUENCE { OCTET STRING publicKey, OCTET STRING signature } of the libp2p extension.
struct signed_key {
  bytes_view public_key;
  bytes_view signature;
};
std::optional<signed_key> parse_signed_key(bytes_view der) noexcept;

}  // namespace weft::transport::io
