// SPDX-License-Identifier: MIT
#include "storage/payload_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::storage {

file_handle::~file_handle() {
  if (fd_ >= 0) ::close(fd_);
}

error file_error(int number, const std::filesystem::path& file, std::string_view what) {
  std::string text{what};
  text += " " + file.string() + ": " + std::strerror(number);
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return {ec::disk_full, std::move(text)};
    case EACCES:
    case EPERM:
    case EROFS:
      return {ec::denied, std::move(text)};
    case ENOENT:
    case ENOTDIR:
      return {ec::not_found, std::move(text)};
    case EEXIST:
      return {ec::exists, std::move(text)};
    default:
      return {ec::io, std::move(text)};
  }
}

result<void> make_private_folder(const std::filesystem::path& folder) {
  std::error_code code;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), code);
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return fail(file_error(errno, folder, "cannot create"));
  if (!std::filesystem::is_directory(folder, code))
    return fail(ec::io, folder.string() + " is not a folder");
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0)
    return fail(file_error(errno, folder, "cannot write to"));
  return {};
}

result<file_handle> open_file(const std::filesystem::path& file, int flags) {
  file_handle f{::open(file.c_str(), flags | O_CLOEXEC, 0600)};
  if (!f) return fail(file_error(errno, file, "cannot open"));
  return f;
}

result<file_handle> lock_file(const std::filesystem::path& file) {
  WEFT_TRY(file_handle f, open_file(file, O_RDWR | O_CREAT));
  if (::flock(f.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return fail(ec::in_use, "another process uses " + file.parent_path().string());
    return fail(file_error(errno, file, "cannot lock"));
  }
  return f;
}

result<void> write_at(const file_handle& f, std::uint64_t offset, bytes_view data,
                      const std::filesystem::path& name) {
  while (!data.empty()) {
    const ssize_t n = ::pwrite(f.get(), data.data(), data.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error(errno, name, "cannot write"));
    offset += static_cast<std::uint64_t>(n);
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

namespace {

result<void> read_exactly(const file_handle& f, std::uint64_t offset, bytes_span out,
                          const std::filesystem::path& name) {
  while (!out.empty()) {
    const ssize_t n = ::pread(f.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error(errno, name, "cannot read"));
    if (n == 0) return fail(ec::truncated, name.string() + " ends too early");
    offset += static_cast<std::uint64_t>(n);
    out = out.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

result<chunk_view> read_at(const file_handle& f, std::uint64_t offset, std::size_t size,
                           const std::filesystem::path& name) {
  chunk c = chunk::allocate(size);
  WEFT_TRY_VOID(read_exactly(f, offset, {c.mutable_data(), size}, name));
  return chunk_view{std::move(c), 0, size};
}

result<void> sync_file(const file_handle& f, const std::filesystem::path& name) {
  if (::fdatasync(f.get()) != 0) return fail(file_error(errno, name, "cannot sync"));
  return {};
}

result<void> sync_folder(const std::filesystem::path& folder) {
  WEFT_TRY(const file_handle f, open_file(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(f.get()) != 0) return fail(file_error(errno, folder, "cannot sync"));
  return {};
}

result<std::uint64_t> file_size(const file_handle& f, const std::filesystem::path& name) {
  struct stat info {};
  if (::fstat(f.get(), &info) != 0) return fail(file_error(errno, name, "cannot stat"));
  if (!S_ISREG(info.st_mode)) return fail(ec::bad_argument, name.string() + " is not a file");
  return static_cast<std::uint64_t>(info.st_size);
}

result<crypto::sha256_digest> digest_file(const file_handle& f, std::uint64_t size,
                                          const std::filesystem::path& name) {
  WEFT_TRY(const std::uint64_t actual, file_size(f, name));
  // Reading a mapping past the end of its file would kill the process.
  if (actual < size) return fail(ec::truncated, name.string() + " ends too early");
  if (size == 0) return crypto::sha256({});
  void* memory
      = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, f.get(), 0);
  if (memory == MAP_FAILED) return fail(file_error(errno, name, "cannot map"));
  ::madvise(memory, static_cast<std::size_t>(size), MADV_SEQUENTIAL);
  const auto digest
      = crypto::sha256({static_cast<const std::uint8_t*>(memory), static_cast<std::size_t>(size)});
  ::munmap(memory, static_cast<std::size_t>(size));
  return digest;
}

result<void> copy_file(const file_handle& source, std::uint64_t size, const file_handle& target,
                       const std::filesystem::path& name) {
  byte_buffer block(256 * 1024);
  for (std::uint64_t at = 0; at < size;) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), size - at));
    WEFT_TRY_VOID(read_exactly(source, at, bytes_span{block}.first(part), name));
    WEFT_TRY_VOID(write_at(target, at, bytes_view{block}.first(part), name));
    at += part;
  }
  return {};
}

}  // namespace weft::storage
