// SPDX-License-Identifier: MIT
#pragma once

#include "storage/message_store.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdlib.h>
#include <string>
#include <utility>
#include <vector>

namespace weft::storage::testing {

/// A folder that goes away with the object.
class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "weft-store-XXXXXX").string();
    if (::mkdtemp(name.data())) path_ = name;
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline peer_id peer(std::uint8_t number) {
  ed25519_public_key key{};
  key[0] = number;
  return peer_id::from_ed25519(key);
}

inline messaging::append_outbound outbound(std::uint64_t n, std::string_view body) {
  return {messaging::message_id::from_parts(1, n),
          peer(1),
          16,
          wall_time{duration{static_cast<std::int64_t>(n)}},
          chunk_view::copy(as_bytes(body)),
          {}};
}

inline messaging::append_inbound inbound(std::uint64_t n, std::string_view body,
                                         std::uint8_t sender = 1) {
  return {peer(sender),
          messaging::message_id::from_parts(2, n),
          wall_time{duration{5}},
          wall_time{std::chrono::system_clock::now().time_since_epoch()},
          3,
          chunk_view::copy(as_bytes(body))};
}

/// A started store whose batches can be waited for.
class running_store {
 public:
  explicit running_store(const store_config& config) {
    auto opened = message_store::open(config);
    EXPECT_TRUE(opened) << to_string(opened.error());
    if (!opened) return;
    store = std::move(*opened);
    auto loaded = store->load();
    EXPECT_TRUE(loaded) << to_string(loaded.error());
    if (loaded) state = std::move(*loaded);
    store->start([this](messaging::store_batch&& b) {
      const std::lock_guard held{mutex};
      for (auto& op : b.operations) finished.push_back(std::move(op));
    });
  }
  /// Submits one batch and returns its operations with their outcomes.
  template <class... Actions>
  std::vector<messaging::store_operation> run(Actions... actions) {
    messaging::store_batch batch;
    (batch.operations.emplace_back(std::move(actions)), ...);
    EXPECT_TRUE(store->submit(batch));
    return take();
  }
  std::vector<messaging::store_operation> take() {
    store->flush();
    const std::lock_guard held{mutex};
    return std::exchange(finished, {});
  }

  std::mutex mutex;
  std::vector<messaging::store_operation> finished;
  messaging::stored_state state;
  /// Last: its thread stops before what it writes to goes.
  std::unique_ptr<message_store> store;
};

inline store_config config_in(const temporary_folder& folder) {
  store_config config;
  config.directory = folder.path() / "store";
  return config;
}

}  // namespace weft::storage::testing
