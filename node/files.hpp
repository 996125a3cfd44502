// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// Small files of a node's directory. Errors name the path and the operating system's reason.
namespace weft::node {

/// A file's whole content. ec::not_found, ec::denied, ec::oversized above `bytes_max`, ec::io.
result<std::string> read_file(const std::string& path, std::size_t bytes_max);

/// Refuses a regular file that others than its owner can read or write: ec::denied with the command
/// that mends it; also ec::not_found. `what` names the file's purpose: "the key file".
result<void> check_private(const std::string& path, std::string_view what);

/// Everything on standard input. ec::oversized above `bytes_max`, ec::io.
result<std::string> read_standard_input(std::size_t bytes_max);

/// Replaces a file in one step: temporary file in the same folder, fsync, rename, fsync of the
/// folder. A reader, and a crash at any point, sees the old content or the new one. ec::denied,
/// ec::disk_full, ec::io.
result<void> write_file_atomically(const std::string& path, std::string_view content,
                                   unsigned mode);

/// Makes a folder and its parents, the last one with mode 0700. ec::denied, ec::io.
result<void> make_private_directory(const std::string& path);

/// `path` itself when absolute, else inside `directory`.
std::string path_in(const std::string& directory, const std::string& path);
/// An absolute form without resolving links.
std::string absolute_path(const std::string& path);
bool file_exists(const std::string& path);

/// Turns errno into an error that names the operation and the path.
error system_error(std::string_view what, std::string_view path, int number);

/// Owns a directory for the life of a process (an flock on `DIR/lock`, which holds the pid).
class directory_lock {
 public:
  /// ec::in_use names the process that has it; ec::denied, ec::io.
  static result<directory_lock> take(const std::string& directory);
  directory_lock(directory_lock&& other) noexcept;
  directory_lock& operator=(directory_lock&& other) noexcept;
  ~directory_lock();

 private:
  explicit directory_lock(int fd) noexcept : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace weft::node
