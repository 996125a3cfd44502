// SPDX-License-Identifier: MIT
#include "node/files.hpp"
#include "node/identity.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace weft::node {

namespace {

constexpr std::size_t passphrase_bytes_max = 1024;

/// The terminal with echo off, also when reading fails.
class silent_terminal {
 public:
  explicit silent_terminal(int fd) : fd_(fd), changed_(::tcgetattr(fd, &before_) == 0) {
    if (!changed_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  silent_terminal(const silent_terminal&) = delete;
  silent_terminal& operator=(const silent_terminal&) = delete;
  ~silent_terminal() {
    if (changed_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }

 private:
  int fd_;
  termios before_{};
  bool changed_;
};

result<passphrase> from_file(const std::string& file) {
  WEFT_TRY_VOID(check_private(file, "the passphrase file"));
  WEFT_TRY(auto text, read_file(file, passphrase_bytes_max));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return fail(ec::bad_argument, "the passphrase file " + file + " is empty");
  return passphrase(std::move(text));
}

}  // namespace

result<passphrase> ask_passphrase(std::string_view prompt) {
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return fail(ec::denied,
                "a passphrase is needed and there is no terminal to ask on; use --passphrase-file "
                "FILE or the "
                "variable WEFT_PASSPHRASE");
  std::string text;
  {
    const silent_terminal quiet(fd);
    const std::string shown = std::string(prompt) + ": ";
    if (::write(fd, shown.data(), shown.size()) >= 0) {
      char x = 0;
      while (text.size() < passphrase_bytes_max && ::read(fd, &x, 1) == 1 && x != '\n') text += x;
    }
    [[maybe_unused]] const auto ended = ::write(fd, "\n", 1);
  }
  ::close(fd);
  return passphrase(std::move(text));
}

result<passphrase> find_passphrase(const std::string& file, bool ask, std::string_view prompt) {
  if (!file.empty()) return from_file(file);
  if (const char* text = std::getenv("WEFT_PASSPHRASE"); text && *text) return passphrase(text);
  if (ask) return ask_passphrase(prompt);
  return passphrase{};
}

}  // namespace weft::node
