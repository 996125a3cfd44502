// SPDX-License-Identifier: MIT
#include "storage/store_writer.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <limits>
#include <set>
#include <string>

namespace weft::storage {

using namespace messaging;

namespace {

/// A published step never changes.
constexpr std::array<const char*, 1> steps{R"sql(
CREATE TABLE outbox (
  id BLOB PRIMARY KEY, recipient BLOB NOT NULL, hop_limit INTEGER NOT NULL,
  created INTEGER NOT NULL,
  body BLOB NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE inbox (
  row INTEGER PRIMARY KEY AUTOINCREMENT, sender BLOB NOT NULL, id BLOB NOT NULL,
  created INTEGER NOT NULL, received INTEGER NOT NULL, hops INTEGER NOT NULL,
  body BLOB NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL
);
CREATE TABLE seen (
  number INTEGER PRIMARY KEY, sender BLOB NOT NULL, id BLOB NOT NULL, received INTEGER NOT NULL,
  UNIQUE (sender, id)
);
CREATE TABLE pieces (
  sender BLOB NOT NULL, id BLOB NOT NULL, size INTEGER NOT NULL, fragment_bytes INTEGER NOT NULL,
  digest BLOB NOT NULL, received BLOB NOT NULL, PRIMARY KEY (sender, id)
) WITHOUT ROWID;
CREATE TABLE channels (id BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
)sql"};

wall_time time_of(std::int64_t nanoseconds) noexcept { return wall_time{duration{nanoseconds}}; }

result<message_id> id_of(bytes_view bytes) {
  message_id id;
  if (bytes.size() != id.bytes.size()) return fail(ec::corrupt, "a stored message id is damaged");
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

result<peer_id> peer_of(bytes_view bytes) {
  auto id = peer_id::from_bytes(bytes);
  if (!id) return fail(ec::corrupt, "a stored peer id is damaged");
  return id;
}

void copy_digest(crypto::sha256_digest& out, bytes_view bytes) {
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
}

}  // namespace

store_writer::store_writer(const store_config& config, store_paths paths, store_metrics& metrics)
    : config_(config), paths_(std::move(paths)), metrics_(metrics) {}

result<void> store_writer::open() {
  for (const auto& folder : {paths_.outgoing, paths_.incoming, paths_.received})
    WEFT_TRY_VOID(make_private_folder(folder));
  // SQLite would create it readable for others.
  WEFT_TRY_VOID(open_file(paths_.database, O_RDWR | O_CREAT).map([](const file_handle&) {}));
  WEFT_TRY(db_, database::open(paths_.database, database::mode::read_write, config_.sync));
  {
    WEFT_TRY(statement check, db_.prepare("PRAGMA quick_check(1)"));
    WEFT_TRY(const bool row, check.step());
    if (!row || check.text(0) != "ok")
      return fail(ec::corrupt, paths_.database.string() + " is damaged: "
                                   + std::string{row ? check.text(0) : "no answer"});
  }
  WEFT_TRY_VOID(migrate(db_, steps));
  if (config_.database_bytes_max > 0) {
    WEFT_TRY(const std::int64_t page, db_.query_number("PRAGMA page_size"));
    const std::uint64_t pages = config_.database_bytes_max / static_cast<std::uint64_t>(page);
    WEFT_TRY_VOID(db_.execute(("PRAGMA max_page_count=" + std::to_string(pages)).c_str()));
  }
  db_.reserve_log(config_.log_bytes);
  WEFT_TRY_VOID(prepare());
  WEFT_TRY_VOID(remove_orphans());
  return count();
}

result<void> store_writer::prepare() {
  WEFT_TRY(begin_, db_.prepare("BEGIN IMMEDIATE"));
  WEFT_TRY(commit_, db_.prepare("COMMIT"));
  WEFT_TRY(insert_outbox_, db_.prepare("INSERT OR IGNORE INTO outbox VALUES (?,?,?,?,?,?,?,?)"));
  WEFT_TRY(delete_outbox_, db_.prepare("DELETE FROM outbox WHERE id=? RETURNING size, file"));
  WEFT_TRY(insert_seen_,
           db_.prepare("INSERT OR IGNORE INTO seen (sender, id, received) VALUES (?,?,?)"));
  WEFT_TRY(find_seen_, db_.prepare("SELECT 1 FROM seen WHERE sender=? AND id=?"));
  WEFT_TRY(insert_inbox_,
           db_.prepare("INSERT INTO inbox (sender, id, created, received, hops, body, file, size)"
                       " VALUES (?,?,?,?,?,?,?,?)"));
  WEFT_TRY(delete_inbox_, db_.prepare("DELETE FROM inbox WHERE row=? RETURNING size, file"));
  WEFT_TRY(insert_piece_, db_.prepare("INSERT INTO pieces VALUES (?,?,?,?,?,?)"));
  WEFT_TRY(find_piece_, db_.prepare("SELECT size, fragment_bytes, digest, received FROM pieces"
                                    " WHERE sender=? AND id=?"));
  WEFT_TRY(update_piece_, db_.prepare("UPDATE pieces SET received=? WHERE sender=? AND id=?"));
  WEFT_TRY(delete_piece_, db_.prepare("DELETE FROM pieces WHERE sender=? AND id=?"));
  WEFT_TRY(insert_channel_, db_.prepare("INSERT OR IGNORE INTO channels VALUES (?,?)"));
  return {};
}

result<void> store_writer::count() {
  const auto read = [&](const char* sql, std::uint64_t& out) -> result<void> {
    WEFT_TRY(const std::int64_t value, db_.query_number(sql));
    out = static_cast<std::uint64_t>(value);
    return {};
  };
  WEFT_TRY_VOID(read("SELECT count(*) FROM outbox", totals_.outbox_rows));
  WEFT_TRY_VOID(read("SELECT coalesce(sum(size), 0) FROM outbox", totals_.outbox_bytes));
  WEFT_TRY_VOID(read("SELECT count(*) FROM inbox", totals_.inbox_rows));
  WEFT_TRY_VOID(read("SELECT coalesce(sum(size), 0) FROM inbox", totals_.inbox_bytes));
  publish();
  return {};
}

result<void> store_writer::remove_orphans() {
  const auto clean = [](const std::filesystem::path& folder, const std::set<std::string>& keep) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
      if (!keep.contains(entry.path().filename().string()))
        std::filesystem::remove(entry.path(), ignored);
  };
  std::set<std::string> outgoing;
  WEFT_TRY(statement files, db_.prepare("SELECT file FROM outbox WHERE file <> ''"));
  for (;;) {
    WEFT_TRY(const bool row, files.step());
    if (!row) break;
    outgoing.emplace(files.text(0));
  }
  clean(paths_.outgoing, outgoing);
  std::set<std::string> incoming;
  WEFT_TRY(statement pieces, db_.prepare("SELECT sender, id FROM pieces"));
  for (;;) {
    WEFT_TRY(const bool row, pieces.step());
    if (!row) break;
    WEFT_TRY(const peer_id sender, peer_of(pieces.bytes(0)));
    WEFT_TRY(const message_id id, id_of(pieces.bytes(1)));
    incoming.insert(piece_name(sender, id));
  }
  clean(paths_.incoming, incoming);
  return {};
}

result<std::vector<stored_inbound>> read_inbox(database& db, const store_paths& paths,
                                               std::uint64_t after, std::size_t limit) {
  WEFT_TRY(statement s, db.prepare("SELECT row, sender, id, created, received, hops, body, file,"
                                   " size FROM inbox WHERE row>? ORDER BY row LIMIT ?"));
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  s.bind(1, static_cast<std::int64_t>(after))
      .bind(2, static_cast<std::int64_t>(std::min(limit, most)));
  std::vector<stored_inbound> rows;
  for (;;) {
    WEFT_TRY(const bool more, s.step());
    if (!more) break;
    stored_inbound row;
    row.row = static_cast<std::uint64_t>(s.number(0));
    WEFT_TRY(row.sender, peer_of(s.bytes(1)));
    WEFT_TRY(row.id, id_of(s.bytes(2)));
    row.created = time_of(s.number(3));
    row.received = time_of(s.number(4));
    row.hops = static_cast<std::uint8_t>(s.number(5));
    row.body = chunk_view::copy(s.bytes(6));
    if (const auto name = s.text(7); !name.empty())
      row.file_path = std::filesystem::absolute(paths.received / name).string();
    row.size = static_cast<std::uint64_t>(s.number(8));
    rows.push_back(std::move(row));
  }
  return rows;
}

result<stored_state> store_writer::load() {
  stored_state state;
  WEFT_TRY(statement out, db_.prepare("SELECT id, recipient, hop_limit, created, body, file, size,"
                                      " digest FROM outbox ORDER BY created"));
  for (;;) {
    WEFT_TRY(const bool more, out.step());
    if (!more) break;
    stored_outbound row;
    WEFT_TRY(row.id, id_of(out.bytes(0)));
    WEFT_TRY(row.to, peer_of(out.bytes(1)));
    row.hop_limit = static_cast<std::uint8_t>(out.number(2));
    row.created = time_of(out.number(3));
    row.body = chunk_view::copy(out.bytes(4));
    row.file.name = std::string{out.text(5)};
    if (!row.file.name.empty()) row.file.size = static_cast<std::uint64_t>(out.number(6));
    copy_digest(row.file.digest, out.bytes(7));
    state.outbound.push_back(std::move(row));
  }
  WEFT_TRY(state.inbound, read_inbox(db_, paths_, 0, std::numeric_limits<std::size_t>::max()));
  WEFT_TRY(statement pieces, db_.prepare("SELECT sender, id, size, fragment_bytes, digest, received"
                                         " FROM pieces ORDER BY sender, id"));
  for (;;) {
    WEFT_TRY(const bool more, pieces.step());
    if (!more) break;
    stored_reassembly row;
    WEFT_TRY(row.sender, peer_of(pieces.bytes(0)));
    WEFT_TRY(row.id, id_of(pieces.bytes(1)));
    row.shape.size = static_cast<std::uint64_t>(pieces.number(2));
    row.shape.fragment_bytes = static_cast<std::uint32_t>(pieces.number(3));
    copy_digest(row.shape.digest, pieces.bytes(4));
    row.received = to_buffer(pieces.bytes(5));
    state.reassemblies.push_back(std::move(row));
  }
  WEFT_TRY(statement channels, db_.prepare("SELECT id, expires FROM channels ORDER BY expires"));
  for (;;) {
    WEFT_TRY(const bool more, channels.step());
    if (!more) break;
    remember_channel row;
    const auto id = channels.bytes(0);
    std::copy_n(id.begin(), std::min(id.size(), row.channel.size()), row.channel.begin());
    row.expires = time_of(channels.number(1));
    state.channels.push_back(row);
  }
  return state;
}

}  // namespace weft::storage
