// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// The RPC of pubsub (https://github.com/libp2p/specs/blob/master/pubsub/README.md and the
/// gossipsub 1.0 to 1.2 texts beside it), and Weft's additions to it (docs/protocol-gossip.md).
namespace weft::gossip {

// -- reading ---

/// Entries of one kind read from one frame, and ids; what follows is counted, not kept.
inline constexpr std::size_t rpc_entries_max = 4096;
inline constexpr std::size_t rpc_ids_max = 65'536;

/// A Message, in views into its frame. Absent and empty are different on the wire, and to a
/// signature.
struct message_fields {
  std::optional<bytes_view> author;
  std::optional<bytes_view> data;
  std::optional<bytes_view> sequence;
  std::optional<bytes_view> topic;
  std::optional<bytes_view> signature;
  std::optional<bytes_view> key;
};

struct publish_entry {
  message_fields fields;
  /// Where the whole field lies in the RPC, tag and length included: by itself an RPC that holds
  /// this message alone.
  std::size_t offset = 0;
  std::size_t size = 0;
  /// Written as every implementation writes it: known fields once, in order, shortest lengths.
  /// Others may read another form differently, so it is not passed on as it is.
  bool canonical = false;
};

struct subscription_entry {
  bool subscribe = false;
  bytes_view topic;
};
/// A run of `rpc_view::ids`.
struct id_range {
  std::size_t first = 0;
  std::size_t count = 0;
};
struct ihave_entry {
  bytes_view topic;
  id_range ids;
};
struct prune_entry {
  bytes_view topic;
  /// Seconds, as the peer says; none from gossipsub 1.0.
  std::optional<std::uint64_t> backoff_s;
  /// A run of `rpc_view::exchange`.
  id_range peers;
};
struct exchange_entry {
  bytes_view peer;
  bytes_view signed_record;
};

/// A message that a Weft peer has: `tag` and `length` are there when it is, or would be, pushed.
struct announcement_entry {
  bytes_view topic;
  bytes_view id;
  std::uint64_t length = 0;
  std::uint64_t tag = 0;
  /// The push is under way; else it waits for a pull.
  bool pushing = false;
};
/// Asks for an announced message as a push.
struct pull_entry {
  /// The announcement's tag.
  std::uint64_t announced = 0;
  /// The tag that the push is to bear.
  std::uint64_t tag = 0;
};

/// A wave that shapes a topic's tree: whoever passes it on first is nearest to its root.
struct beacon_entry {
  bytes_view topic;
  bytes_view root;
  /// Grows with each wave of the root.
  std::uint64_t sequence = 0;
};

/// A decoded RPC, in views into the frame. Keeps its memory over frames.
struct rpc_view {
  std::vector<publish_entry> messages;
  std::vector<subscription_entry> subscriptions;
  std::vector<ihave_entry> ihave;
  std::vector<id_range> iwant;
  std::vector<bytes_view> graft;
  std::vector<prune_entry> prune;
  std::vector<id_range> idontwant;
  std::vector<exchange_entry> exchange;
  std::vector<announcement_entry> announcements;
  std::vector<pull_entry> pulls;
  std::vector<bytes_view> chokes;
  std::vector<bytes_view> unchokes;
  std::vector<beacon_entry> beacons;
  std::vector<bytes_view> ids;
  /// Entries beyond the limits above.
  std::size_t skipped = 0;

  void clear();
  std::span<const bytes_view> range(id_range of) const {
    return std::span(ids).subspan(of.first, of.count);
  }
};

/// Unknown fields are skipped. ec::malformed; `out` is then half filled.
result<void> decode_rpc(bytes_view body, rpc_view& out);

// -- writing ---

/// Bytes of a Message in its canonical form.
std::size_t message_size(const message_fields& fields) noexcept;
/// Appends a canonical Message.
void append_message(byte_buffer& out, const message_fields& fields);
/// An RPC that holds one message.
chunk_view encode_publish(const message_fields& fields);

/// Builds the control side of one RPC. Lists of ids are the caller's to split (`id_bytes`).
class rpc_writer {
 public:
  void subscribe(bool subscribe, std::string_view topic);
  void ihave(std::string_view topic, std::span<const bytes_view> ids);
  void iwant(std::span<const bytes_view> ids);
  void graft(std::string_view topic);
  /// `backoff_s` is left out for a peer of gossipsub 1.0.
  void prune(std::string_view topic, std::optional<std::uint64_t> backoff_s,
             std::span<const exchange_entry> peers);
  void idontwant(std::span<const bytes_view> ids);
  /// Announcements of one topic; entries' own topics are not looked at.
  void announce(std::string_view topic, std::span<const announcement_entry> entries);
  void pull(const pull_entry& entry);
  void choke(std::string_view topic);
  void unchoke(std::string_view topic);
  void beacon(const beacon_entry& entry);

  bool empty() const noexcept;
  /// Bytes of the frame so far, or a few more.
  std::size_t size() const noexcept;
  /// The frame; the writer is empty afterwards and keeps its memory.
  chunk_view take();
  void clear();

  /// What one id, or one announcement without its topic, adds to a frame at most.
  static constexpr std::size_t id_bytes(std::size_t id) noexcept { return id + 3; }
  static constexpr std::size_t announcement_bytes(std::size_t id) noexcept { return id + 32; }

 private:
  byte_buffer subscriptions_;
  byte_buffer control_;
  byte_buffer weft_;
  byte_buffer scratch_;
  byte_buffer inner_;
};

}  // namespace weft::gossip
