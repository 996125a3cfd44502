// SPDX-License-Identifier: MIT
// Goal: without a token a browser cannot be turned against the node: names that an attacker's DNS
// rebinds, pages of other sites, and machines that the status page is not for are refused.
#include "node/http_guard.hpp"

#include <gtest/gtest.h>

namespace weft::node {
namespace {

/// Status of the refusal; 200 when there is none.
int asked(const http_guard& guard, http_head head) {
  if (head.remote.empty()) head.remote = "127.0.0.1";
  const auto refused = guard(head);
  return refused ? refused->status : 200;
}

http_head to(std::string host, std::string path = "/v1/overview") {
  http_head head;
  head.path = std::move(path);
  head.hosts = {std::move(host)};
  return head;
}

struct guard_test : testing::Test {
  config::http_section settings;
  http_guard local() const { return make_http_guard(settings, "127.0.0.1"); }
  http_guard wide() const { return make_http_guard(settings, "0.0.0.0"); }
};

TEST(host_of, takes_the_name_from_an_authority) {
  EXPECT_EQ(host_of("localhost:9464"), "localhost");
  EXPECT_EQ(host_of("LocalHost"), "localhost");
  EXPECT_EQ(host_of("node.example.org.:80"), "node.example.org");
  EXPECT_EQ(host_of("[::1]:9464"), "::1");
  EXPECT_EQ(host_of("::1"), "::1");
  EXPECT_EQ(host_of("127.0.0.1:1"), "127.0.0.1");
  for (const auto* wrong : {"", ":80", "a b", "a:b", "a:123456", "[::1", "[x]:1", "[::1]x", "a/b",
                            "a:1:2", "user@a", "a\x01"})
    EXPECT_EQ(host_of(wrong), "") << wrong;
  EXPECT_EQ(host_of(std::string(300, 'a')), "");
}

TEST(loopback_host, is_this_machine_and_nothing_like_it) {
  for (const auto* own :
       {"localhost", "a.localhost", "127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback_host(own)) << own;
  for (const auto* other : {"", "localhost.example.org", "xlocalhost", "127.0.0.1.example.org",
                            "128.0.0.1", "::2", "0.0.0.0", "::ffff:10.0.0.1", "0x7f.1"})
    EXPECT_FALSE(is_loopback_host(other)) << other;
}

TEST_F(guard_test, loopback_listener_answers_to_loopback_names_alone) {
  for (const auto* path : {"/", "/v1/overview", "/status", "/metrics", "/page/icon.svg"}) {
    EXPECT_EQ(asked(local(), to("127.0.0.1:9464", path)), 200) << path;
    EXPECT_EQ(asked(local(), to("localhost:9464", path)), 200) << path;
    EXPECT_EQ(asked(local(), to("[::1]:9464", path)), 200) << path;
    EXPECT_EQ(asked(local(), to("rebound.example.com:9464", path)), 421) << path;
    EXPECT_EQ(asked(local(), to("192.0.2.1", path)), 421) << path;
    EXPECT_EQ(asked(local(), to("a b", path)), 400) << path;
  }
  settings.hosts = {"node.example.org"};
  EXPECT_EQ(asked(local(), to("node.example.org")), 200);
}

TEST_F(guard_test, what_names_no_host_is_no_browser) {
  auto head = to("x");
  head.hosts.clear();
  EXPECT_EQ(asked(local(), head), 200);
  head.hosts = {"localhost", "rebound.example.com"};
  EXPECT_EQ(asked(local(), head), 400);
}

TEST_F(guard_test, listener_of_a_network_shows_metrics_under_any_name_and_the_page_by_address) {
  settings.page = "any";
  EXPECT_EQ(asked(wide(), to("seed:9464", "/metrics")), 200);
  EXPECT_EQ(asked(wide(), to("seed:9464", "/readyz")), 200);
  EXPECT_EQ(asked(wide(), to("seed:9464")), 421);
  EXPECT_EQ(asked(wide(), to("192.0.2.1:9464")), 200);
  EXPECT_EQ(asked(wide(), to("[2001:db8::1]")), 200);
  settings.hosts = {"seed"};
  EXPECT_EQ(asked(wide(), to("seed:9464")), 200);
}

TEST_F(guard_test, pages_of_other_origins_read_nothing) {
  for (const auto* path : {"/v1/overview", "/status", "/metrics"}) {
    auto head = to("localhost:9464", path);
    head.fetch_site = "same-origin";
    head.origin = "http://localhost:9464";
    EXPECT_EQ(asked(local(), head), 200);
    for (const auto* site : {"cross-site", "same-site", "anything"}) {
      head.fetch_site = site;
      EXPECT_EQ(asked(local(), head), 403) << site;
      head.fetch_mode = "navigate";
      EXPECT_EQ(asked(local(), head), 403) << site;
      head.fetch_mode.clear();
    }
    head.fetch_site.clear();
    for (const auto* origin : {"http://localhost:1", "https://localhost:9464", "null",
                               "http://localhost:9464.example.com"}) {
      head.origin = origin;
      EXPECT_EQ(asked(local(), head), 403) << origin;
    }
  }
}

TEST_F(guard_test, link_to_the_page_may_be_followed) {
  auto head = to("localhost:9464", "/");
  head.fetch_site = "cross-site";
  EXPECT_EQ(asked(local(), head), 403);
  head.fetch_mode = "navigate";
  EXPECT_EQ(asked(local(), head), 200);
}

TEST_F(guard_test, page_is_for_whom_the_configuration_says) {
  auto head = to("192.0.2.1");
  head.remote = "192.0.2.7";
  auto metrics = to("192.0.2.1", "/metrics");
  metrics.remote = head.remote;
  EXPECT_EQ(asked(wide(), head), 403);
  EXPECT_EQ(asked(wide(), metrics), 200);
  head.remote = "::ffff:127.0.0.1";
  EXPECT_EQ(asked(wide(), head), 200);
  settings.page = "any";
  head.remote = "192.0.2.7";
  EXPECT_EQ(asked(wide(), head), 200);
  settings.page = "off";
  head.remote = "127.0.0.1";
  EXPECT_EQ(asked(wide(), head), 404);
  EXPECT_EQ(asked(wide(), metrics), 200);
}

}  // namespace
}  // namespace weft::node
