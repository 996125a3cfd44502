// SPDX-License-Identifier: MIT
#include "node/client.hpp"
#include "node/commands.hpp"
#include "node/files.hpp"

#include <cstdio>

namespace weft::node {

namespace {

/// What the admin API takes in one request.
constexpr std::size_t input_bytes_max = 8 * 1024 * 1024;

/// What was typed, or standard input for "-".
result<std::string> input_of(const std::string& typed) {
  if (typed != "-") return typed;
  return read_standard_input(input_bytes_max);
}

std::string content_of(const json& j) {
  return j.contains("text") ? printable(j.value("text", "")) : "hex " + j.value("hex", "");
}

std::string trace_text(const json& j) {
  const auto requests = j.value("requests", 0U);
  const auto hops = j.value("hops", 0U);
  return std::to_string(hops) + (hops == 1 ? " hop, " : " hops, ") + std::to_string(requests)
         + (requests == 1 ? " request, " : " requests, ")
         + format_seconds(j.value("elapsed_seconds", 0.0));
}

void print_line(const common_options& common, const json& j, const std::string& text) {
  if (common.json)
    std::fputs(line_of(j).c_str(), stdout);
  else
    std::printf("%s\n", text.c_str());
}

/// Prints one answer of the node through `text`.
template <class Text>
exit_code print_answer(const common_options& common, const result<json>& j, Text text) {
  if (!j) return report(j.error());
  print_line(common, *j, text(*j));
  return exit_code::ok;
}

std::string peers_text(const json& j, const std::string& none) {
  std::string out;
  for (const auto& p : j["peers"]) {
    out += styled(style::bold, p.value("peer", "")) + "\n";
    for (const auto& a : p["addresses"]) out += "  " + a.get<std::string>() + "\n";
  }
  return (out.empty() ? none + "\n" : out) + trace_text(j);
}

}  // namespace

exit_code command_pub(const common_options& common, const pub_options& o) {
  const auto data = input_of(o.data);
  if (!data) return report(data.error());
  node_client client(node_directory(common.directory));
  const auto j = client.post("/v1/publish?topic=" + url_encoded(o.topic), *data);
  return print_answer(common, j, [](const json& told) {
    const auto sent = told.value("sent", 0U);
    const auto dropped = told.value("dropped", 0U);
    auto text = "published " + told.value("id", "") + "  to " + std::to_string(sent)
                + (sent == 1 ? " peer" : " peers");
    if (dropped) text += ", dropped for " + std::to_string(dropped);
    if (const auto announced = told.value("announced", 0U))
      text += ", announced to " + std::to_string(announced);
    if (told.value("queued", 0U) + told.value("announced", 0U) == 0)
      text += " (no peer is subscribed)";
    return text;
  });
}

exit_code command_sub(const common_options& common, const sub_options& o) {
  node_client client(node_directory(common.directory));
  std::uint64_t seen = 0;
  const auto done = client.stream(
      "GET", "/v1/subscribe?topic=" + url_encoded(o.topic), {}, [&](const json& line) {
        if (line.contains("lost")) {
          std::fprintf(stderr, "weft: %s messages were lost: this reader is too slow\n",
                       line["lost"].dump().c_str());
        } else if (line.contains("message")) {
          const auto& m = line["message"];
          const auto author = m.value("author", "");
          print_line(common, m,
                     styled(style::bold, author.empty() ? "unsigned" : short_peer(author)) + "  "
                         + content_of(m));
          ++seen;
        }
        return std::fflush(stdout) == 0 && (o.count == 0 || seen < o.count);
      });
  return done ? exit_code::ok : report(done.error());
}

exit_code command_topics(const common_options& common) {
  const auto j = node_client(node_directory(common.directory)).get("/v1/topics");
  if (!j) return report(j.error());
  if (common.json) {
    std::fputs(line_of(*j).c_str(), stdout);
    return exit_code::ok;
  }
  std::vector<std::vector<std::string>> rows{{"TOPIC", "SUBSCRIBED", "MESH", "SUBSCRIBERS"}};
  for (const auto& t : (*j)["topics"])
    rows.push_back({printable(t.value("topic", "")), t.value("subscribed", false) ? "yes" : "no",
                    std::to_string(t["mesh"].size()), t["subscribers"].dump()});
  std::fputs(format_table(rows, {2, 3}).c_str(), stdout);
  return exit_code::ok;
}

exit_code command_dht_put(const common_options& common, const dht_options& o) {
  const auto value = input_of(o.value);
  if (!value) return report(value.error());
  node_client client(node_directory(common.directory));
  const auto j = client.post("/v1/dht/put?name=" + url_encoded(o.key), *value);
  return print_answer(common, j, [](const json& told) {
    return told.value("key", "") + "\nstored by " + told["copies"].dump() + " peers  "
           + trace_text(told);
  });
}

exit_code command_dht_get(const common_options& common, const dht_options& o) {
  node_client client(node_directory(common.directory));
  const auto j = client.get("/v1/dht/get?key=" + url_encoded(o.key));
  if (!j) return report(j.error());
  if (common.json) {
    std::fputs(line_of(*j).c_str(), stdout);
    return exit_code::ok;
  }
  std::printf("%s\n", content_of(*j).c_str());
  // The value alone goes to standard output: it may be piped on.
  std::fprintf(stderr, "%s\n", trace_text(*j).c_str());
  return exit_code::ok;
}

exit_code command_dht_provide(const common_options& common, const dht_options& o) {
  node_client client(node_directory(common.directory));
  const auto j = client.post("/v1/dht/provide?key=" + url_encoded(o.key));
  return print_answer(common, j, [](const json& told) {
    return "announced to " + told["copies"].dump() + " peers  " + trace_text(told);
  });
}

exit_code command_dht_find_providers(const common_options& common, const dht_options& o) {
  node_client client(node_directory(common.directory));
  const auto j = client.get("/v1/dht/providers?key=" + url_encoded(o.key)
                            + "&count=" + std::to_string(o.count));
  return print_answer(common, j,
                      [](const json& told) { return peers_text(told, "nobody provides it"); });
}

exit_code command_dht_status(const common_options& common, const dht_options&) {
  const auto j = node_client(node_directory(common.directory)).get("/v1/dht/status");
  return print_answer(common, j, [](const json& told) {
    const auto size = told["network_size"];
    auto text = std::string(told.value("server", true) ? "server" : "client") + ", "
                + told["table_peers"].dump() + " peers in the table, " + told["known_peers"].dump()
                + " known\n" + told["records"].dump() + " records (" + told["own_records"].dump()
                + " own), " + told["providers"].dump() + " providers\n"
                + (size.is_null() ? "the size of the network is not known yet"
                                  : "about " + size.dump() + " servers in the network");
    std::vector<std::vector<std::string>> rows{{"COMMON BITS", "PEERS", "REPLACEMENTS"}};
    for (const auto& b : told["buckets"])
      rows.push_back({b["common_bits"].dump(), b["peers"].dump(), b["replacements"].dump()});
    if (rows.size() > 1) {
      auto table = format_table(rows, {0, 1, 2});
      table.pop_back();
      text += "\n" + table;
    }
    return text;
  });
}

exit_code command_dht_find_peer(const common_options& common, const dht_options& o) {
  node_client client(node_directory(common.directory));
  const auto j = client.get("/v1/dht/peer?id=" + url_encoded(o.key));
  return print_answer(common, j,
                      [](const json& told) { return peers_text(told, "the peer was not found"); });
}

}  // namespace weft::node
