// SPDX-License-Identifier: MIT
#pragma once

/// GnuTLS computes X25519 and verifies Ed25519 by two functions of Nettle that take twice as long
/// as libsodium's. A program that links this file defines the two itself, over base/crypto, and the
/// dynamic linker binds GnuTLS to them (ELF symbol interposition, ld.so(8)): a third less of a
/// handshake's processor time. Where it does not bind them, as in a static GnuTLS, Nettle's serve.
namespace weft::transport::io {

/// Has the two linked into the program that calls it; true when GnuTLS is bound to them.
bool fast_tls_arithmetic() noexcept;

}  // namespace weft::transport::io
