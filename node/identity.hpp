// SPDX-License-Identifier: MIT
#pragma once

#include "base/crypto.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The node's Ed25519 key in a file of its own (docs/configuration.md, "Identity").
namespace weft::node {

/// Cost of turning a passphrase into a key (Argon2id, RFC 9106).
struct passphrase_cost {
  std::uint32_t memory_kib = 64 * 1024;
  std::uint32_t passes = 3;
};

/// What an identity file says without its passphrase.
struct identity_info {
  peer_id id;
  bool encrypted = false;
};

/// A passphrase in memory; wiped when it goes away.
class passphrase {
 public:
  passphrase() = default;
  explicit passphrase(std::string text) : text_(std::move(text)) {}
  passphrase(passphrase&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  passphrase& operator=(passphrase&& other) noexcept;
  ~passphrase() { wipe(); }

  bool empty() const noexcept { return text_.empty(); }
  std::string_view text() const noexcept { return text_; }

 private:
  void wipe() noexcept;
  std::string text_;
};

inline constexpr std::size_t identity_file_bytes_max = 4096;

/// The file's text for a key; sealed with the passphrase unless it is empty.
result<std::string> format_identity(const crypto::ed25519_private_key& key,
                                    const passphrase& secret, const passphrase_cost& cost = {});
/// ec::corrupt: truncated or changed; ec::denied: encrypted and the passphrase is missing or wrong;
/// ec::unsupported: a newer format.
result<crypto::ed25519_private_key> parse_identity(std::string_view text, const passphrase& secret);
/// The public part. ec::corrupt, ec::unsupported.
result<identity_info> parse_identity_info(std::string_view text);

/// Writes the file with mode 0600. ec::exists unless `replace`.
result<void> write_identity(const std::string& path, const crypto::ed25519_private_key& key,
                            const passphrase& secret, bool replace,
                            const passphrase_cost& cost = {});
/// ec::denied when other users can read the file or we cannot; otherwise as `parse_identity`.
result<crypto::ed25519_private_key> read_identity(const std::string& path,
                                                  const passphrase& secret);
result<identity_info> read_identity_info(const std::string& path);

/// Where a passphrase comes from: the file, else the variable WEFT_PASSPHRASE, else (`ask`) the
/// terminal without echo. Empty when there is none. ec::denied when the file is readable by others,
/// ec::not_found.
result<passphrase> find_passphrase(const std::string& file, bool ask, std::string_view prompt);
/// Asks on the terminal without echo. ec::denied when there is no terminal.
result<passphrase> ask_passphrase(std::string_view prompt);

}  // namespace weft::node
