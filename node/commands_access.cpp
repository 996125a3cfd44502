// SPDX-License-Identifier: MIT
#include "node/client.hpp"
#include "node/commands.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace weft::node {

namespace {

std::string ends_text(const json& rule) {
  if (!rule.contains("until") || rule["until"].is_null()) return "never";
  return "in "
         + format_seconds(
             std::max(0.0, rule["until"].get<double>() - wall_seconds(transport::io::wall_now())));
}

std::string rules_text(const json& j) {
  std::string out = j.value("admit", "all") == "listed"
                        ? "only allowed peers and addresses may have a session\n"
                        : "everybody who is not banned may have a session\n";
  if (j["rules"].empty()) return out + "no access rules; add one with: weft ban SUBJECT\n";
  std::vector<std::vector<std::string>> rows{{"RULE", "SUBJECT", "ENDS", "REASON"}};
  for (const auto& r : j["rules"])
    rows.push_back({r.value("verdict", ""), r.value("subject", ""), ends_text(r),
                    printable(r.value("reason", ""))});
  return out + format_table(rows, {});
}

exit_code set_rule(const common_options& common, const access_options& o, const char* verb) {
  node_client client(node_directory(common.directory));
  auto target = std::string("/v1/access/") + verb + "?subject=" + url_encoded(o.subject);
  if (o.seconds > 0) target += "&for=" + std::to_string(o.seconds);
  if (!o.reason.empty()) target += "&reason=" + url_encoded(o.reason);
  const auto j = client.post(target);
  if (!j) return report(j.error());
  if (common.json) {
    std::fputs(line_of(*j).c_str(), stdout);
    return exit_code::ok;
  }
  const auto& rule = (*j)["rule"];
  std::printf("%s  %s, ends %s\n", rule.value("subject", "").c_str(),
              rule.value("verdict", "") == "ban" ? "banned" : "allowed", ends_text(rule).c_str());
  return exit_code::ok;
}

}  // namespace

exit_code command_ban(const common_options& common, const access_options& o) {
  return set_rule(common, o, "ban");
}

exit_code command_allow(const common_options& common, const access_options& o) {
  return set_rule(common, o, "allow");
}

exit_code command_access_list(const common_options& common) {
  node_client client(node_directory(common.directory));
  const auto j = client.get("/v1/access");
  if (!j) return report(j.error());
  std::fputs((common.json ? line_of(*j) : rules_text(*j)).c_str(), stdout);
  return exit_code::ok;
}

exit_code command_access_forget(const common_options& common, const access_options& o) {
  node_client client(node_directory(common.directory));
  const auto j = client.post("/v1/access/forget?subject=" + url_encoded(o.subject));
  if (!j) return report(j.error());
  if (common.json)
    std::fputs(line_of(*j).c_str(), stdout);
  else
    std::printf("%s  forgotten\n", (*j).value("subject", "").c_str());
  return exit_code::ok;
}

}  // namespace weft::node
