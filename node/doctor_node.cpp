// SPDX-License-Identifier: MIT
#include "node/doctor.hpp"
#include "node/files.hpp"
#include "node/http.hpp"
#include "node/http_guard.hpp"
#include "node/identity.hpp"
#include "node/terminal.hpp"
#include "transport/io/host_probe.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

/// What the node brings along: its addresses, its directory, its key.
namespace weft::node {

namespace {

constexpr std::uint64_t free_wanted = 1ull << 30;
constexpr std::uint64_t free_least = 64ull << 20;
constexpr int write_rounds = 20;
constexpr std::size_t write_bytes = 4096;
constexpr auto write_longest = std::chrono::seconds(2);
constexpr double slow_write_seconds = 0.05;

/// A file that is gone with the object.
class trial_file {
 public:
  explicit trial_file(std::string path)
      : path_(std::move(path)),
        fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)),
        code_(errno) {}
  ~trial_file() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  trial_file(const trial_file&) = delete;
  trial_file& operator=(const trial_file&) = delete;

  /// Time of one write that is on the disk; negative when it failed.
  double write() const {
    const std::vector<char> block(write_bytes, 'w');
    const auto began = std::chrono::steady_clock::now();
    if (::pwrite(fd_, block.data(), block.size(), 0) < 0 || ::fsync(fd_) != 0) return -1;
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  }
  bool open() const { return fd_ >= 0; }
  int code() const { return code_; }

 private:
  std::string path_;
  int fd_;
  int code_;
};

std::string mode_text(unsigned mode) {
  const char digits[]{static_cast<char>('0' + ((mode >> 6) & 7)),
                      static_cast<char>('0' + ((mode >> 3) & 7)),
                      static_cast<char>('0' + (mode & 7)), 0};
  return digits;
}

/// The permission bits; none when there is no such file.
std::optional<unsigned> mode_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_mode & 0777U;
}

void examine_secret(const std::string& path, diagnosis& d) {
  const auto mode = mode_of(path);
  if (mode && (*mode & 077U) != 0) d.find("WD802", path + " has mode " + mode_text(*mode));
}

void find_address(const error& why, const std::string& where, diagnosis& d) {
  d.find(why.code == ec::in_use ? "WD501" : "WD502", where + ": " + why.detail);
}

void examine_http(const config& c, bool running, diagnosis& d) {
  if (!c.http.enabled) return d.saw("listeners", "no HTTP listener");
  const auto host = host_of(c.http.listen);
  if (c.http.page == "any" && !is_loopback_host(host))
    d.find("WD503", "http.listen is " + c.http.listen + " and http.page is any");
  if (running) return;
  const auto colon = c.http.listen.rfind(':');
  const auto tried
      = http_server::listen_tcp(host, std::stoi(c.http.listen.substr(colon + 1)), {}, {});
  if (!tried) return find_address(tried.error(), "http.listen", d);
  d.saw("listeners", c.http.listen + " is free");
}

}  // namespace

void examine_listeners(const config& c, bool running, diagnosis& d) {
  if (running) d.saw("listeners", "the node is running and has its addresses");
  for (const auto& text : c.network.listen) {
    if (running) break;
    const auto address = multiaddr::parse(text);
    if (!address) continue;  // the configuration's check says so
    if (const auto tried = transport::io::try_address(*address); !tried)
      find_address(tried.error(), text, d);
    else
      d.saw("listeners", text + " is free");
  }
  examine_http(c, running, d);
}

void examine_disk(const std::string& directory, diagnosis& d) {
  struct statvfs disk {};
  if (::statvfs(directory.c_str(), &disk) == 0) {
    const auto left = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    const auto text = format_bytes(left) + " free in " + directory;
    if (left < free_least)
      d.find("WD604", text);
    else if (left < free_wanted)
      d.find("WD603", text);
    else
      d.saw("disk", text);
  }
  const trial_file file(path_in(directory, ".doctor-" + std::to_string(::getpid())));
  if (!file.open())
    return d.find("WD601", to_string(system_error("cannot write in", directory, file.code())));
  std::vector<double> times;
  const auto until = std::chrono::steady_clock::now() + write_longest;
  for (int i = 0; i < write_rounds && std::chrono::steady_clock::now() < until; ++i) {
    times.push_back(file.write());
    if (times.back() < 0)
      return d.find("WD601", to_string(system_error("cannot write in", directory, errno)));
  }
  std::sort(times.begin(), times.end());
  const auto text = "a write is on the disk after " + format_seconds(times[times.size() / 2])
                    + " (median of " + std::to_string(times.size()) + ", longest "
                    + format_seconds(times.back()) + ")";
  if (times[times.size() / 2] > slow_write_seconds)
    d.find("WD602", text);
  else
    d.saw("disk", text);
}

void examine_identity(const std::string& directory, const config& c, diagnosis& d) {
  if (const auto mode = mode_of(directory); mode && (*mode & 022U) != 0)
    d.find("WD804", directory + " has mode " + mode_text(*mode));
  const auto path = path_in(directory, c.identity.key_file);
  if (!file_exists(path)) return d.find("WD801", path + " does not exist");
  examine_secret(path, d);
  if (!c.identity.passphrase_file.empty())
    examine_secret(path_in(directory, c.identity.passphrase_file), d);
  const auto info = read_identity_info(path);
  if (!info) return d.find("WD803", to_string(info.error()));
  d.saw("identity", info->id.to_string() + (info->encrypted ? ", sealed with a passphrase" : ""));
}

}  // namespace weft::node
