// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

/// SQLite behind RAII and `result`. Internal to storage/. One thread per object.
namespace weft::storage {

/// The code that stands for an SQLite failure, with SQLite's own text.
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
  /// Opens the file in WAL mode. ec::denied, ec::corrupt, ec::disk_full, ec::io.
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

 private:
  struct closer {
    void operator()(sqlite3* d) const noexcept { sqlite3_close_v2(d); }
  };
  std::unique_ptr<sqlite3, closer> handle_;
};

/// Brings the schema to the current version, each step in a transaction. ec::unsupported: written
/// by a newer program.
result<void> migrate(database& db);
/// The version `migrate` brings a database to.
inline constexpr int schema_version = 1;

}  // namespace weft::storage
