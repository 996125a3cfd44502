// SPDX-License-Identifier: MIT
// Two cores and an adversary between them: the input decides what is sent, lost, repeated, cut,
// altered, stored or refused, and how time passes. Whatever happens, nothing is shown twice and the
// tables stay inside their limits. Runs on cheap_crypto.cpp, which lets the adversary also write
// texts that pass as the peer's own; the first byte chooses inputs that replace channels all the
// time.
#include "base/wire.hpp"
#include "messaging/messaging_core.hpp"

#include <cstdlib>
#include <deque>
#include <set>

using namespace weft;
using namespace weft::messaging;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::size_t steps_max = 64;
/// Each class has a queue of its own.
constexpr std::size_t both_classes = 2;
/// Long enough for a frame that opens a channel.
constexpr std::size_t raw_bytes_max = 400;
/// Bytes that one step writes into a frame.
constexpr std::size_t patch_bytes = 16;
/// See cheap_crypto.cpp.
constexpr std::uint8_t forged = 0xfe;

messaging_config small(bool churn) {
  messaging_config c;
  c.fragment_bytes = 1024;
  c.volatile_payload_bytes_max = 64 * 1024;
  c.window_messages = 16;
  c.window_bytes = 16 * 1024;
  c.queue_messages_max = 32;
  c.queue_bytes_max = 128 * 1024;
  c.channels_max = 4;
  c.peers_max = 4;
  c.rekey_messages = churn ? 16 : 1024;
  c.reopen_after_timeouts = churn ? 2 : 64;
  c.opens_burst = churn ? 16 : 4;
  c.opens_per_second = 1;
  c.remembered_channels_max = 16;
  c.storing_messages_max = 16;
  return c;
}

const crypto::ed25519_private_key& key_of(std::uint8_t n) {
  static const std::array keys{
      crypto::ed25519_private_key::from_seed(std::array<std::uint8_t, 32>{1, 1}),
      crypto::ed25519_private_key::from_seed(std::array<std::uint8_t, 32>{2, 2})};
  return keys[n - 1u];
}

struct side : next_hop_source {
  side(std::uint8_t n, bool churn)
      : config(small(churn)),
        key(key_of(n)),
        core(
            key, config, rng{n},
            [source = rng{n + 10u}](bytes_span range) mutable {
              for (auto& b : range) b = static_cast<std::uint8_t>(source.next());
            },
            metrics, *this) {}
  std::optional<peer_id> next_hop(const peer_id& to) const override {
    return route ? std::optional{to} : std::nullopt;
  }

  messaging_config config;
  const crypto::ed25519_private_key& key;
  messaging_metrics metrics;
  messaging_core core;
  outbox out;
  bool route = true;
  std::deque<chunk_view> inbox;
  std::deque<store_batch> storing;
  std::set<std::pair<peer_id, message_id>> stored;
  std::set<message_id> shown;
  std::set<message_id> settled;
};

struct world {
  explicit world(bool churn) : sides{side{1, churn}, side{2, churn}} {}

  side sides[2];
  instant now{};
  wall_time wall{std::chrono::hours{24 * 365 * 50}};

  void drain(int i) {
    side& s = sides[i];
    for (transmit& t : s.out.transmits)
      if (sides[1 - i].inbox.size() < 256) sides[1 - i].inbox.push_back(std::move(t.frame));
    for (const delivery& d : s.out.deliveries) require(s.shown.insert(d.id).second);
    for (const receipt& r : s.out.receipts)
      if (r.status != receipt_status::stored) require(s.settled.insert(r.id).second);
    if (!s.out.store.empty()) s.storing.push_back(std::exchange(s.out.store, {}));
    s.out.clear();
    require(s.core.channel_count() <= s.config.channels_max);
    require(s.core.outstanding() <= both_classes * s.config.queue_messages_max);
    require(s.metrics.in_flight.value() >= 0 && s.metrics.storing.value() >= 0);
    require(s.metrics.queued_bytes.value() >= 0 && s.metrics.reassembly_bytes.value() >= 0);
  }
  void receive(int i, const chunk_view& frame) {
    sides[i].core.on_frame(sides[1 - i].key.id(), frame, now, wall, sides[i].out);
    sides[i].core.on_batch_end(now, wall, sides[i].out);
    drain(i);
  }
  void commit(int i, bool refuse) {
    side& s = sides[i];
    if (s.storing.empty()) return;
    store_batch batch = std::move(s.storing.front());
    s.storing.pop_front();
    for (store_operation& op : batch.operations) {
      if (refuse) op.outcome = ec::disk_full;
      if (const auto* in = std::get_if<append_inbound>(&op.action); in && !refuse)
        op.duplicate = !s.stored.insert({in->sender, in->id}).second;
    }
    s.core.on_stored(std::move(batch), now, wall, s.out);
    s.core.on_batch_end(now, wall, s.out);
    drain(i);
  }
};

void step(world& w, std::uint8_t what, std::uint16_t amount, bytes_view raw) {
  const int i = what & 1;
  side& s = w.sides[i];
  const bool any = !s.inbox.empty();
  const std::size_t pick = any ? amount % s.inbox.size() : 0;
  switch (what >> 1 & 15) {
    case 0:
    case 1: {
      const bool durable = (what & 32) != 0;
      const std::size_t size = durable ? amount % 1024 : amount % 8192;
      (void)s.core.send(w.sides[1 - i].key.id(), chunk_view::copy(byte_buffer(size, what)),
                        {durable ? message_class::durable : message_class::volatile_, 0}, w.now,
                        w.wall, s.out);
      return w.drain(i);
    }
    case 2:
    case 3:
    case 4:
      if (any) {
        const chunk_view frame = s.inbox.front();
        s.inbox.pop_front();
        w.receive(i, frame);
      }
      return;
    case 5:  // again, without taking it away
      if (any) w.receive(i, chunk_view{s.inbox[pick]});
      return;
    case 6:
      if (any) s.inbox.erase(s.inbox.begin() + static_cast<std::ptrdiff_t>(pick));
      return;
    case 7:
      if (any) {
        byte_buffer bytes = to_buffer(s.inbox[pick]);
        bytes[(amount * 7u + what) % bytes.size()] ^= static_cast<std::uint8_t>(what | 1);
        w.receive(i, chunk_view::copy(bytes));
      }
      return;
    case 8:
      return w.receive(i, chunk_view::copy(raw));
    case 13:  // what a hostile peer seals itself
      if (any && s.inbox[pick].size() >= crypto::aead_tag_bytes) {
        byte_buffer bytes = to_buffer(s.inbox[pick]);
        const std::size_t at = amount % bytes.size();
        const std::size_t count = std::min(raw.size(), bytes.size() - at);
        std::copy_n(raw.begin(), count, bytes.begin() + static_cast<std::ptrdiff_t>(at));
        bytes[bytes.size() - crypto::aead_tag_bytes] = forged;
        w.receive(i, chunk_view::copy(bytes));
      }
      return;
    case 9:
    case 10:
      return w.commit(i, (what & 32) != 0);
    case 11:
      s.core.on_peer_down(w.sides[1 - i].key.id(), w.now, w.wall, s.out);
      s.route = false;
      return w.drain(i);
    case 12:
      s.route = true;
      s.core.on_peer_up(w.sides[1 - i].key.id(), w.now, w.wall, s.out);
      return w.drain(i);
    default: {
      const duration passed = std::chrono::milliseconds{amount >> (what >> 5)};
      w.now += passed;
      w.wall += passed;
      s.core.on_deadline(w.now, w.wall, s.out);
      return w.drain(i);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  world w{data[0] >= 0xe0};
  wire_reader in{{data + 1, size - 1}};
  for (std::size_t steps = 0; steps < steps_max && in.remaining() >= 3; ++steps) {
    const std::uint8_t what = *in.u8();
    const std::uint16_t amount = *in.u16();
    bytes_view raw;
    if ((what >> 1 & 15) == 8)
      raw = *in.bytes(std::min<std::size_t>(in.remaining(), amount % raw_bytes_max));
    if ((what >> 1 & 15) == 13) raw = *in.bytes(std::min(in.remaining(), patch_bytes));
    step(w, what, amount, raw);
  }
  return 0;
}
