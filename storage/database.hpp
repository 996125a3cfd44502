// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

/// SQLite behind RAII and `result`. Internal to storage/. One thread per object.
namespace weft::storage {

/// The code that stands for an SQLite failure, with SQLite's own text. A write the system refused
/// for lack of room is ec::disk_full, whichever way SQLite reports it.
error database_error(sqlite3* handle, int code, std::string_view what);

/// A prepared statement that is bound, stepped and reset over and over.
class statement {
 public:
  statement() = default;
  explicit statement(sqlite3_stmt* handle) noexcept : handle_(handle) {}

  /// Parameters count from 1. Bytes must stay until `reset`.
  statement& bind(int index, std::int64_t value) noexcept;
  statement& bind(int index, bytes_view bytes) noexcept;
  statement& bind(int index, std::string_view text) noexcept;

  /// True: a row is there; false: done.
  result<bool> step();
  /// Steps to the end and resets.
  result<void> run();
  void reset() noexcept;

  std::int64_t number(int column) const noexcept;
  bytes_view bytes(int column) const noexcept;
  std::string_view text(int column) const noexcept;

 private:
  struct finalizer {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

class database {
 public:
  enum class mode : std::uint8_t { read_write, read_only };
  /// Opens the file in WAL mode; nothing is moved from the log to the file but by `checkpoint`.
  /// ec::denied, ec::corrupt, ec::disk_full, ec::io.
  static result<database> open(const std::filesystem::path& file, mode m, bool sync);

  database() = default;
  result<void> execute(const char* sql);
  result<statement> prepare(std::string_view sql);
  /// The first column of the first row.
  result<std::int64_t> query_number(std::string_view sql);
  /// Rows changed by the last statement.
  std::int64_t changes() const noexcept { return sqlite3_changes64(handle_.get()); }
  std::int64_t last_row() const noexcept { return sqlite3_last_insert_rowid(handle_.get()); }
  sqlite3* handle() const noexcept { return handle_.get(); }

  // -- write-ahead log ---

  /// Whether commits wait for the disk from now on; between transactions.
  result<void> wait_for_disk(bool wait);
  /// Gives the log its size at once: a sync of a file that does not grow need not wait for the file
  /// system's journal. Best effort, without effect when it is larger.
  void reserve_log(std::uint64_t bytes) noexcept;
  /// Frames, of one page each, in the log since it was last begun anew.
  std::uint64_t log_frames() const noexcept { return log_frames_ ? *log_frames_ : 0; }
  /// Syncs the log and moves its pages into the database file, so that the next commit begins the
  /// log anew. Readers and writers go on. ec::disk_full, ec::io.
  result<void> checkpoint();

 private:
  struct closer {
    void operator()(sqlite3* d) const noexcept;
  };
  /// Written by SQLite after each commit; at a place of its own, so that a database can be moved.
  std::unique_ptr<std::uint64_t> log_frames_;
  std::unique_ptr<sqlite3, closer> handle_;
};

/// Brings a database from its own version to the last one, each step in a transaction: step i, an
/// SQL script, brings version i to version i + 1. ec::unsupported: written by a newer program.
result<void> migrate(database& db, std::span<const char* const> steps);

}  // namespace weft::storage
