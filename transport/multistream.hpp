// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// multistream-select 1.0 (https://github.com/libp2p/specs/blob/master/connections/README.md),
/// without I/O: bytes in any split go in, bytes to write come out. Each message is a uvarint
/// length, a text and a newline.
namespace weft::transport {

inline constexpr std::string_view multistream_header = "/multistream/1.0.0";

enum class negotiation : std::uint8_t { pending, accepted, failed };

/// What a call of `on_bytes` did.
struct negotiation_step {
  negotiation state = negotiation::pending;
  /// Bytes of the input that belong to the negotiation. After `accepted` the rest of the input is
  /// the application's first data; while `pending` it is the whole input.
  std::size_t consumed = 0;
};

/// Cuts a stream into multistream messages; holds at most one message of `name_bytes_max`.
class multistream_reader {
 public:
  /// Longest message that is legal, newline included (what rust-libp2p accepts).
  static constexpr std::size_t frame_bytes_max = 16383;
  /// Longest name that is kept and compared. A longer legal message is skipped without being
  /// stored.
  static constexpr std::size_t name_bytes_max = 1024;

  enum class outcome : std::uint8_t { need_more, message, failed };

  /// Takes bytes from the front of `input` until one message is complete. ec::oversized,
  /// ec::bad_varint, ec::malformed (no newline at the end) through `failure`.
  outcome read(bytes_view& input);
  /// The message without its newline; empty for one that was skipped. Valid until the next `read`.
  std::string_view text() const noexcept { return text_; }
  bool skipped() const noexcept { return skipped_; }
  ec failure() const noexcept { return failure_; }
  /// True between two messages.
  bool at_boundary() const noexcept { return prefix_size_ == 0 || delivered_; }

 private:
  outcome fail_with(ec code) noexcept;

  std::string text_;
  std::uint8_t prefix_[2] = {};
  std::uint8_t prefix_size_ = 0;
  bool prefix_done_ = false;
  bool skipped_ = false;
  bool delivered_ = false;
  std::size_t left_ = 0;
  std::uint8_t last_ = 0;
  ec failure_ = ec::none;
};

/// The side that opened the stream. Proposes names one after another until one is echoed.
class multistream_initiator {
 public:
  /// More names than this are not proposed.
  static constexpr std::size_t proposals_max = 16;

  /// `names` in order of preference, each starting with '/'; they must outlive the negotiator.
  explicit multistream_initiator(std::span<const std::string> names) noexcept : names_(names) {}

  /// Appends the header and the first proposal; call once, before anything else. Application data
  /// may follow at once when `may_send_early()`; then call `sent_early()`. A FIN must wait for
  /// `accepted` in any case: some implementations lose a stream whose first packet carries
  /// negotiation, data and FIN.
  void start(byte_buffer& out);
  /// True when the only proposal is out, so that data behind it cannot be taken for a further
  /// proposal.
  bool may_send_early() const noexcept {
    return names_.size() == 1 && state_ != negotiation::failed;
  }
  /// Notes that application data followed the proposal: a refusal then fails instead of proposing
  /// on.
  void sent_early() noexcept { early_ = true; }

  /// Feeds what the peer wrote; appends the next proposal after a refusal.
  negotiation_step on_bytes(bytes_view input, byte_buffer& out);
  /// The peer finished its side.
  void on_end() noexcept;

  negotiation state() const noexcept { return state_; }
  /// Index into the names given; valid once accepted.
  std::size_t accepted() const noexcept { return proposal_; }
  std::string_view accepted_name() const noexcept { return names_[proposal_]; }
  /// ec::unsupported: the peer speaks none of them. ec::protocol_violation: neither echo nor
  /// refusal. ec::oversized, ec::bad_varint, ec::malformed, ec::truncated.
  ec failure() const noexcept { return failure_; }

 private:
  void on_message(std::string_view text, bool skipped, byte_buffer& out);
  void fail_with(ec code) noexcept;

  std::span<const std::string> names_;
  multistream_reader reader_;
  std::size_t proposal_ = 0;
  bool header_seen_ = false;
  bool early_ = false;
  negotiation state_ = negotiation::pending;
  ec failure_ = ec::none;
};

/// The names a responder accepts, each with a number of the owner's choice.
class protocol_list {
 public:
  /// Bound of the list.
  static constexpr std::size_t names_max = 256;

  /// ec::bad_argument for a name that does not start with '/' or is too long, ec::exists,
  /// ec::limit.
  result<void> add(std::string name, std::uint32_t handler);
  std::optional<std::uint32_t> find(std::string_view name) const;
  std::size_t size() const noexcept { return names_.size(); }
  /// Calls `f(name, handler)` for each, in order of the names.
  template <class F>
  void each(F&& f) const {
    for (const auto& [name, handler] : names_) f(std::string_view(name), handler);
  }

 private:
  std::map<std::string, std::uint32_t, std::less<>> names_;
};

/// The side that accepted the stream. Answers the header with the first reply, echoes a listed
/// name, refuses others (and the legacy `ls`) with `na`.
class multistream_responder {
 public:
  /// Refusals per stream before the negotiation fails with ec::limit.
  static constexpr std::size_t refusals_max = 16;

  /// `accepted` must outlive the negotiator.
  explicit multistream_responder(const protocol_list& accepted) noexcept : list_(&accepted) {}

  negotiation_step on_bytes(bytes_view input, byte_buffer& out);
  /// The peer finished its side.
  void on_end() noexcept;

  negotiation state() const noexcept { return state_; }
  /// The number of the accepted name; valid once accepted.
  std::uint32_t handler() const noexcept { return handler_; }
  std::size_t refusals() const noexcept { return refusals_; }
  /// ec::limit, ec::protocol_violation (no header), ec::oversized, ec::bad_varint, ec::malformed;
  /// ec::truncated when the stream ended; ec::unsupported when it ended after at least one refusal.
  ec failure() const noexcept { return failure_; }

 private:
  void on_message(std::string_view text, bool skipped, byte_buffer& out);
  void fail_with(ec code) noexcept;

  const protocol_list* list_;
  multistream_reader reader_;
  std::size_t refusals_ = 0;
  std::uint32_t handler_ = 0;
  bool header_seen_ = false;
  negotiation state_ = negotiation::pending;
  ec failure_ = ec::none;
};

}  // namespace weft::transport
