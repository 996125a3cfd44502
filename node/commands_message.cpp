// SPDX-License-Identifier: MIT
#include "node/client.hpp"
#include "node/commands.hpp"
#include "node/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace weft::node {

namespace {

/// Larger input from a pipe goes to the node as a file.
constexpr std::size_t inline_bytes_max = 1024 * 1024;

/// A file that is gone when this object is.
class temporary_file {
 public:
  temporary_file() = default;
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (fd_ >= 0) ::close(fd_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  result<void> create(const std::string& folder) {
    path_ = folder + "/send.XXXXXX";
    fd_ = ::mkostemp(path_.data(), O_CLOEXEC);
    if (fd_ >= 0) return {};
    const auto e = system_error("cannot create a file in", folder, errno);
    path_.clear();
    return fail(e);
  }
  result<void> append(std::string_view text) {
    while (!text.empty()) {
      const auto n = ::write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(system_error("cannot write", path_, errno));
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_ = -1;
};

/// Standard input: short input into `text`, longer input into `file`.
result<void> read_input(std::string& text, temporary_file& file, const std::string& folder) {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(system_error("cannot read", "standard input", errno));
    if (n == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() <= inline_bytes_max) continue;
    if (file.path().empty()) {
      WEFT_TRY_VOID(file.create(folder));
    }
    WEFT_TRY_VOID(file.append(text));
    text.clear();
  }
  if (!file.path().empty()) {
    WEFT_TRY_VOID(file.append(text));
    text.clear();
  }
  return {};
}

void print_receipt(const json& receipt) {
  std::printf("acknowledged %s  %s  %u hop%s  %s\n", receipt.value("id", "").c_str(),
              format_bytes(receipt.value("bytes", std::uint64_t{0})).c_str(),
              receipt.value("hops", 0U), receipt.value("hops", 0U) == 1 ? "" : "s",
              format_seconds(receipt.value("latency_seconds", 0.0)).c_str());
}

std::string clock_text(double unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

void print_message(const common_options& common, const json& m) {
  if (common.json) {
    std::fputs(line_of(m).c_str(), stdout);
    return;
  }
  std::string body;
  if (m.contains("text"))
    body = printable(m.value("text", ""));
  else if (m.contains("file"))
    body = "file " + printable(m.value("file", ""));
  else
    body = "hex " + m.value("hex", "");
  const auto hops = m.value("hops", 0U);
  std::printf("%s  %s  %s, %u hop%s\n%s%s", clock_text(m.value("received_at", 0.0)).c_str(),
              styled(style::bold, m.value("from", "")).c_str(),
              format_bytes(m.value("bytes", std::uint64_t{0})).c_str(), hops, hops == 1 ? "" : "s",
              body.c_str(), body.ends_with('\n') ? "" : "\n");
}

/// What was printed is on the screen before it counts as shown.
result<void> mark_shown(node_client& client, const json& messages) {
  json refs = json::array();
  for (const auto& m : messages)
    refs.push_back({{"from", m.value("from", "")}, {"id", m.value("id", "")}});
  if (std::fflush(stdout) != 0)
    return fail(system_error("cannot write to", "standard output", errno));
  const auto marked = client.post("/v1/shown", refs.dump());
  if (!marked) return fail(marked.error());
  return {};
}

}  // namespace

exit_code command_send(const common_options& common, const send_options& o) {
  if (o.has_text && !o.file.empty())
    return report({ec::bad_argument, "give a text or --file, not both"});
  if (!o.has_text && o.file.empty())
    return report(
        {ec::bad_argument, "nothing to send; give a text, - for standard input, or --file FILE"});
  const auto directory = node_directory(common.directory);
  auto target = "/v1/send?to=" + url_encoded(o.to) + (o.volatile_class ? "&volatile=1" : "");
  if (o.timeout >= 0) target += "&timeout=" + std::to_string(o.timeout);
  if (o.hops) target += "&hops=" + std::to_string(o.hops);
  std::string body = o.text;
  temporary_file spool;
  auto file = o.file.empty() ? std::string{} : absolute_path(o.file);
  if (o.has_text && o.text == "-") {
    body.clear();
    if (const auto done = read_input(body, spool, directory); !done) return report(done.error());
    file = spool.path();
  }
  if (!file.empty()) {
    if (::access(file.c_str(), R_OK) != 0) return report(system_error("cannot read", file, errno));
    target += "&file=" + url_encoded(file);
    body.clear();
  }
  node_client client(directory);
  progress_bar bar("sending");
  bool acknowledged = false;
  const auto done = client.stream("POST", target, body, [&](const json& line) {
    if (line.contains("progress")) {
      const auto& p = line["progress"];
      const auto acked = p.value("acked_bytes", std::uint64_t{0});
      const auto total = p.value("total_bytes", std::uint64_t{0});
      if (!file.empty())
        bar.update(acked, total, format_bytes(acked) + " of " + format_bytes(total));
      if (common.json) std::fputs(line_of(line).c_str(), stdout);
    } else if (line.contains("receipt")) {
      bar.clear();
      acknowledged = true;
      if (common.json)
        std::fputs(line_of(line).c_str(), stdout);
      else
        print_receipt(line["receipt"]);
    }
    return true;
  });
  bar.clear();
  if (!done) return report(done.error());
  return acknowledged ? exit_code::ok
                      : report({ec::closed, "the node ended before the message was acknowledged"});
}

exit_code command_recv(const common_options& common, const recv_options& o) {
  node_client client(node_directory(common.directory));
  if (o.follow) {
    result<void> marked;
    const auto done = client.stream("GET", "/v1/follow", {}, [&](const json& line) {
      if (!line.contains("message")) return true;
      print_message(common, line["message"]);
      if (std::fflush(stdout) != 0) return false;
      if (!o.peek) marked = mark_shown(client, json::array({line["message"]}));
      return marked.has_value();
    });
    if (!marked) return report(marked.error());
    return done ? exit_code::ok : report(done.error());
  }
  const auto j = client.get("/v1/inbox?limit=" + std::to_string(o.limit));
  if (!j) return report(j.error());
  const auto& messages = (*j)["messages"];
  for (const auto& m : messages) print_message(common, m);
  if (messages.empty() && !common.json) std::fputs("no new messages\n", stderr);
  if (o.peek || messages.empty()) return exit_code::ok;
  const auto marked = mark_shown(client, messages);
  return marked ? exit_code::ok : report(marked.error());
}

}  // namespace weft::node
