// SPDX-License-Identifier: MIT
#include "node/http.hpp"

#include <httplib.h>

namespace weft::node {

namespace {

constexpr std::size_t line_bytes_max = 64 * 1024 * 1024;

error failure(httplib::Error why, const std::string& where) {
  if (why == httplib::Error::Connection || why == httplib::Error::ConnectionTimeout)
    return {ec::not_running, "nobody listens on " + where};
  if (why == httplib::Error::Canceled) return {ec::cancelled, "the request was ended"};
  return {ec::closed, "the answer from " + where + " broke off (" + httplib::to_string(why) + ")"};
}

/// Cuts what arrives into lines; keeps an unfinished one.
class line_splitter {
 public:
  explicit line_splitter(const std::function<bool(std::string_view)>& on_line)
      : on_line_(on_line) {}
  bool take(std::string_view text) {
    pending_.append(text);
    std::size_t begin = 0;
    for (auto end = pending_.find('\n'); end != std::string::npos;
         end = pending_.find('\n', begin)) {
      const auto line = std::string_view(pending_).substr(begin, end - begin);
      begin = end + 1;
      // Blank lines only prove that the other side is alive.
      if (!line.empty() && !on_line_(line)) return false;
    }
    pending_.erase(0, begin);
    return pending_.size() <= line_bytes_max;
  }

 private:
  const std::function<bool(std::string_view)>& on_line_;
  std::string pending_;
};

}  // namespace

result<http_client::reply> http_client::call(std::string_view method, const std::string& target,
                                             const std::string& body,
                                             const std::function<bool(std::string_view)>& on_line) {
  const bool local = !unix_socket_.empty();
  httplib::ClientImpl client(local ? unix_socket_ : host_, local ? 80 : port_);
  if (local) client.set_address_family(AF_UNIX);
  client.set_connection_timeout(5);
  // The node answers within the time the command itself allows; a broken connection is noticed at
  // once.
  client.set_read_timeout(std::chrono::hours(24 * 365));
  client.set_write_timeout(30);
  httplib::Request request;
  request.method = method;
  request.path = target;
  request.headers.emplace("Host", "localhost");
  if (!body.empty()) request.headers.emplace("Content-Type", "application/octet-stream");
  request.body = body;
  reply answer;
  line_splitter lines(on_line);
  bool ended_here = false;
  if (on_line) {
    request.response_handler = [&](const httplib::Response& head) {
      answer.status = head.status;
      return true;
    };
    request.content_receiver
        = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
            if (answer.status != 200) {
              answer.body.append(data, size);
              return true;
            }
            ended_here = !lines.take({data, size});
            return !ended_here;
          };
  }
  httplib::Response response;
  auto why = httplib::Error::Success;
  const bool done = client.send(request, response, why);
  if (ended_here) return answer;
  if (!done) return fail(failure(why, local ? unix_socket_ : host_ + ":" + std::to_string(port_)));
  answer.status = response.status;
  if (!on_line) answer.body = std::move(response.body);
  return answer;
}

std::string url_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char x : text) {
    const auto byte = static_cast<unsigned char>(x);
    if (std::isalnum(byte) || x == '-' || x == '_' || x == '.' || x == '~') {
      out += x;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

}  // namespace weft::node
