// SPDX-License-Identifier: MIT
// Goal: names in addresses are recognised, looked up, kept right and never block their owner.
// Method: a name service made here, with answers, failures and delays on demand.
#include "node/name_watch.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

namespace weft::node {
namespace {

using namespace std::chrono_literals;
using transport::io::name_answer;
using transport::io::name_family;

constexpr std::string_view peer = "/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";

multiaddr address(const std::string& text) {
  return multiaddr::parse(text + std::string(peer)).value();
}
ip_endpoint ip(std::uint8_t last) {
  ip_endpoint e;
  e.address = {192, 0, 2, last};
  return e;
}

TEST(named_address, knows_names_from_numbers) {
  const auto name = name_of(address("/dns4/node-1.example.org/udp/4001/quic-v1"));
  ASSERT_TRUE(name);
  EXPECT_EQ(name->name, "node-1.example.org");
  EXPECT_EQ(name->family, name_family::v4);
  EXPECT_EQ(name_of(address("/dns6/a/udp/1/quic-v1"))->family, name_family::v6);
  EXPECT_EQ(name_of(address("/dns/a.b./udp/1/quic-v1"))->family, name_family::any);
  EXPECT_FALSE(name_of(address("/ip4/192.0.2.1/udp/1/quic-v1")));
  EXPECT_FALSE(name_of(address("/dnsaddr/a/udp/1/quic-v1")));
  EXPECT_FALSE(name_of({}));
}

TEST(named_address, refuses_what_cannot_be_a_name) {
  const std::string label(63, 'x');
  EXPECT_TRUE(dialable(address("/dns4/" + label + ".org/udp/1/quic-v1")));
  for (const auto& wrong :
       {std::string("a..b"), std::string("a b"), std::string("."), label + "x",
        label + "." + label + "." + label + "." + label, std::string("a\nb"), std::string("é")}) {
    const auto parsed = multiaddr::parse("/dns4/" + wrong + "/udp/1/quic-v1");
    EXPECT_FALSE(parsed && dialable(*parsed)) << wrong;
  }
  EXPECT_FALSE(dialable(address("/dns4/a/udp/1")));
  EXPECT_FALSE(dialable(address("/dns4/a/tcp/1")));
}

TEST(named_address, keeps_what_stands_behind_the_name) {
  ip_endpoint six;
  six.v6 = true;
  six.address[15] = 1;
  const auto numbers = with_addresses(address("/dns/a/udp/4001/quic-v1"), {ip(1), six});
  ASSERT_EQ(numbers.size(), 2U);
  EXPECT_EQ(numbers[0], address("/ip4/192.0.2.1/udp/4001/quic-v1"));
  EXPECT_EQ(numbers[1], address("/ip6/::1/udp/4001/quic-v1"));
}

TEST(named_address, targets_are_looked_up) {
  const auto here = resolve_target("/dns4/localhost/udp/4001/quic-v1");
  ASSERT_TRUE(here) << to_string(here.error());
  EXPECT_FALSE(here->peer);
  ASSERT_FALSE(here->addresses.empty());
  EXPECT_TRUE(here->addresses.front().quic_v1_endpoint()->loopback());
  EXPECT_EQ(resolve_target("/dns4/a b/udp/1/quic-v1").error().code, ec::bad_argument);
  EXPECT_EQ(resolve_target("/nonsense").error().code, ec::bad_argument);
  EXPECT_EQ(resolve_target("nonsense").error().code, ec::bad_argument);
}

/// A name service. Shared with the watch's thread, which may outlive a test inside a look-up.
struct name_service {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::vector<ip_endpoint>> zone;
  std::vector<std::vector<multiaddr>> told;
  int asked = 0;
  bool stuck = false;

  result<name_answer> answer(const std::string& name) {
    std::unique_lock lock(mutex);
    ++asked;
    changed.notify_all();
    changed.wait(lock, [&] { return !stuck; });
    const auto found = zone.find(name);
    if (found == zone.end()) return fail(ec::not_found, "no " + name);
    return transport::io::bounded_answer(found->second);
  }
  /// Changes something under the lock.
  template <class Change>
  void set(Change change) {
    const std::lock_guard lock(mutex);
    change();
    changed.notify_all();
  }
  template <class Condition>
  bool soon(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), condition);
  }
};

struct name_watch_test : testing::Test {
  std::shared_ptr<name_service> s = std::make_shared<name_service>();
  std::vector<multiaddr> applied;
  name_watch watch{[s = s](const std::string& name, name_family) { return s->answer(name); },
                   [s = s](std::vector<multiaddr> list) {
                     s->set([&] { s->told.push_back(std::move(list)); });
                   }};

  void start(std::vector<multiaddr> addresses, duration interval = 20ms) {
    watch.watch(std::move(addresses), interval,
                [&](std::vector<multiaddr> list) { applied = std::move(list); });
  }
};

TEST_F(name_watch_test, tells_numbers_at_once_and_names_when_they_are_known) {
  s->zone["a"] = {ip(1)};
  start({address("/ip4/192.0.2.9/udp/1/quic-v1"), address("/dns4/a/udp/1/quic-v1")});
  EXPECT_EQ(applied, std::vector{address("/ip4/192.0.2.9/udp/1/quic-v1")});
  ASSERT_TRUE(s->soon([&] { return s->told.size() == 1; }));
  EXPECT_EQ(s->told[0], (std::vector{address("/ip4/192.0.2.9/udp/1/quic-v1"),
                                     address("/ip4/192.0.2.1/udp/1/quic-v1")}));
}

TEST_F(name_watch_test, follows_a_name_that_moves_and_is_quiet_otherwise) {
  s->zone["a"] = {ip(1)};
  start({address("/dns4/a/udp/1/quic-v1")}, 1ms);
  ASSERT_TRUE(s->soon([&] { return s->told.size() == 1 && s->asked > 5; }));
  s->set([&] { s->zone["a"] = {ip(2)}; });
  ASSERT_TRUE(s->soon([&] { return s->told.size() == 2; }));
  EXPECT_EQ(s->told[1], std::vector{address("/ip4/192.0.2.2/udp/1/quic-v1")});
}

TEST_F(name_watch_test, keeps_the_last_answer_of_a_name_that_is_gone) {
  s->zone["a"] = {ip(1)};
  start({address("/dns4/a/udp/1/quic-v1")}, 1ms);
  ASSERT_TRUE(s->soon([&] { return s->told.size() == 1; }));
  int before = 0;
  s->set([&] {
    s->zone.clear();
    before = s->asked;
  });
  ASSERT_TRUE(s->soon([&] { return s->asked > before + 3; }));
  EXPECT_EQ(s->told.size(), 1U);
  const auto names = watch.names();
  EXPECT_EQ(names.known, 1U);
  EXPECT_TRUE(names.ok());
  EXPECT_NE(names.text().find("no a"), std::string::npos) << names.text();
}

TEST_F(name_watch_test, asks_again_after_a_failure_and_is_not_ready_meanwhile) {
  start({address("/dns4/a/udp/1/quic-v1")}, 5ms);
  ASSERT_TRUE(s->soon([&] { return s->asked > 2; }));
  EXPECT_FALSE(watch.names().ok());
  EXPECT_EQ(watch.names().names, 1U);
  s->set([&] { s->zone["a"] = {ip(1)}; });
  ASSERT_TRUE(s->soon([&] { return s->told.size() == 1; }));
  EXPECT_TRUE(watch.names().ok());
}

TEST_F(name_watch_test, a_new_list_replaces_the_old_one_and_keeps_what_is_known) {
  s->zone["a"] = {ip(1)};
  s->zone["b"] = {ip(2)};
  start({address("/dns4/a/udp/1/quic-v1")}, 1h);
  ASSERT_TRUE(s->soon([&] { return s->told.size() == 1; }));
  start({address("/dns4/a/udp/7/quic-v1"), address("/dns4/b/udp/8/quic-v1")}, 1h);
  EXPECT_EQ(applied, std::vector{address("/ip4/192.0.2.1/udp/7/quic-v1")});
  ASSERT_TRUE(s->soon([&] { return s->told.size() == 2; }));
  EXPECT_EQ(s->told[1], (std::vector{address("/ip4/192.0.2.1/udp/7/quic-v1"),
                                     address("/ip4/192.0.2.2/udp/8/quic-v1")}));
  start({}, 1h);
  EXPECT_TRUE(applied.empty());
  EXPECT_EQ(watch.names().names, 0U);
}

TEST_F(name_watch_test, a_stuck_name_service_holds_up_nobody) {
  s->set([&] { s->stuck = true; });
  start({address("/dns4/a/udp/1/quic-v1")}, 1ms);
  ASSERT_TRUE(s->soon([&] { return s->asked == 1; }));
  // Each of these would hang if the lock were held during a look-up.
  EXPECT_EQ(watch.names().known, 0U);
  start({address("/dns4/b/udp/1/quic-v1")}, 1ms);
  watch.stop();
  s->set([&] {
    s->stuck = false;
    s->zone["a"] = s->zone["b"] = {ip(1)};
  });
  EXPECT_TRUE(s->told.empty()) << "an answer after the end is nobody's";
}

struct counts final : metrics::visitor {
  std::map<std::string, double, std::less<>> values;
  void on_counter(std::string_view name, std::string_view, metrics::labels l, double v) override {
    values[std::string(name) + (l.size() ? "/" + std::string(l.begin()->value) : "")] = v;
  }
  void on_gauge(std::string_view name, std::string_view help, metrics::labels l,
                double v) override {
    on_counter(name, help, l, v);
  }
  void on_histogram(std::string_view, std::string_view, metrics::labels, std::span<const double>,
                    std::span<const metrics::counter>, double) override {}
};

TEST_F(name_watch_test, counts_look_ups_and_addresses_beyond_the_limit) {
  for (std::uint8_t i = 0; i < 20; ++i) s->zone["many"].push_back(ip(i));
  start({address("/dns4/many/udp/1/quic-v1"), address("/dns4/none/udp/1/quic-v1")}, 1h);
  ASSERT_TRUE(s->soon([&] { return s->told.size() == 1; }));
  EXPECT_EQ(s->told[0].size(), transport::io::addresses_per_name_max);
  counts c;
  watch.collect(c);
  EXPECT_EQ(c.values["weft_names/configured"], 2);
  EXPECT_EQ(c.values["weft_names/known"], 1);
  EXPECT_EQ(c.values["weft_name_lookups_total/found"], 1);
  EXPECT_EQ(c.values["weft_name_lookups_total/failed"], 1);
  EXPECT_EQ(c.values["weft_name_addresses_dropped_total"],
            20 - transport::io::addresses_per_name_max);
}

}  // namespace
}  // namespace weft::node
