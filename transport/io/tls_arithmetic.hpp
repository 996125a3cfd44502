// SPDX-License-Identifier: MIT
#pragma once

/// GnuTLS computes X25519 and verifies Ed25519 by three functions of Nettle that take two to four
/// times as long as base/crypto's. A program that links this file defines the three itself, and the
/// dynamic linker binds GnuTLS to them (ELF symbol interposition, ld.so(8)): half of a handshake's
/// processor time. Where it does not bind them, as in a static GnuTLS, Nettle's serve.
namespace weft::transport::io {

/// Has them linked into the program that calls it; true when GnuTLS is bound to them.
bool fast_tls_arithmetic() noexcept;

}  // namespace weft::transport::io
