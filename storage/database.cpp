// SPDX-License-Identifier: MIT
#include "storage/database.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace weft::storage {

namespace {

/// The last errno SQLite kept for the log or the database file; 0 when it has none. Its own
/// `sqlite3_system_errno` is overwritten by the rollback that follows a failed commit.
int file_errno(sqlite3* handle) noexcept {
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(handle, "main", which, &file) != SQLITE_OK) continue;
    int number = 0;
    if (file && file->pMethods
        && file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) == SQLITE_OK
        && number != 0)
      return number;
  }
  return 0;
}

/// Counting memory costs SQLite a mutex per allocation.
void configure_sqlite() {
  static const int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)code;  // refused when something else uses SQLite already: only slower
}

}  // namespace

error database_error(sqlite3* handle, int code, std::string_view what) {
  std::string text{what};
  text += ": ";
  text += handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  int system = handle ? sqlite3_system_errno(handle) : 0;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ec::disk_full, std::move(text)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ec::corrupt, std::move(text)};
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return {ec::denied, std::move(text)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ec::in_use, std::move(text)};
    default:
      break;
  }
  if (handle && code == SQLITE_IOERR_WRITE)
    if (const int number = file_errno(handle); number != 0) system = number;
  if (system == ENOSPC || system == EDQUOT || system == EFBIG)
    return {ec::disk_full, std::move(text)};
  if (system == EACCES || system == EPERM || system == EROFS) return {ec::denied, std::move(text)};
  return {ec::io, std::move(text)};
}

statement& statement::bind(int index, std::int64_t value) noexcept {
  sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}

statement& statement::bind(int index, bytes_view bytes) noexcept {
  // A null pointer would bind NULL; an empty blob is meant.
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  sqlite3_bind_blob64(handle_.get(), index, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

statement& statement::bind(int index, std::string_view text) noexcept {
  const char* data = text.empty() ? "" : text.data();
  sqlite3_bind_text64(handle_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

result<bool> statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  error e = database_error(sqlite3_db_handle(handle_.get()), code, sqlite3_sql(handle_.get()));
  reset();
  return fail(std::move(e));
}

result<void> statement::run() {
  for (;;) {
    WEFT_TRY(const bool row, step());
    if (row) continue;
    reset();
    return {};
  }
}

void statement::reset() noexcept {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
}

std::int64_t statement::number(int column) const noexcept {
  return sqlite3_column_int64(handle_.get(), column);
}

bytes_view statement::bytes(int column) const noexcept {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::string_view statement::text(int column) const noexcept { return as_text(bytes(column)); }

void database::closer::operator()(sqlite3* d) const noexcept {
  // With a limit SQLite would cut the log to nothing here, and it would have to grow again.
  sqlite3_exec(d, "PRAGMA journal_size_limit=-1", nullptr, nullptr, nullptr);
  sqlite3_close_v2(d);
}

result<database> database::open(const std::filesystem::path& file, mode m, bool sync) {
  configure_sqlite();
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_NOMUTEX
                    | (m == mode::read_only ? SQLITE_OPEN_READONLY
                                            : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  database db;
  db.handle_.reset(raw);
  if (code != SQLITE_OK) return fail(database_error(raw, code, file.string()));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, 2000);
  if (m == mode::read_write) {
    WEFT_TRY_VOID(db.execute("PRAGMA journal_mode=WAL"));
    WEFT_TRY_VOID(db.wait_for_disk(sync));
    WEFT_TRY_VOID(db.execute("PRAGMA journal_size_limit=67108864"));
    int keep = 1;
    sqlite3_file_control(raw, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    db.log_frames_ = std::make_unique<std::uint64_t>(0);
    // Replaces SQLite's own hook, which would checkpoint within a commit.
    const auto count = [](void* frames, sqlite3*, const char*, int pages) {
      *static_cast<std::uint64_t*>(frames) = static_cast<std::uint64_t>(pages);
      return SQLITE_OK;
    };
    sqlite3_wal_hook(raw, count, db.log_frames_.get());
  }
  WEFT_TRY_VOID(db.execute("PRAGMA cache_size=-4096"));
  return db;
}

result<void> database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(database_error(handle_.get(), code, sql));
  return {};
}

result<void> database::wait_for_disk(bool wait) {
  return execute(wait ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

void database::reserve_log(std::uint64_t bytes) noexcept {
  sqlite3_file* log = nullptr;
  if (sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK
      || !log || !log->pMethods)
    return;
  sqlite3_int64 size = 0;
  if (log->pMethods->xFileSize(log, &size) != SQLITE_OK) return;
  // Written rather than allocated: the first write to an allocated block is journalled too. What
  // follows the last valid frame is never read.
  static constexpr std::array<std::uint8_t, 64 * 1024> zeros{};
  const sqlite3_int64 before = size;
  while (static_cast<std::uint64_t>(size) < bytes) {
    const auto part = static_cast<int>(
        std::min<std::uint64_t>(zeros.size(), bytes - static_cast<std::uint64_t>(size)));
    if (log->pMethods->xWrite(log, zeros.data(), part, size) != SQLITE_OK) {
      log->pMethods->xTruncate(log, before);  // the last room on a disk is for messages
      return;
    }
    size += part;
  }
  if (size != before) log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
}

result<void> database::checkpoint() {
  int frames = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_PASSIVE,
                                             &frames, &moved);
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return {};
  if (code != SQLITE_OK) return fail(database_error(handle_.get(), code, "checkpoint"));
  if (frames == moved && log_frames_) *log_frames_ = 0;
  return {};
}

result<statement> database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return fail(database_error(handle_.get(), code, sql));
  return statement{raw};
}

result<std::int64_t> database::query_number(std::string_view sql) {
  WEFT_TRY(statement s, prepare(sql));
  WEFT_TRY(const bool row, s.step());
  if (!row) return fail(ec::not_found, std::string{sql});
  return s.number(0);
}

result<void> migrate(database& db, std::span<const char* const> steps) {
  const auto newest = static_cast<std::int64_t>(steps.size());
  WEFT_TRY(std::int64_t version, db.query_number("PRAGMA user_version"));
  if (version > newest)
    return fail(ec::unsupported, "the store has schema version " + std::to_string(version)
                                     + ", this program knows up to " + std::to_string(newest));
  for (; version < newest; ++version) {
    const std::string script = std::string{"BEGIN IMMEDIATE;"}
                               + steps[static_cast<std::size_t>(version)]
                               + "PRAGMA user_version=" + std::to_string(version + 1) + ";COMMIT;";
    if (auto done = db.execute(script.c_str()); !done) {
      (void)db.execute("ROLLBACK");
      return done;
    }
  }
  return {};
}

}  // namespace weft::storage
