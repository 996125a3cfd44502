// SPDX-License-Identifier: MIT
#include "node/client.hpp"

#include "node/config.hpp"
#include "node/daemon.hpp"
#include "node/files.hpp"

#include <cstdlib>

namespace weft::node {

node_client::node_client(const std::string& directory) : directory_(directory) {
  const auto c = load_config(path_in(directory, std::string(config_file_name)), {});
  socket_ = path_in(directory, c ? c->admin.socket : config{}.admin.socket);
}

error node_client::explain(error e) const {
  if (e.code != ec::not_running) return e;
  const bool made = file_exists(path_in(directory_, std::string(config_file_name)));
  return {ec::not_running, "no node is running in " + directory_
                               + "; start it with: weft run --dir " + directory_
                               + (made ? "" : " (after: weft init --dir " + directory_ + ")")};
}

result<json> node_client::ask(std::string_view method, const std::string& target,
                              const std::string& body) {
  auto reply = http_client(socket_).call(method, target, body);
  if (!reply) return fail(explain(std::move(reply.error())));
  if (reply->status != 200) return fail(error_from(reply->body));
  auto j = json::parse(reply->body, nullptr, false);
  if (j.is_discarded()) return fail(ec::malformed, "the node's answer is no JSON");
  return j;
}

result<void> node_client::stream(std::string_view method, const std::string& target,
                                 const std::string& body,
                                 const std::function<bool(const json&)>& on_line) {
  std::optional<error> wrong;
  auto reply = http_client(socket_).call(method, target, body, [&](std::string_view line) {
    const auto j = json::parse(line, nullptr, false);
    if (!j.is_object() || j.contains("error")) {
      wrong = error_from(line);
      return false;
    }
    return on_line(j);
  });
  if (wrong) return fail(std::move(*wrong));
  if (!reply) return fail(explain(std::move(reply.error())));
  if (reply->status != 200) return fail(error_from(reply->body));
  return {};
}

std::string node_directory(const std::string& flag) {
  if (!flag.empty()) return absolute_path(flag);
  if (const char* variable = std::getenv("WEFT_DIR"); variable && *variable)
    return absolute_path(variable);
  const char* home = std::getenv("HOME");
  return absolute_path(std::string(home && *home ? home : ".") + "/.weft");
}

}  // namespace weft::node
