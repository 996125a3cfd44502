// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace weft::node {

/// What a finished command printed.
struct command_output {
  int exit_code = -1;
  std::string out;
  std::string err;
};
/// Runs the real binary to its end. Variables are `NAME=value`.
command_output run_weft(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& variables = {},
                        const std::string& input = {});

/// `weft run` in a directory; if it still runs at the end of the test it is killed, or drained by a
/// sanitized test.
class running_node {
 public:
  explicit running_node(std::string directory, const std::vector<std::string>& more = {});
  running_node(const running_node&) = delete;
  running_node& operator=(const running_node&) = delete;
  ~running_node();

  /// Waits for readiness with `weft wait`.
  bool wait_ready() const;
  void signal(int number) const;
  /// Exit code, or 128 + signal; -1 when it still runs after `seconds`.
  int wait_end(double seconds);
  const std::string& directory() const { return directory_; }
  /// Standard error so far.
  std::string log() const;
  /// `weft COMMAND --dir DIRECTORY`
  command_output ask(std::vector<std::string> arguments) const;

 private:
  std::string directory_;
  pid_t pid_ = -1;
};

}  // namespace weft::node
