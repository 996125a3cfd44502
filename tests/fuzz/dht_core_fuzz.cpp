// SPDX-License-Identifier: MIT
// Bytes as events: peers come and go, ask and answer anything, well-formed or not; the application
// starts and cancels operations; time passes. Queries must be such that a host can send them, each
// operation ends once, tables stay inside their limits, and a store that follows the effects holds
// what the core holds.
#include "base/assert.hpp"
#include "base/wire.hpp"
#include "dht/dht_core.hpp"
#include "dht/message.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace weft;
using namespace weft::dht;

constexpr std::size_t steps_max = 96;
constexpr std::size_t cast_size = 16;

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

/// Four to a group, loopback among them.
multiaddr address(unsigned n) {
  ip_endpoint e;
  const auto group = static_cast<std::uint8_t>(n / 4 % 8);
  e.address = {group == 7 ? std::uint8_t{127} : std::uint8_t{8}, group, 0,
               static_cast<std::uint8_t>(n % 4 + 1)};
  e.port = 4001;
  return multiaddr::quic_v1(e);
}

/// Keys of values, of provisions, of a peer; one without a validator, one too long, and none.
byte_buffer key_of(unsigned n) {
  static const std::array<std::string, 9> all{
      "/v/a", "/v/b", "/v/c", "/v/d", "c1", "c2", "/u/x", std::string(65, 'x'), ""};
  if (n % 10 == 9) return to_buffer(peer(n / 10).bytes());
  return to_buffer(as_bytes(all[n % 10]));
}

/// Rank, then the hours until it expires; odd ranks are not valid.
class ranked final : public validator {
 public:
  result<merit> validate(bytes_view, bytes_view value, wall_time wall) const override {
    if (value.size() < 2 || value[0] % 2 != 0) return fail(ec::bad_signature);
    const wall_time expires{std::chrono::hours(value[1] + 1)};
    if (expires <= wall) return fail(ec::stale);
    return merit{value[0], expires};
  }
};

byte_buffer value_of(unsigned n) {
  byte_buffer value{static_cast<std::uint8_t>(n / 8), static_cast<std::uint8_t>(n)};
  value.resize(n % 8 == 7 ? 2100 : 2 + n % 4 * 60);
  return value;
}

dht_config small(std::uint8_t how) {
  dht_config c;
  c.server = (how & 1) == 0;
  c.correct_reads = (how & 2) == 0;
  c.cache_on_path = (how & 4) != 0;
  c.limit_loopback = (how & 8) != 0;
  c.full_table_below = how & 16 ? 4 : 2048;
  c.k = 3;
  c.alpha = 2;
  c.alpha_holders = 1;
  c.beta = 2;
  c.paths_secure = 2;
  c.lookup_queries_max = 4;
  c.candidates_max = 9;
  c.trace_steps_max = 4;
  c.operations_max = 5;
  c.queries_max = 5;
  c.stores_in_flight = 2;
  c.stores_enough = 2;
  c.bucket_entries = 2;
  c.replacements = 2;
  c.group_entries_table = 2;
  c.group_entries_bucket = 1;
  c.checks_waiting_max = 4;
  c.checks_in_flight = 2;
  c.checks_burst = 3;
  c.peers_max = 1024;
  c.stored_peers_max = 3;
  c.record_bytes_max = 2048;
  c.records_max = 3;
  c.record_bytes_total_max = 2500;
  c.records_per_sender_max = 2;
  c.record_republish = std::chrono::minutes(10);
  c.own_records_max = 2;
  c.providers_max = 4;
  c.providers_per_key_max = 2;
  c.providers_per_sender_max = 2;
  c.provider_republish = std::chrono::minutes(10);
  c.provided_max = 2;
  c.message_bytes_max = 4096;
  c.key_bytes_max = 64;
  c.providers_per_message_max = 3;
  c.addresses_per_peer_max = 3;
  c.addresses_kept_max = 2;
  c.requests_per_second = 2;
  c.request_burst = 8;
  return c;
}

std::shared_ptr<const validator_set> validators() {
  static const auto set = [] {
    auto made = std::make_shared<validator_set>();
    made->add("v", std::make_unique<ranked>());
    return std::shared_ptr<const validator_set>(std::move(made));
  }();
  return set;
}

/// What the effects leave on a disk.
struct disk {
  std::map<std::string, stored_record> records;
  std::map<std::pair<std::string, peer_id>, stored_provider> providers;
  std::vector<stored_peer> peers;

  void apply(const store_operation& op);
  stored_state content() const;
};

std::string text_of(const byte_buffer& key) { return std::string(as_text(key)); }

void disk::apply(const store_operation& op) {
  if (const auto* put = std::get_if<put_record>(&op)) {
    records.insert_or_assign(text_of(put->record.key), put->record);
  } else if (const auto* gone = std::get_if<remove_record>(&op)) {
    records.erase(text_of(gone->key));
  } else if (const auto* told = std::get_if<put_provider>(&op)) {
    providers.insert_or_assign({text_of(told->entry.key), told->entry.provider}, told->entry);
  } else if (const auto* left = std::get_if<remove_provider>(&op)) {
    providers.erase({text_of(left->key), left->provider});
  } else {
    peers = std::get<replace_peers>(op).peers;
  }
}

stored_state disk::content() const {
  stored_state all;
  for (const auto& [key, record] : records) all.records.push_back(record);
  for (const auto& [key, entry] : providers) all.providers.push_back(entry);
  all.peers = peers;
  return all;
}

class driver {
 public:
  explicit driver(std::uint8_t how) : config_(small(how)) { begin(); }
  void step(wire_reader& in);
  void finish();

 private:
  void begin();
  void deadline();
  void peers(unsigned what, unsigned n);
  void request(unsigned what, unsigned n, wire_reader& in);
  void response(unsigned what, unsigned n, wire_reader& in);
  void operate(unsigned what, unsigned n);
  chunk_view message_of(message_type type, wire_reader& in);
  void pass(duration time);
  void settle();
  void check_query(const query& each);
  void check_answer(const answer& each);
  void check_outcome(const outcome& got);
  void check_tables();

  static std::uint8_t byte(wire_reader& in) { return in.u8().value_or(0); }

  const dht_config config_;
  dht_metrics counters_;
  std::optional<dht_core> core_;
  outbox out_;
  disk disk_;
  instant now_{std::chrono::seconds(10)};
  wall_time wall_{std::chrono::hours(1)};
  std::set<peer_id> up_;
  std::set<peer_id> met_;
  std::map<query_id, query> open_;
  std::set<ticket> asked_;
  ticket ticket_ = 0;
  std::uint64_t token_ = 0;
  std::size_t unanswered_ = 0;
};

// -- events ---

/// Also after a restart: the store is what is left.
void driver::begin() {
  up_.clear();
  met_.clear();
  open_.clear();
  asked_.clear();
  core_.emplace(peer(0), config_, validators(), rng(1), counters_);
  core_->set_addresses({address(0)});
  core_->start(disk_.content(), wall_, now_, out_);
  settle();
}

void driver::pass(duration time) {
  now_ += time;
  wall_ += time;
}

void driver::step(wire_reader& in) {
  const unsigned what = byte(in);
  const unsigned n = byte(in);
  // Mostly quick, sometimes long enough for upkeep, rarely for expiry.
  pass(what < 176   ? std::chrono::milliseconds(n)
       : what < 248 ? duration(std::chrono::seconds(n))
                    : duration(std::chrono::minutes(n * 8)));
  switch (what % 16) {
    case 0:
    case 1:
    case 2:
      peers(what / 16, n);
      break;
    case 3:
    case 4:
    case 5:
      request(what / 16, n, in);
      break;
    case 6:
    case 7:
    case 8:
    case 9:
      response(what / 16, n, in);
      break;
    case 10:
    case 11:
    case 12:
      operate(what / 16, n);
      break;
    case 13:
      if (what / 16 % 8 == 7) return begin();
      if (!open_.empty()) core_->on_query_sent(open_.begin()->first, now_);
      break;
    default:
      deadline();
  }
  settle();
}

/// Publishing again goes in steps; all of them together are few.
void driver::deadline() {
  for (int left = 8;; --left) {
    WEFT_ASSERT(left > 0, "what is due gets done");
    core_->on_deadline(wall_, now_, out_);
    settle();
    WEFT_ASSERT(core_->next_deadline(), "there is always a next time");
    if (*core_->next_deadline() > now_) return;
  }
}

void driver::peers(unsigned what, unsigned n) {
  const peer_id& who = peer(n % cast_size);
  switch (what % 4) {
    case 0:
      if (who == peer(0)) break;
      core_->on_peer_up(who, address(n / 8), std::chrono::milliseconds(n / 16), now_, out_);
      up_.insert(who);
      met_.insert(who);
      break;
    case 1:
    case 2: {
      if (!up_.contains(who)) break;
      peer_info known{who, {}};
      for (unsigned i = 0; i < n / 64; ++i) known.addresses.push_back(address(n + i));
      core_->on_peer_seen(known, n % 5 != 0, now_, out_);
      break;
    }
    default:
      up_.erase(who);
      core_->on_peer_gone(who, now_, out_);
  }
}

void driver::request(unsigned what, unsigned n, wire_reader& in) {
  const peer_id& from = peer(what);
  if (!up_.contains(from)) return;
  const chunk_view body = message_of(static_cast<message_type>(n % 6), in);
  unanswered_ = 1;
  core_->on_request(++token_, from, body, wall_, now_, out_);
}

void driver::response(unsigned what, unsigned n, wire_reader& in) {
  if (open_.empty()) return;
  const auto at = std::next(open_.begin(), static_cast<std::ptrdiff_t>(n % open_.size()));
  const query asked = at->second;
  open_.erase(at);
  message read;
  WEFT_ASSERT(decode(asked.body, config_, read).has_value(), "a query can be read");
  result<chunk_view> body = chunk_view();
  switch (what % 8) {
    case 0:
      body = fail(ec::timeout);
      break;
    case 1:
      body = fail(n & 128 ? ec::unreachable : ec::cancelled);
      break;
    default:
      if (asked.answered) body = message_of(read.type, in);
  }
  core_->on_response(asked.id, std::move(body), wall_, now_, out_);
}

void driver::operate(unsigned what, unsigned n) {
  const byte_buffer key = key_of(n);
  const bool secure = (n & 128) != 0;
  const duration timeout = n & 64 ? std::chrono::seconds(1) : std::chrono::seconds(0);
  const ticket id = ++ticket_;
  if (what % 8 < 6) asked_.insert(id);
  switch (what % 8) {
    case 0:
      return core_->find_peer(id, peer(n), {n / 16 % 3, (n & 32) != 0, timeout}, wall_, now_, out_);
    case 1:
      return core_->closest_peers(id, key, {secure, timeout}, wall_, now_, out_);
    case 2:
      return core_->put_value(id, key, chunk_view::copy(value_of(n ^ what)),
                              {n / 16 % 4, secure, timeout}, wall_, now_, out_);
    case 3:
      return core_->get_value(id, key, {n / 16 % 4, secure, timeout}, wall_, now_, out_);
    case 4:
      return core_->provide(id, key, {n / 16 % 4, secure, timeout}, wall_, now_, out_);
    case 5:
      return core_->find_providers(id, key, {n / 16 % 4, secure, timeout}, wall_, now_, out_);
    case 6:
      if (n & 1) return static_cast<void>(core_->withdraw_value(key, out_));
      return static_cast<void>(core_->withdraw_provision(key, out_));
    default:
      if (n == 255) return core_->set_server(false);
      if (!asked_.empty())
        core_->cancel(*std::next(asked_.begin(), static_cast<std::ptrdiff_t>(n % asked_.size())),
                      wall_, now_, out_);
  }
}

// -- what peers say ---

chunk_view driver::message_of(message_type type, wire_reader& in) {
  const unsigned n = byte(in);
  if (n % 8 == 0) return chunk_view::copy(*in.bytes(std::min(in.remaining(), std::size_t{n})));
  if (n == 255) type = static_cast<message_type>(byte(in) % 6);
  const byte_buffer key = key_of(byte(in));
  message_writer out(type, key);
  if (n & 1) out.record(n & 128 ? key_of(n) : key, value_of(byte(in)), wall_);
  const auto add = [&](bool provider) {
    const unsigned who = byte(in);
    std::vector<multiaddr> addresses;
    for (unsigned i = 0; i < who / 64; ++i) addresses.push_back(address(who + i));
    const auto how = static_cast<connection_kind>(who % 4);
    if (provider)
      out.provider(peer(who), addresses, how, config_.message_bytes_max);
    else
      out.closer(peer(who), addresses, how, config_.message_bytes_max);
  };
  for (unsigned i = 0; i < n / 2 % 4; ++i) add(false);
  for (unsigned i = 0; i < n / 8 % 4; ++i) add(true);
  return out.finish();
}

// -- what must hold ---

void driver::settle() {
  for (const query& each : out_.queries) check_query(each);
  for (const query_id each : out_.cancels)
    WEFT_ASSERT(open_.contains(each), "a query is called off while it is open");
  WEFT_ASSERT(out_.answers.size() == unanswered_, "a request is answered at once");
  for (const answer& each : out_.answers) check_answer(each);
  unanswered_ = 0;
  for (const ended_operation& each : out_.finished) {
    WEFT_ASSERT(asked_.erase(each.id) == 1, "an operation ends once");
    check_outcome(each.result);
  }
  for (const store_operation& each : out_.store) disk_.apply(each);
  out_.clear();
  check_tables();
}

void driver::check_query(const query& each) {
  WEFT_ASSERT(open_.emplace(each.id, each).second, "numbers of queries differ");
  WEFT_ASSERT(!each.to.peer.empty() && each.to.peer != peer(0), "a query is for somebody else");
  WEFT_ASSERT(met_.contains(each.to.peer) || !each.to.addresses.empty(),
              "who is asked can, or could, be reached");
  WEFT_ASSERT(each.to.addresses.size() <= config_.addresses_kept_max, "addresses are few");
  WEFT_ASSERT(each.body.size() <= config_.message_bytes_max, "a query is not too long");
  WEFT_ASSERT(each.timeout > duration::zero(), "a query may take some time");
}

void driver::check_answer(const answer& each) {
  WEFT_ASSERT(each.token == token_, "an answer is to what was asked");
  if (!each.body) return;
  message read;
  WEFT_ASSERT(decode(*each.body, config_, read).has_value(), "an answer can be read");
  WEFT_ASSERT(read.surplus_peers + read.surplus_providers + read.surplus_addresses == 0,
              "and says no more than may be said");
}

void driver::check_outcome(const outcome& got) {
  WEFT_ASSERT(got.trace.size() <= config_.trace_steps_max, "a trace is bounded");
  WEFT_ASSERT(got.elapsed >= duration::zero(), "time passes");
  if (!got.ok()) return;
  switch (got.what) {
    case operation::get_value:
      WEFT_ASSERT(got.value.size() >= 2 && got.value.bytes()[0] % 2 == 0, "a value is valid");
      break;
    case operation::find_peer:
      WEFT_ASSERT(got.peers.size() == 1, "a peer is found");
      break;
    case operation::closest_peers:
      WEFT_ASSERT(!got.peers.empty() && got.peers.size() <= config_.k, "at most k are closest");
      break;
    default:
      WEFT_ASSERT(!got.peers.empty(), "somebody provides, or holds it");
  }
}

void driver::check_tables() {
  const dht_status held = core_->status();
  WEFT_ASSERT(held.known_peers <= config_.peers_max, "peers");
  WEFT_ASSERT(held.entries == core_->table_size() && held.entries < cast_size, "entries");
  WEFT_ASSERT(held.records - held.own_records <= config_.records_max, "records");
  WEFT_ASSERT(held.own_records <= config_.own_records_max, "own records");
  WEFT_ASSERT(held.providers <= config_.providers_max, "providers");
  WEFT_ASSERT(held.provided <= config_.provided_max, "provided");
  WEFT_ASSERT(held.operations <= config_.operations_max, "operations");
  WEFT_ASSERT(held.queries <= config_.queries_max + config_.checks_in_flight, "queries");
  WEFT_ASSERT(disk_.records.size() == held.records, "the store holds the records");
  WEFT_ASSERT(disk_.providers.size() == held.providers + held.provided, "and the providers");
  WEFT_ASSERT(disk_.peers.size() <= config_.stored_peers_max, "and some peers");
  std::size_t entries = 0;
  for (const bucket_view& bucket : held.buckets) {
    entries += bucket.entries;
    WEFT_ASSERT(bucket.replacements <= config_.replacements, "replacements");
  }
  WEFT_ASSERT(entries == held.entries, "buckets make up the table");
}

/// Nobody answers any more: all that was asked ends.
void driver::finish() {
  const instant last = now_ + 2 * config_.operation_timeout + 2 * config_.query_timeout;
  while (!up_.empty()) {
    const peer_id who = *up_.begin();
    up_.erase(who);
    core_->on_peer_gone(who, now_, out_);
    settle();
  }
  while (now_ < last) {
    while (!open_.empty()) {
      const query_id id = open_.begin()->first;
      open_.erase(open_.begin());
      core_->on_response(id, fail(ec::unreachable), wall_, now_, out_);
      settle();
    }
    const instant next = *core_->next_deadline();
    pass(std::max(next - now_, duration(1)));
    deadline();
  }
  WEFT_ASSERT(asked_.empty(), "every operation ends");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wire_reader in({data, size});
  driver d(in.u8().value_or(0));
  for (std::size_t i = 0; i < steps_max && !in.at_end(); ++i) d.step(in);
  d.finish();
  return 0;
}
