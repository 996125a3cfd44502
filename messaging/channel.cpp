// SPDX-License-Identifier: MIT
#include "messaging/channel.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace weft::messaging {

namespace {

constexpr auto suite = crypto::aead_kind::aes_128_gcm;
constexpr std::string_view hpke_info = "/weft/msg/1.0.0";
constexpr std::string_view signature_context = "/weft/msg/1.0.0 open";
constexpr std::string_view chain_label = "/weft/msg/1.0.0 chain";
constexpr std::string_view to_responder_label = "/weft/msg/1.0.0 i2r";
constexpr std::string_view to_initiator_label = "/weft/msg/1.0.0 r2i";
constexpr std::size_t key_bytes = crypto::aead_key_bytes(suite);

/// What the opener signs: a context and the hash of header, encapsulation, sender, ephemeral and
/// payload.
std::array<std::uint8_t, signature_context.size() + 32> signed_text(bytes_view covered) {
  std::array<std::uint8_t, signature_context.size() + 32> text{};
  std::memcpy(text.data(), signature_context.data(), signature_context.size());
  const auto digest = crypto::sha256(covered);
  std::memcpy(text.data() + signature_context.size(), digest.data(), digest.size());
  return text;
}

hpke::context directional(bytes_view pseudo_random_key, std::string_view label) {
  std::array<std::uint8_t, key_bytes + crypto::aead_nonce_bytes> secret{};
  crypto::hkdf_expand(pseudo_random_key, as_bytes(label), secret);
  const std::array<std::uint8_t, 32> no_exporter{};
  hpke::context result{suite, bytes_view{secret}.first(key_bytes),
                       bytes_view{secret}.subspan(key_bytes), no_exporter};
  crypto::wipe(secret);
  return result;
}

void copy_key(crypto::x25519_key& out, const std::uint8_t* from) noexcept {
  std::memcpy(out.data(), from, out.size());
}

/// The authenticated form of the first `size` bytes of a frame: the remaining hop count reads as
/// zero.
template <std::size_t Size>
std::array<std::uint8_t, Size> associated(bytes_view frame) noexcept {
  std::array<std::uint8_t, Size> bytes;
  std::memcpy(bytes.data(), frame.data(), Size);
  bytes[remaining_offset] = 0;
  return bytes;
}

}  // namespace

identity_keys::identity_keys(const crypto::ed25519_private_key& key)
    : signing(key),
      public_key(key.public_key()),
      id(peer_id::from_ed25519(key.public_key())),
      agreement(crypto::x25519_from_ed25519_seed(key.seed())) {}

identity_keys::~identity_keys() { crypto::wipe(agreement); }

channel::~channel() { crypto::wipe(ephemeral_private_); }

channel& channel::operator=(channel&& other) noexcept {
  crypto::wipe(ephemeral_private_);
  id_ = other.id_;
  destination_ = other.destination_;
  initiator_ = other.initiator_;
  confirmed_ = other.confirmed_;
  next_sequence_ = other.next_sequence_;
  encapsulation_ = other.encapsulation_;
  ephemeral_private_ = other.ephemeral_private_;
  ephemeral_public_ = other.ephemeral_public_;
  opening_ = std::move(other.opening_);
  send_ = std::move(other.send_);
  receive_ = std::move(other.receive_);
  return *this;
}

result<channel> channel::initiate(const identity_keys& self, const ed25519_public_key& destination,
                                  const std::function<void(bytes_span)>& secrets) {
  if (destination == self.public_key) return fail(ec::bad_argument, "a channel to ourselves");
  WEFT_TRY(const crypto::x25519_key recipient, crypto::x25519_from_ed25519(destination));
  channel c;
  c.initiator_ = true;
  c.destination_ = destination;
  secrets(c.id_);
  crypto::x25519_key encapsulating;
  secrets(encapsulating);
  auto set_up = hpke::setup_sender(suite, recipient, as_bytes(hpke_info), encapsulating);
  crypto::wipe(encapsulating);
  if (!set_up) return fail(std::move(set_up.error()));
  c.encapsulation_ = set_up->enc;
  c.opening_ = std::move(set_up->ctx);
  secrets(c.ephemeral_private_);
  c.ephemeral_public_ = crypto::x25519_public(c.ephemeral_private_);
  return c;
}

result<void> channel::mix(const crypto::x25519_key& theirs) {
  WEFT_TRY(crypto::x25519_key shared, crypto::x25519(ephemeral_private_, theirs));
  std::array<std::uint8_t, 32> chain{};
  opening_->export_secret(as_bytes(chain_label), chain);
  auto root = crypto::hkdf_extract(chain, shared);
  send_ = directional(root, initiator_ ? to_responder_label : to_initiator_label);
  receive_ = directional(root, initiator_ ? to_initiator_label : to_responder_label);
  crypto::wipe(shared);
  crypto::wipe(chain);
  crypto::wipe(root);
  return {};
}

result<channel::accepted> channel::respond(const identity_keys& self, const envelope_header& header,
                                           bytes_view frame,
                                           const std::function<void(bytes_span)>& secrets) {
  if (frame.size() < keyed_header_bytes + opening_bytes + crypto::aead_tag_bytes)
    return fail(ec::truncated);
  channel c;
  c.id_ = header.channel;
  std::memcpy(c.encapsulation_.data(), frame.data() + envelope_header::bytes,
              c.encapsulation_.size());
  WEFT_TRY(hpke::context context,
           hpke::setup_recipient(suite, c.encapsulation_, self.agreement, as_bytes(hpke_info)));
  // Header, key and plain text stand side by side, as they did when they were signed.
  chunk text = chunk::allocate(frame.size());
  const auto covered = associated<keyed_header_bytes>(frame);
  std::memcpy(text.mutable_data(), covered.data(), covered.size());
  const bytes_view box = frame.subspan(keyed_header_bytes);
  WEFT_TRY(const std::size_t plain,
           context.open(header.sequence, covered, box,
                        {text.mutable_data() + keyed_header_bytes, box.size()}));
  const std::uint8_t* inner = text.data() + keyed_header_bytes;
  ed25519_public_key sender;
  std::memcpy(sender.data(), inner, sender.size());
  const std::size_t signed_bytes = keyed_header_bytes + plain - 64;
  WEFT_TRY_VOID(crypto::ed25519_verify(sender, signed_text({text.data(), signed_bytes}),
                                       {text.data() + signed_bytes, 64}));
  if (sender == self.public_key) return fail(ec::bad_signature, "opened by ourselves");
  crypto::x25519_key theirs;
  copy_key(theirs, inner + 32);
  c.destination_ = sender;
  c.opening_ = std::move(context);
  secrets(c.ephemeral_private_);
  c.ephemeral_public_ = crypto::x25519_public(c.ephemeral_private_);
  WEFT_TRY_VOID(c.mix(theirs));
  crypto::wipe(c.ephemeral_private_);
  chunk_view payload{std::move(text), keyed_header_bytes + 64, plain - opening_bytes};
  return accepted{std::move(c), peer_id::from_ed25519(sender), sender, std::move(payload)};
}

channel::sealed channel::seal(const identity_keys& self, std::uint8_t hop_limit, bytes_view head,
                              bytes_view body, bool opening) {
  opening = opening && initiator_ && !confirmed_;
  const bool accepting = !initiator_ && !confirmed_;
  envelope_header h;
  h.kind = opening ? frame_kind::open : accepting ? frame_kind::accept : frame_kind::sealed;
  h.hop_limit = hop_limit;
  h.mixed = send_.has_value();
  h.destination = destination_;
  h.channel = id_;
  h.sequence = next_sequence_++;

  const std::size_t covered = opening || accepting ? keyed_header_bytes : envelope_header::bytes;
  const std::size_t plain = head.size() + body.size() + (opening ? opening_bytes : 0);
  chunk frame = chunk::allocate(covered + plain + crypto::aead_tag_bytes);
  std::uint8_t* at = frame.mutable_data();
  h.encode(at);
  if (covered == keyed_header_bytes)
    std::memcpy(at + envelope_header::bytes,
                opening ? encapsulation_.data() : ephemeral_public_.data(), envelope_key_bytes);
  std::uint8_t* inner = at + covered;
  if (opening) {
    std::memcpy(inner, self.public_key.data(), 32);
    std::memcpy(inner + 32, ephemeral_public_.data(), 32);
    inner += 64;
  }
  std::memcpy(inner, head.data(), head.size());
  if (!body.empty()) std::memcpy(inner + head.size(), body.data(), body.size());
  if (opening) {
    const std::size_t signed_bytes = covered + plain - 64;
    const auto signature = self.signing.sign(signed_text({at, signed_bytes}));
    std::memcpy(at + signed_bytes, signature.data(), signature.size());
  }
  auto& keys = send_ ? *send_ : *opening_;
  keys.seal(h.sequence, {at, covered}, {at + covered, plain},
            {at + covered, plain + crypto::aead_tag_bytes});
  // Outside the seal: the first link takes one hop.
  at[remaining_offset] = static_cast<std::uint8_t>(hop_limit - 1);
  return {chunk_view{std::move(frame), 0, covered + plain + crypto::aead_tag_bytes}, h.sequence};
}

result<chunk_view> channel::open_accept(const envelope_header& header, bytes_view frame) {
  if (!initiator_) return fail(ec::protocol_violation);
  const bool first = !receive_.has_value();
  if (first) {
    crypto::x25519_key theirs;
    copy_key(theirs, frame.data() + envelope_header::bytes);
    WEFT_TRY_VOID(mix(theirs));
  }
  const auto covered = associated<keyed_header_bytes>(frame);
  const bytes_view box = frame.subspan(keyed_header_bytes);
  chunk text = chunk::allocate(box.size());
  auto plain = receive_->open(header.sequence, covered, box, {text.mutable_data(), box.size()});
  if (!plain) {
    if (first) {  // a forged answer: keep waiting for the true one
      send_.reset();
      receive_.reset();
    }
    return fail(std::move(plain.error()));
  }
  if (first) {
    confirmed_ = true;
    crypto::wipe(ephemeral_private_);
    opening_.reset();
  }
  return chunk_view{std::move(text), 0, *plain};
}

result<chunk_view> channel::open(const envelope_header& header, bytes_view frame) {
  const std::size_t covered
      = header.kind == frame_kind::sealed ? envelope_header::bytes : keyed_header_bytes;
  if (frame.size() < covered + crypto::aead_tag_bytes) return fail(ec::truncated);
  if (header.kind == frame_kind::accept) return open_accept(header, frame);
  if (header.mixed ? !receive_.has_value() : initiator_ || !opening_)
    return fail(ec::protocol_violation);
  hpke::context& keys = header.mixed ? *receive_ : *opening_;
  const bytes_view box = frame.subspan(covered);
  chunk text = chunk::allocate(box.size());
  const bytes_span out{text.mutable_data(), box.size()};
  if (header.kind == frame_kind::open) {
    WEFT_TRY(const std::size_t plain,
             keys.open(header.sequence, associated<keyed_header_bytes>(frame), box, out));
    // The HPKE context proves that this is the opener whose signature was checked.
    if (plain < opening_bytes) return fail(ec::truncated);
    return chunk_view{std::move(text), 64, plain - opening_bytes};
  }
  WEFT_TRY(const std::size_t plain,
           keys.open(header.sequence, associated<envelope_header::bytes>(frame), box, out));
  if (header.mixed) confirmed_ = true;
  return chunk_view{std::move(text), 0, plain};
}

}  // namespace weft::messaging
