// SPDX-License-Identifier: MIT
// Goal: the small HTTP layer answers, streams, refuses beyond its limits and ends when told.
// Method: a server with handlers of the test's own on a unix socket and on loopback, and the
// product's client.
#include "node/http.hpp"

#include "node/answer.hpp"
#include "tests/node/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace weft::node {
namespace {

http_response text(std::string body) { return {200, "text/plain", std::move(body), {}}; }

struct http_test : testing::Test {
  temporary_directory d;
  std::string socket = d / "s.sock";
  std::atomic<int> streaming{0};

  http_routes routes() {
    http_routes r;
    r["GET /hello"]
        = [](const http_request& q) { return text("hello " + std::string(q.get("name"))); };
    r["POST /length"] = [](const http_request& q) { return text(std::to_string(q.body.size())); };
    r["GET /lines"] = [](const http_request&) {
      http_response response;
      response.stream = [](http_writer& out) {
        for (const auto* part : {"one\nt", "wo\n", "\n", "three\n"}) out.write(part);
      };
      return response;
    };
    r["GET /forever"] = [this](const http_request&) {
      http_response response;
      response.stream = [this](http_writer& out) {
        ++streaming;
        line_queue nothing(1);
        while (out.write("x\n")) nothing.pop(std::chrono::milliseconds(5));
        --streaming;
      };
      return response;
    };
    return r;
  }
  std::unique_ptr<http_server> serve(http_limits limits = {}) {
    auto server = http_server::listen_unix(socket, routes(), limits);
    EXPECT_TRUE(server) << to_string(server.error());
    return std::move(*server);
  }
};

TEST_F(http_test, answers_with_query_and_body) {
  const auto server = serve();
  http_client client(socket);
  EXPECT_EQ(client.call("GET", "/hello?name=" + url_encoded("a b&c=ä"))->body, "hello a b&c=ä");
  EXPECT_EQ(client.call("POST", "/length", std::string(100'000, '\0'))->body, "100000");
  EXPECT_EQ(client.call("POST", "/length")->body, "0");
  const auto unknown = client.call("GET", "/nothing");
  EXPECT_EQ(unknown->status, 404);
  EXPECT_EQ(server->requests(), 4U);
  EXPECT_EQ(server->rejected(), 1U);
}

TEST_F(http_test, socket_is_private_and_goes_away) {
  put(socket, "left by a crash");
  {
    const auto server = serve();
    struct stat info {};
    ASSERT_EQ(::stat(socket.c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
  }
  EXPECT_FALSE(std::filesystem::exists(socket));
  EXPECT_EQ(http_client(socket).call("GET", "/hello").error().code, ec::not_running);
}

TEST_F(http_test, too_long_socket_path_is_explained) {
  const auto server = http_server::listen_unix(d / std::string(200, 'x'), routes(), {});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ec::oversized);
}

TEST_F(http_test, streams_are_cut_into_lines_without_blank_ones) {
  const auto server = serve();
  std::vector<std::string> lines;
  const auto done = http_client(socket).call("GET", "/lines", {}, [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(http_test, reader_may_leave_a_stream) {
  const auto server = serve();
  int seen = 0;
  ASSERT_TRUE(http_client(socket).call("GET", "/forever", {},
                                       [&](std::string_view) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3);
  while (streaming != 0) std::this_thread::yield();
}

TEST_F(http_test, streams_beyond_the_limit_are_refused_and_plain_requests_still_served) {
  auto server = serve({.workers_max = 4, .body_bytes_max = 1000, .streams_max = 2});
  std::vector<std::future<void>> readers;
  for (int i = 0; i < 2; ++i)
    readers.push_back(std::async(std::launch::async, [&] {
      (void)http_client(socket).call("GET", "/forever", {}, [](std::string_view) { return true; });
    }));
  while (streaming != 2) std::this_thread::yield();
  http_client client(socket);
  const auto refused = client.call("GET", "/forever");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(server->streams_refused(), 1U);
  EXPECT_EQ(client.call("GET", "/hello")->status, 200);
  server->stop();
  for (auto& reader : readers) reader.get();
  EXPECT_EQ(streaming, 0);
}

TEST_F(http_test, body_beyond_the_limit_is_refused) {
  const auto server = serve({.workers_max = 4, .body_bytes_max = 1000, .streams_max = 2});
  const auto reply = http_client(socket).call("POST", "/length", std::string(1001, 'x'));
  EXPECT_TRUE(!reply || reply->status == 413);
  EXPECT_EQ(http_client(socket).call("POST", "/length", std::string(1000, 'x'))->body, "1000");
}

TEST_F(http_test, more_clients_than_workers_are_all_served) {
  const auto server = serve({.workers_max = 2, .body_bytes_max = 1000, .streams_max = 1});
  std::vector<std::future<bool>> clients;
  for (int i = 0; i < 16; ++i)
    clients.push_back(std::async(std::launch::async, [&] {
      const auto reply = http_client(socket).call("GET", "/hello?name=x");
      // The kernel's queue is short: a refused connection is an answer, too.
      return reply ? reply->body == "hello x" : reply.error().code == ec::not_running;
    }));
  for (auto& client : clients) EXPECT_TRUE(client.get());
}

TEST(http_tcp, port_in_use_is_named) {
  const auto first = http_server::listen_tcp("127.0.0.1", 0, {}, {});
  ASSERT_TRUE(first) << to_string(first.error());
  ASSERT_GT((*first)->port(), 0);
  const auto second = http_server::listen_tcp("127.0.0.1", (*first)->port(), {}, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ec::in_use);
  EXPECT_NE(second.error().detail.find(std::to_string((*first)->port())), std::string::npos);
}

TEST(line_queue, oldest_line_makes_room_and_is_counted) {
  line_queue lines(2);
  for (const auto* text : {"a", "b", "c"}) lines.push(text);
  EXPECT_EQ(lines.dropped(), 1U);
  EXPECT_EQ(lines.pop(duration::zero()), "b");
  EXPECT_EQ(lines.pop(duration::zero()), "c");
  EXPECT_EQ(lines.pop(duration::zero()), std::nullopt);
  EXPECT_FALSE(lines.finished());
  lines.close();
  EXPECT_TRUE(lines.finished());
}

}  // namespace
}  // namespace weft::node
