// SPDX-License-Identifier: MIT
// Bytes as events: peers come and go and say anything, well-formed or not; the application follows,
// publishes and judges; time passes. Every effect must be one that a host can carry out, tables
// stay inside their limits, and once all peers are gone and all times are over nothing is held.
#include "base/assert.hpp"
#include "base/wire.hpp"
#include "gossip/gossip_core.hpp"
#include "gossip/message.hpp"
#include "gossip/rpc.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace weft;
using namespace weft::gossip;

constexpr std::size_t steps_max = 96;
constexpr std::size_t cast_size = 7;
constexpr std::uint64_t asked_bit = std::uint64_t{1} << 63;

/// 0 is the core's own.
const peer_id& peer(unsigned n) {
  static const auto cast = [] {
    std::array<peer_id, cast_size> all;
    for (std::uint8_t i = 0; i < cast_size; ++i) {
      ed25519_public_key key{};
      key.fill(i);
      all[i] = peer_id::from_ed25519(key);
    }
    return all;
  }();
  return cast[n % cast_size];
}

/// The last one is too long.
const std::string& topic_name_of(unsigned n) {
  static const std::array<std::string, 7> all{
      "a", "b", "news", "d", std::string(32, 'e'), "", std::string(33, 'x')};
  return all[n % all.size()];
}

/// Accepts a signature, or a record, whose first byte is even, so that inputs reach both outcomes.
class parity_crypto final : public gossip_crypto {
 public:
  crypto::ed25519_signature sign(bytes_view) const override { return {}; }
  result<void> verify(const peer_id&, bytes_view, bytes_view, bytes_view signature) const override {
    if (signature.empty() || signature[0] % 2 != 0) return fail(ec::bad_signature);
    return {};
  }
  result<peer_record> open_record(bytes_view envelope) const override {
    if (envelope.empty() || envelope[0] % 2 != 0) return fail(ec::bad_signature);
    peer_record record;
    record.id = peer(envelope[0] / 2u);
    return record;
  }
};

gossip_config small(std::uint8_t how) {
  gossip_config c;
  const bool is_signed = (how & 1) == 0;
  c.signatures = is_signed ? signature_policy::strict_sign : signature_policy::strict_no_sign;
  c.ids = is_signed ? message_id_kind::author_and_sequence : message_id_kind::data_sha256;
  c.lazy.enabled = (how & 2) == 0;
  c.flood_publish = (how & 4) == 0;
  c.exchange_peers = (how & 8) == 0 ? 2 : 0;
  c.score.disconnect_graylisted = (how & 16) == 0;
  c.score.retained_max = 2;
  c.degree = 2;
  c.degree_low = 2;
  c.degree_high = 3;
  c.degree_score = 1;
  c.degree_out = 1;
  c.degree_lazy = 2;
  c.opportunistic_graft_ticks = 3;
  c.frame_bytes_max = 4096;
  c.control_bytes_max = 2048;
  c.topic_bytes_max = 32;
  c.seen_bytes_max = 4096;
  c.cache_bytes_max = 8192;
  c.lazy.push_bytes_min = 1024;
  c.lazy.pushes_per_peer_max = 2;
  c.idontwant_bytes_min = 64;
  c.publications_max = 3;
  c.validations_max = 3;
  c.validation_bytes_max = 4096;
  c.peers_max = 4;
  c.topics_max = 5;
  c.topics_per_peer_max = 3;
  c.subscriptions_max = 8;
  c.backoffs_per_topic_max = 3;
  c.ihave_frames_max = 3;
  c.ihave_ids_max = 6;
  c.announcements_max = 6;
  c.iwant_ids_max = 6;
  c.iwant_bytes_max = 8192;
  c.idontwant_frames_max = 3;
  c.idontwant_ids_max = 4;
  c.unwanted_per_peer_max = 4;
  c.mesh_entries_max = 4;
  c.wanted_max = 4;
  c.promises_max = 3;
  return c;
}

class driver {
 public:
  explicit driver(std::uint8_t how)
      : config_(small(how)), core_(peer(0), crypto_, config_, rng(how), counters_) {
    core_.start(wall_time{std::chrono::hours(1)}, now_, out_);
    settle();
  }

  void step(wire_reader& in);
  void finish();

 private:
  void peers(unsigned what, unsigned n, wire_reader& in);
  void application(unsigned what, unsigned n, wire_reader& in);
  void fates(unsigned n);
  chunk_view frame(unsigned n, wire_reader& in);
  void add_entry(rpc_writer& to, byte_buffer& messages, wire_reader& in);
  message_id id(unsigned n, byte_buffer* message = nullptr) const;
  void settle();
  void check_send(const send& each);
  void check_push(const push& each);
  void check_delivery(const delivery& each);
  void check_tables();
  void check_mesh();

  static std::uint8_t byte(wire_reader& in) { return in.u8().value_or(0); }

  parity_crypto crypto_;
  gossip_metrics counters_;
  gossip_config config_;
  gossip_core core_;
  outbox out_;
  instant now_{std::chrono::seconds(10)};
  std::map<peer_id, bool> up_;
  std::vector<std::pair<peer_id, std::uint64_t>> tagged_;
  std::vector<std::pair<peer_id, std::uint64_t>> pushes_;
  std::vector<std::uint64_t> validations_;
  std::map<std::uint64_t, message_id> awaited_;
  std::map<message_id, instant> delivered_;
  std::uint64_t ticket_ = 0;
};

// -- events ---

void driver::step(wire_reader& in) {
  const unsigned what = byte(in);
  const unsigned n = byte(in);
  // Mostly within one heartbeat, sometimes over several.
  now_ += std::chrono::milliseconds(what < 192 ? n % 16 : n * 40);
  switch (what % 16) {
    case 0:
    case 1:
      peers(what / 16, n, in);
      break;
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      core_.on_frame(peer(what / 16), frame(n, in), now_, out_);
      break;
    case 7: {
      byte_buffer tagged;
      wire_writer(tagged).u64((n & 1 ? asked_bit : 0) | n / 2);
      append(tagged, frame(n, in).bytes());
      tagged.resize(n == 255 ? 5 : tagged.size());
      core_.on_push(peer(what / 16), chunk_view::copy(tagged), now_, out_);
      break;
    }
    case 8:
    case 9:
      fates(n);
      break;
    case 10:
    case 11:
    case 12:
      application(what / 16, n, in);
      break;
    case 13:
      if (validations_.empty()) break;
      core_.on_verdict(validations_[n % validations_.size()], static_cast<verdict>(what / 16 % 3),
                       now_, out_);
      break;
    default:
      core_.on_deadline(now_, out_);
      WEFT_ASSERT(core_.next_deadline() && *core_.next_deadline() > now_,
                  "what is due was done, and there is always a next time");
  }
  settle();
}

void driver::peers(unsigned what, unsigned n, wire_reader& in) {
  const peer_id& who = peer(n);
  neighbour known;
  known.peer = who;
  known.speaks = static_cast<version>(n / 8 % 3);
  known.weft = (n & 64) != 0;
  known.outbound = (n & 128) != 0;
  if (what & 8) known.address = ip_address{static_cast<std::uint8_t>(n & 1)};
  known.signed_record = byte_buffer(what & 4 ? 3 : 0, static_cast<std::uint8_t>(2 * n));
  switch (what % 4) {
    case 0: {
      const auto refused = counters_.peers_refused.value();
      core_.on_peer_up(known, now_, out_);
      if (who != peer(0) && counters_.peers_refused.value() == refused) up_[who] = known.weft;
      break;
    }
    case 1:
      core_.on_peer_changed(known, now_, out_);
      if (up_.contains(who)) up_[who] = up_[who] || known.weft;
      break;
    case 2:
      core_.on_peer_down(who, now_, out_);
      up_.erase(who);
      break;
    default:
      core_.on_peer_rtt(who, std::chrono::microseconds(n * n * 10));
      core_.set_application_score(who, static_cast<std::int8_t>(byte(in)), now_, out_);
  }
}

void driver::application(unsigned what, unsigned n, wire_reader& in) {
  const std::string& topic = topic_name_of(n);
  switch (what % 8) {
    case 0:
    case 1:
      static_cast<void>(core_.subscribe(topic, now_, out_));
      break;
    case 2:
      static_cast<void>(core_.unsubscribe(topic, now_, out_));
      break;
    case 3: {
      const auto word = static_cast<verdict>(n / 8 % 3);
      validator check;
      if (n & 128) check = [word](const delivery&) { return word; };
      static_cast<void>(core_.set_validator(topic, std::move(check)));
      break;
    }
    case 4:
      static_cast<void>(core_.set_validated_outside(topic, (n & 128) != 0));
      break;
    default: {
      const byte_buffer data(byte(in) * 18u, static_cast<std::uint8_t>(n));
      const auto id = core_.publish(++ticket_, topic, chunk_view::copy(data), now_, out_);
      if (id) awaited_.emplace(ticket_, *id);
    }
  }
}

void driver::fates(unsigned n) {
  const auto what = static_cast<fate>(n % 3);
  auto& of = n & 128 ? pushes_ : tagged_;
  if (of.empty()) return;
  const auto at = of.begin() + static_cast<std::ptrdiff_t>(n / 3 % of.size());
  const auto [who, tag] = *at;
  of.erase(at);
  if (n & 128)
    core_.on_push_fate(who, tag, what, now_, out_);
  else
    core_.on_fate(who, tag, what, now_, out_);
}

// -- what peers say ---

chunk_view driver::frame(unsigned n, wire_reader& in) {
  if (n % 8 == 0) {
    const std::size_t length = byte(in);
    return chunk_view::copy(*in.bytes(std::min(in.remaining(), length)));
  }
  rpc_writer writer;
  byte_buffer messages;
  for (unsigned i = 0; i < n % 8; ++i) add_entry(writer, messages, in);
  byte_buffer whole = to_buffer(writer.take().bytes());
  append(whole, messages);
  return chunk_view::copy(whole);
}

/// A message made of one byte: its id, and with `message` the RPC that holds it.
message_id driver::id(unsigned n, byte_buffer* message) const {
  message_fields fields;
  const auto sequence = write_sequence(n / 8);
  const byte_buffer data(n % 5 == 0 ? 1100 : n, static_cast<std::uint8_t>(n));
  crypto::ed25519_signature signature{};
  signature[0] = n % 16 == 15;
  if (config_.signatures == signature_policy::strict_sign) {
    fields.author = peer(n % 8).bytes();
    fields.sequence = bytes_view(sequence);
    fields.signature = bytes_view(signature);
  }
  fields.data = data;
  fields.topic = as_bytes(topic_name_of(n % 3));
  if (message) append(*message, encode_publish(fields).bytes());
  return *identify(fields, config_);
}

void driver::add_entry(rpc_writer& to, byte_buffer& messages, wire_reader& in) {
  const unsigned what = byte(in);
  const unsigned n = byte(in);
  const std::string& topic = topic_name_of(what / 16);
  // Of a message of theirs, or of this node's.
  const message_id which = n == 255 && !awaited_.empty() ? awaited_.rbegin()->second : id(n);
  const message_id second = id(n / 2);
  const std::array<bytes_view, 2> both{which.bytes(), second.bytes()};
  switch (what % 16) {
    case 0:
      return to.subscribe(n % 4 != 0, topic);
    case 1:
      return to.graft(topic);
    case 2: {
      const byte_buffer record(3, static_cast<std::uint8_t>(n));
      const exchange_entry other{peer(n).bytes(), record};
      return to.prune(topic, n & 1 ? std::optional(std::uint64_t{n} << (n % 56)) : std::nullopt,
                      {&other, std::size_t{(n & 2) != 0}});
    }
    case 3:
      return to.ihave(topic, both);
    case 4:
      return to.iwant(both);
    case 5:
      return to.idontwant(both);
    case 6:
    case 7: {
      announcement_entry entry;
      entry.id = which.bytes();
      entry.length = (n & 1) ? n * 20 : 0;
      entry.tag = (n & 1) ? n / 2 : 0;
      entry.pushing = (n & 3) == 3;
      return to.announce(topic, {&entry, 1});
    }
    case 8:
      return to.pull({n & 15u, (n & 16 ? 0 : asked_bit) | n / 32});
    case 9:
      return to.choke(topic);
    case 10:
      return to.unchoke(topic);
    case 11:
      return to.beacon({as_bytes(topic), peer(n % 8).bytes(), n / 8});
    default:
      if (messages.size() < 3000) static_cast<void>(id(n, &messages));
  }
}

// -- what must hold ---

void driver::settle() {
  for (const send& each : out_.sends) check_send(each);
  for (const push& each : out_.pushes) check_push(each);
  for (const push_cancel& each : out_.cancels)
    WEFT_ASSERT(up_.contains(each.peer), "a push is called off at a peer that is there");
  for (const delivery& each : out_.deliveries) check_delivery(each);
  for (const validation& each : out_.validations) validations_.push_back(each.ticket);
  for (const published& each : out_.outcomes) {
    WEFT_ASSERT(each.ticket <= ticket_ && awaited_.erase(each.ticket) == 1,
                "a publication has one outcome");
    WEFT_ASSERT(each.sent + each.dropped <= each.queued, "fates are of copies");
  }
  for (const expulsion& each : out_.expulsions)
    WEFT_ASSERT(each.score < 1000 * config_.score.graylist_threshold, "a bad peer is expelled");
  out_.clear();
  check_tables();
  check_mesh();
}

void driver::check_send(const send& each) {
  WEFT_ASSERT(!each.body.empty() && each.body.size() <= config_.frame_bytes_max,
              "a frame is neither empty nor too long");
  rpc_view said;
  WEFT_ASSERT(decode_rpc(each.body, said).has_value(), "a frame can be read");
  WEFT_ASSERT(said.messages.size() <= 1, "a message goes alone");
  if (each.klass == send_class::control) {
    WEFT_ASSERT(said.messages.empty(), "control frames hold no messages");
    WEFT_ASSERT(each.body.size() <= config_.control_bytes_max, "and are split");
  }
  const auto there = up_.find(each.peer);
  WEFT_ASSERT(there != up_.end(), "a frame is for a peer that is there");
  if (!there->second || !config_.lazy.enabled)
    WEFT_ASSERT(said.announcements.empty() && said.pulls.empty() && said.chokes.empty()
                    && said.unchokes.empty() && said.beacons.empty(),
                "only Weft peers are told what only they understand");
  if (each.tag != 0) tagged_.emplace_back(each.peer, each.tag);
}

void driver::check_push(const push& each) {
  WEFT_ASSERT(up_.contains(each.peer) && config_.lazy.enabled, "a push is for a Weft peer");
  WEFT_ASSERT(each.body.size() >= config_.lazy.push_bytes_min
                  && each.body.size() <= config_.frame_bytes_max,
              "a push is a large message");
  WEFT_ASSERT(std::ranges::find(pushes_, std::pair(each.peer, each.tag)) == pushes_.end(),
              "tags of a peer's pushes differ");
  pushes_.emplace_back(each.peer, each.tag);
  WEFT_ASSERT(std::ranges::count(pushes_, each.peer, &std::pair<peer_id, std::uint64_t>::first)
                  <= static_cast<std::ptrdiff_t>(config_.lazy.pushes_per_peer_max),
              "pushes to a peer are bounded");
}

void driver::check_delivery(const delivery& each) {
  WEFT_ASSERT(each.author != peer(0), "a node is not shown what it said");
  const auto [before, first] = delivered_.emplace(each.id, now_);
  if (first) return;
  // Longer remembered than this, but from before its validation.
  const bool forgotten = now_ - before->second >= config_.seen_ttl - config_.validation_timeout
                         || counters_.seen_evictions.value() > 0;
  WEFT_ASSERT(forgotten, "a message is shown once");
  before->second = now_;
}

void driver::check_tables() {
  const table_sizes held = core_.sizes();
  WEFT_ASSERT(held.peers == up_.size() && held.peers <= config_.peers_max, "peers");
  WEFT_ASSERT(held.topics <= config_.topics_max, "topics");
  WEFT_ASSERT(held.subscriptions <= config_.subscriptions_max, "subscriptions");
  WEFT_ASSERT(held.seen_bytes <= config_.seen_bytes_max, "seen");
  WEFT_ASSERT(held.cached_bytes <= config_.cache_bytes_max, "cache");
  WEFT_ASSERT(held.wanted <= config_.wanted_max, "wanted");
  WEFT_ASSERT(held.promises <= config_.promises_max, "promises");
  WEFT_ASSERT(held.backoffs <= held.topics * config_.backoffs_per_topic_max, "back-offs");
  WEFT_ASSERT(held.unwanted <= held.peers * config_.unwanted_per_peer_max, "unwanted");
  WEFT_ASSERT(held.validations <= config_.validations_max, "validations");
  WEFT_ASSERT(held.publications <= config_.publications_max, "publications");
  WEFT_ASSERT(held.publications == awaited_.size(), "each awaited outcome will come");
  WEFT_ASSERT(held.retained <= config_.score.retained_max, "retained");
  WEFT_ASSERT(counters_.mesh.value() == static_cast<std::int64_t>(held.mesh), "the mesh's gauge");
}

void driver::check_mesh() {
  for (const topic_status& topic : core_.topics()) {
    WEFT_ASSERT(topic.subscribed || topic.mesh.empty(), "a mesh is of a topic that is followed");
    WEFT_ASSERT(topic.fanout.size() <= config_.degree, "the fan-out is bounded");
    for (const mesh_member& member : topic.mesh)
      WEFT_ASSERT(up_.contains(member.peer), "a mesh is of peers that are there");
    for (const peer_id& member : topic.fanout)
      WEFT_ASSERT(up_.contains(member), "a fan-out is of peers that are there");
  }
}

void driver::finish() {
  for (unsigned n = 0; n < 5; ++n) {
    static_cast<void>(core_.unsubscribe(topic_name_of(n), now_, out_));
    static_cast<void>(core_.set_validator(topic_name_of(n), {}));
    static_cast<void>(core_.set_validated_outside(topic_name_of(n), false));
  }
  settle();
  for (unsigned n = 0; n < cast_size; ++n) core_.on_peer_down(peer(n), now_, out_);
  up_.clear();
  settle();
  // Past the longest of all times; heartbeats by which the cache ages come after that.
  now_ += config_.backoff_max + config_.seen_ttl + config_.score.retention;
  for (std::uint32_t beat = 0; beat <= config_.history + 1; ++beat) {
    core_.on_deadline(now_, out_);
    now_ += config_.heartbeat;
  }
  settle();
  const table_sizes held = core_.sizes();
  WEFT_ASSERT(held.topics == 0 && held.subscriptions == 0 && held.mesh == 0 && held.backoffs == 0,
              "no topic is left");
  WEFT_ASSERT(held.seen == 0 && held.cached == 0 && held.cached_bytes == 0, "nor a message");
  WEFT_ASSERT(held.wanted == 0 && held.promises == 0 && held.unwanted == 0 && held.validations == 0
                  && held.publications == 0 && held.retained == 0,
              "nor anything that was to come");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wire_reader in({data, size});
  driver d(in.u8().value_or(0));
  for (std::size_t i = 0; i < steps_max && !in.at_end(); ++i) d.step(in);
  d.finish();
  return 0;
}
