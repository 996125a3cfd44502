// SPDX-License-Identifier: MIT
#pragma once

#include "dht/store_operations.hpp"
#include "storage/database.hpp"

#include <filesystem>
#include <span>

namespace weft::storage {

/// The statements of the record store. Internal to storage/. One thread at a time.
class record_writer {
 public:
  result<void> open(const std::filesystem::path& file);
  result<dht::stored_state> load();
  /// One transaction; all or nothing.
  result<void> commit(std::span<const dht::store_operation> operations);
  result<void> checkpoint() { return db_.checkpoint(); }
  std::uint64_t log_frames() const noexcept { return db_.log_frames(); }

 private:
  result<void> prepare();
  result<void> run_all(std::span<const dht::store_operation> operations);
  result<void> execute(const dht::put_record& a);
  result<void> execute(const dht::remove_record& a);
  result<void> execute(const dht::put_provider& a);
  result<void> execute(const dht::remove_provider& a);
  result<void> execute(const dht::replace_peers& a);

  result<void> load_records(dht::stored_state& into);
  result<void> load_providers(dht::stored_state& into);
  result<void> load_peers(dht::stored_state& into);

  database db_;
  statement begin_, commit_;
  statement put_record_, remove_record_, put_provider_, remove_provider_, clear_peers_, put_peer_;
};

}  // namespace weft::storage
