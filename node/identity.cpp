// SPDX-License-Identifier: MIT
#include "node/identity.hpp"

#include "base/encoding.hpp"
#include "node/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::node {

namespace {

constexpr std::string_view first_line = "weft-identity 1";
constexpr auto cipher = crypto::aead_kind::chacha20_poly1305;
constexpr std::size_t seed_bytes = 32;

using fields = std::map<std::string, std::string, std::less<>>;

/// Detects a truncated or edited file before any key is made from it.
std::string end_line(std::string_view body) {
  return "end: " + to_hex(bytes_view(crypto::sha256(as_bytes(body))).first(8)) + "\n";
}

result<fields> split(std::string_view text) {
  const auto damaged = [](std::string_view why) {
    return fail(ec::corrupt, "the identity file is damaged (" + std::string(why)
                                 + "); restore it from a backup made with `weft keys export`");
  };
  if (text.size() > identity_file_bytes_max) return damaged("too large");
  if (!text.starts_with("weft-identity ")) return damaged("it does not start with 'weft-identity'");
  const auto version_end = text.find('\n');
  if (version_end == std::string_view::npos) return damaged("truncated");
  if (text.substr(0, version_end) != first_line)
    return fail(ec::unsupported, "the identity file has a format this version does not know: '"
                                     + std::string(text.substr(0, version_end)) + "'");
  const auto end = text.rfind("end: ");
  if (end == std::string_view::npos || text.substr(end) != end_line(text.substr(0, end)))
    return damaged("truncated or changed");
  fields found;
  for (auto rest = text.substr(version_end + 1, end - version_end - 1); !rest.empty();) {
    const auto stop = rest.find('\n');
    const auto line = rest.substr(0, stop);
    const auto colon = line.find(": ");
    if (stop == std::string_view::npos || colon == std::string_view::npos)
      return damaged("a line has no value");
    found.emplace(line.substr(0, colon), line.substr(colon + 2));
    rest.remove_prefix(stop + 1);
  }
  for (const auto* name : {"type", "peer", "protection", "key"})
    if (!found.contains(name)) return damaged(std::string("no ") + name);
  if (found["type"] != "ed25519")
    return fail(ec::unsupported, "the identity is not an Ed25519 key");
  return found;
}

result<std::uint32_t> number(const fields& f, std::string_view name) {
  const auto at = f.find(name);
  std::uint32_t value = 0;
  if (at == f.end())
    return fail(ec::corrupt, "the identity file lacks '" + std::string(name) + "'");
  const auto* end = at->second.data() + at->second.size();
  const auto parsed = std::from_chars(at->second.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return fail(ec::corrupt, "the identity file's '" + std::string(name) + "' is not a number");
  return value;
}

result<byte_buffer> hex_field(const fields& f, std::string_view name, std::size_t size) {
  const auto at = f.find(name);
  if (at != f.end())
    if (auto bytes = from_hex(at->second); bytes && bytes->size() == size) return std::move(*bytes);
  return fail(ec::corrupt,
              "the identity file's '" + std::string(name) + "' is missing or not valid");
}

/// Everything the seal must be bound to.
std::string header_of(const peer_id& id, const passphrase_cost& cost) {
  return std::string(first_line) + "\ntype: ed25519\npeer: " + id.to_string()
         + "\nprotection: argon2id\nmemory_kib: " + std::to_string(cost.memory_kib)
         + "\npasses: " + std::to_string(cost.passes) + "\n";
}

/// 32 secret bytes that do not outlive their use.
struct secret_bytes {
  std::array<std::uint8_t, seed_bytes> bytes{};
  secret_bytes() = default;
  secret_bytes(const secret_bytes&) = delete;
  secret_bytes& operator=(const secret_bytes&) = delete;
  ~secret_bytes() { crypto::wipe(bytes); }
};

result<crypto::ed25519_private_key> key_from(const secret_bytes& seed, const peer_id& expected) {
  auto key = crypto::ed25519_private_key::from_seed(seed.bytes);
  if (key.id() != expected)
    return fail(ec::corrupt, "the identity file's key does not belong to its peer id");
  return key;
}

}  // namespace

passphrase& passphrase::operator=(passphrase&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  text_ = std::move(other.text_);
  other.wipe();
  return *this;
}

void passphrase::wipe() noexcept {
  crypto::wipe({reinterpret_cast<std::uint8_t*>(text_.data()), text_.size()});
  text_.clear();
}

result<std::string> format_identity(const crypto::ed25519_private_key& key,
                                    const passphrase& secret, const passphrase_cost& cost) {
  std::string text;
  if (secret.empty()) {
    text = std::string(first_line) + "\ntype: ed25519\npeer: " + key.id().to_string()
           + "\nprotection: none\nkey: " + to_hex(key.seed()) + "\n";
    return text + end_line(text);
  }
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, crypto::aead_nonce_bytes> nonce{};
  crypto::random_bytes(salt);
  crypto::random_bytes(nonce);
  secret_bytes file_key;
  WEFT_TRY_VOID(
      crypto::argon2id(secret.text(), salt, cost.memory_kib, cost.passes, file_key.bytes));
  text = header_of(key.id(), cost);
  std::array<std::uint8_t, seed_bytes + crypto::aead_tag_bytes> sealed{};
  crypto::aead(cipher, file_key.bytes).seal(nonce, as_bytes(text), key.seed(), sealed);
  text += "salt: " + to_hex(salt) + "\nnonce: " + to_hex(nonce) + "\nkey: " + to_hex(sealed) + "\n";
  return text + end_line(text);
}

result<crypto::ed25519_private_key> parse_identity(std::string_view text,
                                                   const passphrase& secret) {
  WEFT_TRY(const auto f, split(text));
  WEFT_TRY(const auto info, parse_identity_info(text));
  secret_bytes seed;
  if (!info.encrypted) {
    WEFT_TRY(auto plain, hex_field(f, "key", seed_bytes));
    std::copy(plain.begin(), plain.end(), seed.bytes.begin());
    crypto::wipe(plain);
    return key_from(seed, info.id);
  }
  if (secret.empty())
    return fail(
        ec::denied,
        "the identity is encrypted and no passphrase was given; use --passphrase-file FILE, the "
        "variable WEFT_PASSPHRASE or identity.passphrase_file");
  passphrase_cost cost;
  WEFT_TRY(cost.memory_kib, number(f, "memory_kib"));
  WEFT_TRY(cost.passes, number(f, "passes"));
  WEFT_TRY(const auto salt, hex_field(f, "salt", 16));
  WEFT_TRY(const auto nonce, hex_field(f, "nonce", crypto::aead_nonce_bytes));
  WEFT_TRY(const auto sealed, hex_field(f, "key", seed_bytes + crypto::aead_tag_bytes));
  secret_bytes file_key;
  WEFT_TRY_VOID(
      crypto::argon2id(secret.text(), salt, cost.memory_kib, cost.passes, file_key.bytes));
  const auto header = header_of(info.id, cost);
  std::array<std::uint8_t, seed_bytes + crypto::aead_tag_bytes> opened{};
  const auto size
      = crypto::aead(cipher, file_key.bytes).open(nonce, as_bytes(header), sealed, opened);
  if (!size) return fail(ec::denied, "the passphrase is wrong");
  std::copy_n(opened.begin(), seed_bytes, seed.bytes.begin());
  crypto::wipe(opened);
  return key_from(seed, info.id);
}

result<identity_info> parse_identity_info(std::string_view text) {
  WEFT_TRY(const auto f, split(text));
  auto id = peer_id::parse(f.find("peer")->second);
  if (!id) return fail(ec::corrupt, "the identity file's peer id is not valid");
  const auto& protection = f.find("protection")->second;
  if (protection != "none" && protection != "argon2id")
    return fail(ec::unsupported, "the identity file is protected by '" + protection
                                     + "', which this version does not know");
  return identity_info{*id, protection == "argon2id"};
}

result<void> write_identity(const std::string& path, const crypto::ed25519_private_key& key,
                            const passphrase& secret, bool replace, const passphrase_cost& cost) {
  if (!replace && file_exists(path))
    return fail(ec::exists, path + " exists already and is not replaced");
  WEFT_TRY(auto text, format_identity(key, secret, cost));
  auto done = write_file_atomically(path, text, 0600);
  crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return done;
}

result<crypto::ed25519_private_key> read_identity(const std::string& path,
                                                  const passphrase& secret) {
  WEFT_TRY_VOID(check_private(path, "the key file"));
  WEFT_TRY(auto text, read_file(path, identity_file_bytes_max));
  auto key = parse_identity(text, secret);
  crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!key) return fail(key.error().code, path + ": " + key.error().detail);
  return key;
}

result<identity_info> read_identity_info(const std::string& path) {
  WEFT_TRY(const auto text, read_file(path, identity_file_bytes_max));
  auto info = parse_identity_info(text);
  if (!info) return fail(info.error().code, path + ": " + info.error().detail);
  return info;
}

}  // namespace weft::node
