// SPDX-License-Identifier: MIT
#include "node/files.hpp"

#include "node/descriptor.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace weft::node {

namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(system_error("cannot write", path, errno));
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

result<std::string> read_all(int fd, const std::string& path, std::size_t bytes_max) {
  std::string content;
  for (;;) {
    constexpr std::size_t step = 16 * 1024;
    const auto old = content.size();
    content.resize(old + step);
    const auto n = ::read(fd, content.data() + old, step);
    content.resize(old + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(system_error("cannot read", path, errno));
    if (n == 0) return content;
    if (content.size() > bytes_max)
      return fail(ec::oversized, path + " is larger than " + std::to_string(bytes_max) + " bytes");
  }
}

}  // namespace

error system_error(std::string_view what, std::string_view path, int number) {
  ec code = ec::io;
  if (number == ENOENT) code = ec::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = ec::denied;
  if (number == ENOSPC || number == EDQUOT) code = ec::disk_full;
  if (number == EEXIST) code = ec::exists;
  return {code, std::string(what) + " " + std::string(path) + ": " + std::strerror(number)};
}

result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return fail(system_error("cannot open", path, errno));
  return read_all(file.get(), path, bytes_max);
}

result<void> check_private(const std::string& path, std::string_view what) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return fail(system_error("cannot read " + std::string(what), path, errno));
  if (!S_ISREG(info.st_mode) || (info.st_mode & 077) == 0) return {};
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", info.st_mode & 07777U);
  return fail(ec::denied, std::string(what) + " " + path
                              + " may be read or written by other users (mode " + mode.data()
                              + "); run: chmod 600 " + path);
}

result<std::string> read_standard_input(std::size_t bytes_max) {
  return read_all(STDIN_FILENO, "standard input", bytes_max);
}

result<void> write_file_atomically(const std::string& path, std::string_view content,
                                   unsigned mode) {
  std::string name = path + ".XXXXXX";
  descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0) return fail(system_error("cannot create a file beside", path, errno));
  auto done = [&]() -> result<void> {
    if (::fchmod(file.get(), mode) != 0)
      return fail(system_error("cannot set the mode of", name, errno));
    WEFT_TRY_VOID(write_all(file.get(), content, name));
    if (::fsync(file.get()) != 0) return fail(system_error("cannot sync", name, errno));
    if (file.close() != 0) return fail(system_error("cannot close", name, errno));
    if (::rename(name.c_str(), path.c_str()) != 0)
      return fail(system_error("cannot replace", path, errno));
    return {};
  }();
  if (!done) {
    ::unlink(name.c_str());
    return done;
  }
  const auto folder = folder_of(path);
  descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0)
    return fail(system_error("cannot sync", folder, errno));
  return {};
}

result<void> make_private_directory(const std::string& path) {
  std::error_code wrong;
  std::filesystem::create_directories(folder_of(path), wrong);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(system_error("cannot make the directory", path, errno));
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return fail(system_error("cannot look at", path, errno));
  if (!S_ISDIR(info.st_mode)) return fail(ec::exists, path + " is there and is not a directory");
  return {};
}

std::string path_in(const std::string& directory, const std::string& path) {
  return path.starts_with('/') ? path : directory + "/" + path;
}

std::string absolute_path(const std::string& path) {
  std::error_code wrong;
  auto absolute = std::filesystem::absolute(path, wrong).lexically_normal().string();
  while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
  return wrong ? path : absolute;
}

bool file_exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

result<directory_lock> directory_lock::take(const std::string& directory) {
  const auto path = directory + "/lock";
  descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) return fail(system_error("cannot open", path, errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(system_error("cannot lock", path, errno));
    const auto owner = read_file(path, 64);
    std::string text = "a node is already running in " + directory;
    if (owner && !owner->empty()) text += " (process " + owner->substr(0, owner->find('\n')) + ")";
    return fail(ec::in_use, text + "; stop it first or choose another directory with --dir");
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0) return fail(system_error("cannot write", path, errno));
  WEFT_TRY_VOID(write_all(file.get(), pid, path));
  return directory_lock(file.release());
}

directory_lock::directory_lock(directory_lock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

directory_lock& directory_lock::operator=(directory_lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

// Closing the descriptor releases the lock; the file stays, because removing it would race with the
// next owner.
directory_lock::~directory_lock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace weft::node
