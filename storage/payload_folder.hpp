// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/crypto.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

/// Files on the way in and out, with the syncs that make them survive. Internal to storage/.
namespace weft::storage {

/// An owned file descriptor.
class file_handle {
 public:
  file_handle() = default;
  explicit file_handle(int fd) noexcept : fd_(fd) {}
  file_handle(file_handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_handle& operator=(file_handle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~file_handle();

  explicit operator bool() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

/// The code for an errno, with the file's name and what was tried.
error file_error(int number, const std::filesystem::path& file, std::string_view what);

/// Creates the folder with mode 0700 when it is missing. ec::denied, ec::disk_full, ec::io.
result<void> make_private_folder(const std::filesystem::path& folder);
/// Opens, or creates with mode 0600. `flags` as for open(2).
result<file_handle> open_file(const std::filesystem::path& file, int flags);
/// An exclusive lock for the life of the handle. ec::in_use when another process holds it.
result<file_handle> lock_file(const std::filesystem::path& file);
result<void> write_at(const file_handle& f, std::uint64_t offset, bytes_view data,
                      const std::filesystem::path& name);
/// Exactly `size` bytes. ec::truncated.
result<chunk_view> read_at(const file_handle& f, std::uint64_t offset, std::size_t size,
                           const std::filesystem::path& name);
result<void> sync_file(const file_handle& f, const std::filesystem::path& name);
result<void> sync_folder(const std::filesystem::path& folder);
result<std::uint64_t> file_size(const file_handle& f, const std::filesystem::path& name);
/// SHA-256 of the first `size` bytes, mapped rather than read.
result<crypto::sha256_digest> digest_file(const file_handle& f, std::uint64_t size,
                                          const std::filesystem::path& name);
/// Copies `source` whole to the start of `target`. ec::truncated when the source shrinks meanwhile.
result<void> copy_file(const file_handle& source, std::uint64_t size, const file_handle& target,
                       const std::filesystem::path& name);

}  // namespace weft::storage
