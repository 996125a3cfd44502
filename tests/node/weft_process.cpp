// SPDX-License-Identifier: MIT
#include "tests/node/weft_process.hpp"

#include "tests/node/temporary_directory.hpp"
#include "tests/support/thin.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace weft::node {

namespace {

std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry)
    if (!std::string(*entry).starts_with("WEFT_")) all.emplace_back(*entry);
  all.insert(all.end(), variables.begin(), variables.end());
  return all;
}

pid_t spawn(std::vector<std::string> arguments, const std::vector<std::string>& variables, int in,
            int out, int err) {
  arguments.insert(arguments.begin(), WEFT_BINARY);
  auto block = environment_with(variables);
  std::vector<char*> argument_pointers;
  std::vector<char*> block_pointers;
  for (auto& a : arguments) argument_pointers.push_back(a.data());
  for (auto& b : block) block_pointers.push_back(b.data());
  argument_pointers.push_back(nullptr);
  block_pointers.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execve(WEFT_BINARY, argument_pointers.data(), block_pointers.data());
  ::_exit(127);
}

/// A report of a sanitizer fails the test, whatever it expected of the process.
void check_for_reports(const std::string& text) {
  for (const char* mark : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error: "})
    if (text.find(mark) != std::string::npos) ADD_FAILURE() << text;
}

int decoded(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

command_output run_weft(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& variables, const std::string& input) {
  const temporary_directory d;
  put(d / "in", input);
  const int in = ::open((d / "in").c_str(), O_RDONLY | O_CLOEXEC);
  const int out = ::open((d / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const int err = ::open((d / "err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const pid_t pid = spawn(arguments, variables, in, out, err);
  int status = 0;
  ::waitpid(pid, &status, 0);
  for (const int fd : {in, out, err}) ::close(fd);
  command_output done{decoded(status), content_of(d / "out"), content_of(d / "err")};
  check_for_reports(done.err);
  return done;
}

running_node::running_node(std::string directory, const std::vector<std::string>& more)
    : directory_(std::move(directory)) {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int log
      = ::open((directory_ + "/test.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  std::vector<std::string> arguments{"run", "--dir", directory_};
  arguments.insert(arguments.end(), more.begin(), more.end());
  pid_ = spawn(arguments, {}, nothing, log, log);
  ::close(nothing);
  ::close(log);
}

running_node::~running_node() {
  // Leaks are looked for when a program ends by itself.
  if (pid_ >= 0 && weft::test::sanitized) {
    signal(SIGTERM);
    EXPECT_EQ(wait_end(60), 0) << log();
  }
  if (pid_ >= 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  check_for_reports(log());
}

bool running_node::wait_ready() const {
  return ask({"wait", "--ready", "--timeout", "20"}).exit_code == 0;
}

void running_node::signal(int number) const { ::kill(pid_, number); }

int running_node::wait_end(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) != pid_) {
    if (std::chrono::steady_clock::now() > end) return -1;
    ::poll(nullptr, 0, 5);
  }
  pid_ = -1;
  return decoded(status);
}

std::string running_node::log() const { return content_of(directory_ + "/test.log"); }

command_output running_node::ask(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"--dir", directory_});
  return run_weft(arguments);
}

}  // namespace weft::node
