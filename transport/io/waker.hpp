// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace weft::transport::io {

/// An eventfd that ends the wait of a thread. `wake` may be called from any thread.
class waker {
 public:
  waker() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~waker() {
    if (fd_ >= 0) ::close(fd_);
  }
  waker(const waker&) = delete;
  waker& operator=(const waker&) = delete;
  int descriptor() const noexcept { return fd_; }
  void wake() noexcept {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the reader is awake anyway.
    [[maybe_unused]] const auto n = ::write(fd_, &one, sizeof one);
  }
  void clear() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto n = ::read(fd_, &count, sizeof count);
  }

 private:
  const int fd_;
};

}  // namespace weft::transport::io
