// SPDX-License-Identifier: MIT
#include "node/admin_streams.hpp"

#include "node/admin_json.hpp"
#include "node/answer.hpp"
#include "node/files.hpp"

#include <charconv>
#include <filesystem>
#include <set>

namespace weft::node {

namespace {

constexpr std::size_t lines_waiting_max = 4096;
/// How often a waiting stream looks whether its reader is still there.
constexpr duration heartbeat = std::chrono::seconds(1);
constexpr std::string_view line_type = "application/x-ndjson";

duration to_duration(double seconds) {
  return std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds));
}

/// Passes lines on until the queue is closed, the reader is gone or the node stops.
void pump(line_queue& lines, http_writer& out) {
  while (!lines.finished()) {
    const auto line = lines.pop(heartbeat);
    // A blank line is ignored by readers and fails when the reader is gone.
    if (!out.write(line ? *line : "\n")) return;
  }
}

template <class Start>
http_response streamed(Start start) {
  http_response response;
  response.content_type = line_type;
  response.stream = [start = std::move(start)](http_writer& out) {
    const auto lines = std::make_shared<line_queue>(lines_waiting_max);
    start(lines);
    pump(*lines, out);
  };
  return response;
}

/// Remembers the latest ids only.
class recent_ids {
 public:
  bool insert(const actors::inbox_message& m) {
    if (seen_.size() >= ids_max) seen_.clear();
    return seen_.insert(m.from.to_string() + m.id).second;
  }

 private:
  static constexpr std::size_t ids_max = 10'000;
  std::set<std::string> seen_;
};

void follow(node_context& node, http_writer& out) {
  const auto arrived = std::make_shared<line_queue>(1);
  // A message only wakes this thread; what is shown comes from the inbox, so a slow reader loses
  // nothing.
  const auto subscription
      = node.runtime.follow([arrived](const actors::inbox_message&) { arrived->push("x"); });
  recent_ids seen;
  for (bool open = true; open;) {
    answer<std::vector<actors::inbox_message>> asked;
    node.runtime.inbox({}, asked.callback());
    const auto messages = asked.wait();
    if (!messages) {
      out.write(line_of(error_view(messages.error())));
      break;
    }
    bool fresh = false;
    for (const auto& m : *messages) {
      if (!seen.insert(m)) continue;
      fresh = true;
      open = open && out.write(line_of({{"message", view(m)}}));
    }
    // The reader marks what it has shown; a full page that is all known means it has not done so
    // yet.
    while (open && !fresh && !arrived->pop(heartbeat)) open = out.write("\n");
  }
  node.runtime.unfollow(subscription);
}

result<actors::ping_request> ping_of(const http_request& request) {
  actors::ping_request ping;
  WEFT_TRY(ping.to, resolve_target(request.get("to")));
  WEFT_TRY(const auto count, number_of(request, "count", 1, 1'000'000));
  WEFT_TRY(const auto interval, number_of(request, "interval", 0, 3600));
  WEFT_TRY(const auto timeout, number_of(request, "timeout", 0.001, 3600));
  ping.rounds = static_cast<std::uint32_t>(count);
  ping.interval = to_duration(interval);
  ping.timeout = to_duration(timeout);
  return ping;
}

result<actors::send_request> send_of(const http_request& request, const config& c) {
  actors::send_request send;
  WEFT_TRY(send.to, parse_peer(request.get("to")));
  send.durable = request.get("volatile") != "1";
  send.timeout = c.process.ack_timeout;
  if (request.has("timeout")) {
    WEFT_TRY(const auto timeout, number_of(request, "timeout", 0, 31'536'000));
    send.timeout = to_duration(timeout);
  }
  if (request.has("hops")) {
    WEFT_TRY(const auto hops, number_of(request, "hops", 1, 255));
    send.hop_limit = static_cast<std::uint8_t>(hops);
  }
  if (!request.has("file")) {
    send.body = to_buffer(as_bytes(request.body));
    return send;
  }
  send.file = request.get("file");
  if (!send.file.starts_with('/'))
    return fail(ec::bad_argument, "the file must be an absolute path");
  if (!file_exists(send.file))
    return fail(ec::not_found, "there is no file " + send.file + " that the node can see");
  std::error_code wrong;
  const auto size = std::filesystem::file_size(send.file, wrong);
  // What fits into one frame travels as a plain message: no file on the other side.
  if (!wrong && size <= c.messages.fragment_bytes) {
    WEFT_TRY(const auto content, read_file(send.file, c.messages.fragment_bytes));
    send.body = to_buffer(as_bytes(content));
    send.file.clear();
  }
  return send;
}

result<actors::bench_request> bench_of(const json& j) {
  actors::bench_request bench;
  WEFT_TRY(bench.kind, actors::parse_bench_kind(j.value("kind", "")));
  if (j.contains("to")) {
    WEFT_TRY(bench.to, resolve_target(j.value("to", "")));
  }
  bench.samples = j.value("samples", bench.samples);
  bench.upload_bytes = j.value("upload_bytes", bench.upload_bytes);
  bench.download_bytes = j.value("download_bytes", bench.download_bytes);
  bench.body_bytes = j.value("body_bytes", bench.body_bytes);
  bench.durable = j.value("durable", bench.durable);
  bench.window = j.value("window", bench.window);
  bench.rate_per_second = j.value("rate_per_second", bench.rate_per_second);
  bench.receivers = j.value("receivers", bench.receivers);
  bench.limit = to_duration(j.value("limit_seconds", to_seconds(bench.limit)));
  if (bench.samples == 0 || bench.samples > actors::bench_request::samples_max)
    return fail(ec::bad_argument,
                "samples must be 1 to " + std::to_string(actors::bench_request::samples_max));
  return bench;
}

}  // namespace

result<double> number_of(const http_request& request, std::string_view name, double least,
                         double most) {
  const auto text = request.get(name);
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && value >= least
      && value <= most)
    return value;
  return fail(ec::bad_argument, "'" + std::string(name) + "' is missing or out of range: '"
                                    + std::string(text) + "'");
}

http_response stream_follow(node_context& node, const http_request&) {
  http_response response;
  response.content_type = line_type;
  response.stream = [&node](http_writer& out) { follow(node, out); };
  return response;
}

http_response stream_ping(node_context& node, const http_request& request) {
  const auto ping = ping_of(request);
  if (!ping) return error_answer(ping.error());
  return streamed([&node, ping = *ping](const std::shared_ptr<line_queue>& lines) {
    node.runtime.ping(
        ping,
        [lines](const actors::ping_round& round) {
          lines->push(line_of({{"round", view(round)}}));
        },
        [lines](const result<actors::ping_report>& report) {
          lines->push(
              line_of(report ? json{{"summary", view(*report)}} : error_view(report.error())));
          lines->close();
        });
  });
}

http_response stream_send(node_context& node, const http_request& request) {
  auto send = send_of(request, node.current());
  if (!send) return error_answer(send.error());
  return streamed([&node, send = std::move(*send)](const std::shared_ptr<line_queue>& lines) {
    node.runtime.send(
        send,
        [lines](const actors::transfer_progress& p) {
          lines->push(line_of({{"progress", view(p)}}));
        },
        [lines](const result<actors::receipt>& receipt) {
          lines->push(
              line_of(receipt ? json{{"receipt", view(*receipt)}} : error_view(receipt.error())));
          lines->close();
        });
  });
}

http_response post_bench(node_context& node, const http_request& request) {
  const auto j = json::parse(request.body, nullptr, false);
  if (!j.is_object()) return error_answer({ec::bad_argument, "expected a JSON object"});
  result<actors::bench_request> bench;
  try {
    bench = bench_of(j);
  } catch (const json::exception& e) {
    return error_answer({ec::bad_argument, e.what()});
  }
  if (!bench) return error_answer(bench.error());
  answer<actors::bench_result> asked;
  node.runtime.run_bench(*bench, asked.callback());
  const auto done = asked.wait();
  return done ? json_answer(view(*done)) : error_answer(done.error());
}

}  // namespace weft::node
