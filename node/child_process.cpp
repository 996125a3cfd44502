// SPDX-License-Identifier: MIT
#include "node/cluster.hpp"
#include "node/files.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace weft::node {

namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

extern "C" void on_interrupt(int) { interrupt_seen = 1; }

/// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become_child(pid_t parent, int log, char* const* arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // The parent may have died before the line above.
  if (::getppid() != parent) ::_exit(1);
  ::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv("/proc/self/exe", arguments);
  ::_exit(127);
}

}  // namespace

result<child_process> child_process::start(const std::vector<std::string>& arguments,
                                           const std::string& log_path) {
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return fail(system_error("cannot open", log_path, errno));
  std::vector<std::string> words{"weft"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& w : words) pointers.push_back(w.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become_child(parent, log, pointers.data());
  const int why = errno;
  ::close(log);
  if (pid < 0) return fail(system_error("cannot start a process for", log_path, why));
  return child_process(pid);
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_), ended_(other.ended_) {}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  std::swap(ended_, other.ended_);
  return *this;
}

child_process::~child_process() {
  if (pid_ < 0 || !running()) return;
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool child_process::running() {
  if (ended_ || pid_ < 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  ended_ = true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void child_process::signal(int number) const {
  if (pid_ > 0 && !ended_) ::kill(pid_, number);
}

bool child_process::wait_end(duration longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (running()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    const timespec step{0, 5'000'000};
    ::nanosleep(&step, nullptr);
  }
  return true;
}

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() noexcept { return interrupt_seen != 0; }

void sleep_unless_interrupted(duration longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (!interrupted()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= duration::zero()) return;
    // Short steps: a signal may arrive between the look at the flag and the sleep.
    const auto step = std::min<duration>(left, std::chrono::milliseconds(100));
    const timespec t{0, static_cast<long>(step.count())};
    ::nanosleep(&t, nullptr);
  }
}

}  // namespace weft::node
