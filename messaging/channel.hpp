// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/crypto.hpp"
#include "base/hpke.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "messaging/envelope.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace weft::messaging {

/// Our long-term keys in both forms, derived once.
struct identity_keys {
  explicit identity_keys(const crypto::ed25519_private_key& key);
  ~identity_keys();
  identity_keys(const identity_keys&) = delete;
  identity_keys& operator=(const identity_keys&) = delete;

  const crypto::ed25519_private_key& signing;
  ed25519_public_key public_key;
  peer_id id;
  crypto::x25519_key agreement;
};

/// The keys of one sealed channel: an HPKE context (RFC 9180, base mode) until the answer, then two
/// AEAD keys into which both sides' ephemerals are mixed. Knows no windows, times or messages. Not
/// thread-safe.
class channel {
 public:
  struct accepted;
  struct sealed {
    chunk_view frame;
    std::uint64_t sequence = 0;
  };

  /// Opens a channel to `destination`. ec::bad_key.
  static result<channel> initiate(const identity_keys& self, const ed25519_public_key& destination,
                                  const std::function<void(bytes_span)>& secrets);
  /// Takes an open frame addressed to us from an unknown channel: decrypts it, checks the sender's
  /// signature over the whole envelope and mixes in an ephemeral of ours. ec::bad_seal,
  /// ec::bad_signature, ec::bad_key, ec::truncated.
  static result<accepted> respond(const identity_keys& self, const envelope_header& header,
                                  bytes_view frame, const std::function<void(bytes_span)>& secrets);

  channel(channel&&) noexcept = default;
  channel& operator=(channel&& other) noexcept;
  ~channel();

  /// Seals head and body into a new frame with the next sequence number. `opening`: as an open
  /// frame, while the other side has not answered; ignored otherwise.
  sealed seal(const identity_keys& self, std::uint8_t hop_limit, bytes_view head, bytes_view body,
              bool opening);
  /// Opens a frame of this channel; the view holds the payload. A failed frame changes nothing.
  /// ec::bad_seal, ec::truncated, ec::protocol_violation (a kind this side does not expect),
  /// ec::bad_key.
  result<chunk_view> open(const envelope_header& header, bytes_view frame);

  const channel_id& id() const noexcept { return id_; }
  bool initiator() const noexcept { return initiator_; }
  /// The other side has answered (seen from the opener) or uses the mixed keys (seen from the other
  /// side).
  bool confirmed() const noexcept { return confirmed_; }
  std::uint64_t next_sequence() const noexcept { return next_sequence_; }
  /// Forgets the HPKE context, whose frames do not have forward secrecy.
  void forget_opening() noexcept { opening_.reset(); }

 private:
  channel() = default;
  result<void> mix(const crypto::x25519_key& theirs);
  result<chunk_view> open_accept(const envelope_header& header, bytes_view frame);

  channel_id id_{};
  ed25519_public_key destination_{};
  bool initiator_ = false;
  bool confirmed_ = false;
  std::uint64_t next_sequence_ = 0;
  hpke::encapsulation encapsulation_{};
  crypto::x25519_key ephemeral_private_{};
  crypto::x25519_key ephemeral_public_{};
  std::optional<hpke::context> opening_;
  std::optional<hpke::context> send_;
  std::optional<hpke::context> receive_;
};

struct channel::accepted {
  channel keys;
  peer_id sender;
  ed25519_public_key sender_key{};
  chunk_view payload;
};

}  // namespace weft::messaging
