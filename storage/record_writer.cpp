// SPDX-License-Identifier: MIT
#include "storage/record_writer.hpp"

#include "base/wire.hpp"

#include <array>
#include <optional>
#include <utility>

namespace weft::storage {

namespace {

/// A published step never changes.
constexpr std::array<const char*, 1> steps{R"sql(
CREATE TABLE records (
  key BLOB PRIMARY KEY, value BLOB NOT NULL, sender BLOB NOT NULL, received INTEGER NOT NULL,
  expires INTEGER NOT NULL, own INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE providers (
  key BLOB NOT NULL, provider BLOB NOT NULL, addresses BLOB NOT NULL, received INTEGER NOT NULL,
  PRIMARY KEY (key, provider)
) WITHOUT ROWID;
CREATE TABLE peers (
  peer BLOB PRIMARY KEY, addresses BLOB NOT NULL, last_answer INTEGER NOT NULL
) WITHOUT ROWID;
)sql"};

std::int64_t number(wall_time t) noexcept { return t.time_since_epoch().count(); }
wall_time time_of(std::int64_t nanoseconds) noexcept { return wall_time{duration{nanoseconds}}; }

byte_buffer packed(const std::vector<multiaddr>& addresses) {
  byte_buffer out;
  wire_writer w(out);
  for (const auto& a : addresses) w.length_prefixed(a.bytes());
  return out;
}

/// What does not parse is left out: a later version may have known more protocols.
std::vector<multiaddr> unpacked(bytes_view bytes) {
  std::vector<multiaddr> out;
  wire_reader r(bytes);
  while (!r.at_end()) {
    const auto each = r.length_prefixed(multiaddr::bytes_max);
    if (!each) break;
    if (auto address = multiaddr::from_bytes(*each)) out.push_back(std::move(*address));
  }
  return out;
}

std::optional<peer_id> peer_of(bytes_view bytes) {
  const auto id = peer_id::from_bytes(bytes);
  return id ? std::optional(*id) : std::nullopt;
}

}  // namespace

result<void> record_writer::open(const std::filesystem::path& file) {
  WEFT_TRY(db_, database::open(file, database::mode::read_write, false));
  {
    WEFT_TRY(statement check, db_.prepare("PRAGMA quick_check(1)"));
    WEFT_TRY(const bool row, check.step());
    if (!row || check.text(0) != "ok") return fail(ec::corrupt, file.string() + " is damaged");
  }
  WEFT_TRY_VOID(migrate(db_, steps));
  return prepare();
}

result<void> record_writer::prepare() {
  WEFT_TRY(begin_, db_.prepare("BEGIN IMMEDIATE"));
  WEFT_TRY(commit_, db_.prepare("COMMIT"));
  WEFT_TRY(put_record_, db_.prepare("INSERT OR REPLACE INTO records VALUES (?,?,?,?,?,?)"));
  WEFT_TRY(remove_record_, db_.prepare("DELETE FROM records WHERE key=?"));
  WEFT_TRY(put_provider_, db_.prepare("INSERT OR REPLACE INTO providers VALUES (?,?,?,?)"));
  WEFT_TRY(remove_provider_, db_.prepare("DELETE FROM providers WHERE key=? AND provider=?"));
  WEFT_TRY(clear_peers_, db_.prepare("DELETE FROM peers"));
  WEFT_TRY(put_peer_, db_.prepare("INSERT OR REPLACE INTO peers VALUES (?,?,?)"));
  return {};
}

// -- operations ---

result<void> record_writer::execute(const dht::put_record& a) {
  const auto& r = a.record;
  return put_record_.bind(1, bytes_view{r.key})
      .bind(2, r.value.bytes())
      .bind(3, r.sender.bytes())
      .bind(4, number(r.received))
      .bind(5, number(r.expires))
      .bind(6, std::int64_t{r.own})
      .run();
}

result<void> record_writer::execute(const dht::remove_record& a) {
  return remove_record_.bind(1, bytes_view{a.key}).run();
}

result<void> record_writer::execute(const dht::put_provider& a) {
  const auto addresses = packed(a.entry.addresses);
  return put_provider_.bind(1, bytes_view{a.entry.key})
      .bind(2, a.entry.provider.bytes())
      .bind(3, bytes_view{addresses})
      .bind(4, number(a.entry.received))
      .run();
}

result<void> record_writer::execute(const dht::remove_provider& a) {
  return remove_provider_.bind(1, bytes_view{a.key}).bind(2, a.provider.bytes()).run();
}

result<void> record_writer::execute(const dht::replace_peers& a) {
  WEFT_TRY_VOID(clear_peers_.run());
  for (const auto& p : a.peers) {
    const auto addresses = packed(p.addresses);
    WEFT_TRY_VOID(put_peer_.bind(1, p.peer.bytes())
                      .bind(2, bytes_view{addresses})
                      .bind(3, number(p.last_answer))
                      .run());
  }
  return {};
}

result<void> record_writer::run_all(std::span<const dht::store_operation> operations) {
  WEFT_TRY_VOID(begin_.run());
  for (const auto& op : operations)
    WEFT_TRY_VOID(std::visit([&](const auto& action) { return execute(action); }, op));
  return commit_.run();
}

result<void> record_writer::commit(std::span<const dht::store_operation> operations) {
  auto done = run_all(operations);
  if (!done) static_cast<void>(db_.execute("ROLLBACK"));
  return done;
}

// -- reading back ---

result<void> record_writer::load_records(dht::stored_state& into) {
  WEFT_TRY(statement s, db_.prepare("SELECT key, value, sender, received, expires, own"
                                    " FROM records ORDER BY key"));
  for (;;) {
    WEFT_TRY(const bool row, s.step());
    if (!row) return {};
    const auto sender = peer_of(s.bytes(2));
    if (!sender) continue;
    into.records.push_back({.key = to_buffer(s.bytes(0)),
                            .value = chunk_view::copy(s.bytes(1)),
                            .sender = *sender,
                            .received = time_of(s.number(3)),
                            .expires = time_of(s.number(4)),
                            .own = s.number(5) != 0});
  }
}

result<void> record_writer::load_providers(dht::stored_state& into) {
  WEFT_TRY(statement s, db_.prepare("SELECT key, provider, addresses, received FROM providers"
                                    " ORDER BY key, provider"));
  for (;;) {
    WEFT_TRY(const bool row, s.step());
    if (!row) return {};
    const auto provider = peer_of(s.bytes(1));
    if (!provider) continue;
    into.providers.push_back({.key = to_buffer(s.bytes(0)),
                              .provider = *provider,
                              .addresses = unpacked(s.bytes(2)),
                              .received = time_of(s.number(3))});
  }
}

result<void> record_writer::load_peers(dht::stored_state& into) {
  WEFT_TRY(statement s, db_.prepare("SELECT peer, addresses, last_answer FROM peers"
                                    " ORDER BY last_answer DESC, peer"));
  for (;;) {
    WEFT_TRY(const bool row, s.step());
    if (!row) return {};
    const auto peer = peer_of(s.bytes(0));
    if (!peer) continue;
    into.peers.push_back(
        {.peer = *peer, .addresses = unpacked(s.bytes(1)), .last_answer = time_of(s.number(2))});
  }
}

result<dht::stored_state> record_writer::load() {
  dht::stored_state out;
  WEFT_TRY_VOID(load_records(out));
  WEFT_TRY_VOID(load_providers(out));
  WEFT_TRY_VOID(load_peers(out));
  return out;
}

}  // namespace weft::storage
