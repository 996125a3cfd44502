// SPDX-License-Identifier: MIT
// Goal: the daemon does what the command line promises: sessions, pings, messages, health, reload,
// drain, refusals. Method: real node processes on loopback, spoken to with the real command line.
#include "tests/node/temporary_directory.hpp"
#include "tests/node/weft_process.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <sys/stat.h>

namespace weft::node {
namespace {

using nlohmann::json;

struct daemon_test : testing::Test {
  temporary_directory d;

  std::string make(const std::string& name) {
    const auto directory = d / name;
    const auto made = run_weft({"init", "--dir", directory, "--profile", "test"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return directory;
  }
  static json status(const running_node& n) { return json::parse(n.ask({"status", "--json"}).out); }
  static std::string address(const running_node& n) {
    const auto s = status(n);
    const auto listening = s["listening"][0].get<std::string>();
    return listening.find("/p2p/") == std::string::npos
               ? listening + "/p2p/" + s["peer"].get<std::string>()
               : listening;
  }
  static std::vector<json> lines(const std::string& text) {
    std::vector<json> all;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      all.push_back(json::parse(text.substr(at, end - at)));
      at = end + 1;
    }
    return all;
  }
};

TEST_F(daemon_test, two_nodes_connect_ping_and_exchange_messages) {
  running_node a(make("a"));
  running_node b(make("b"));
  ASSERT_TRUE(a.wait_ready()) << a.log();
  ASSERT_TRUE(b.wait_ready()) << b.log();
  const auto peer_a = status(a)["peer"].get<std::string>();
  const auto peer_b = status(b)["peer"].get<std::string>();

  const auto connected = a.ask({"connect", address(b), "--json"});
  ASSERT_EQ(connected.exit_code, 0) << connected.err;
  EXPECT_EQ(json::parse(connected.out)["peer"], peer_b);
  EXPECT_GT(json::parse(connected.out)["handshake_seconds"].get<double>(), 0);
  EXPECT_TRUE(json::parse(a.ask({"connect", address(b), "--json"}).out)["existed"].get<bool>());

  const auto peers = json::parse(a.ask({"peers", "--json"}).out)["sessions"];
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0]["peer"], peer_b);
  EXPECT_EQ(peers[0]["transport"], "quic-v1");

  const auto ping = a.ask({"ping", peer_b, "-c", "3", "-i", "0", "--json"});
  ASSERT_EQ(ping.exit_code, 0) << ping.err;
  const auto rounds = lines(ping.out);
  ASSERT_EQ(rounds.size(), 4U) << ping.out;
  EXPECT_EQ(rounds[0]["round"]["path"], "direct");
  EXPECT_EQ(rounds[3]["summary"]["received"], 3);

  const auto sent = a.ask({"send", peer_b, "hello", "--json"});
  ASSERT_EQ(sent.exit_code, 0) << sent.err;
  const auto receipt = lines(sent.out).back()["receipt"];
  EXPECT_EQ(receipt["hops"], 1);
  EXPECT_EQ(receipt["bytes"], 5);
  const auto received = lines(b.ask({"recv", "--json"}).out);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0]["text"], "hello");
  EXPECT_EQ(received[0]["from"], peer_a);
  EXPECT_EQ(received[0]["id"], receipt["id"]);
  EXPECT_EQ(b.ask({"recv", "--json"}).out, "") << "a message is shown once";

  ASSERT_EQ(a.ask({"disconnect", peer_b}).exit_code, 0);
}

TEST_F(daemon_test, files_and_standard_input_arrive_unchanged) {
  running_node a(make("a"));
  running_node b(make("b"));
  ASSERT_TRUE(a.wait_ready() && b.wait_ready());
  const auto peer_b = status(b)["peer"].get<std::string>();
  ASSERT_EQ(a.ask({"connect", address(b)}).exit_code, 0);
  std::string big(3'000'000, 'x');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 2654435761U >> 13);
  put(d / "big", big);
  const auto sent = a.ask({"send", peer_b, "--file", d / "big"});
  ASSERT_EQ(sent.exit_code, 0) << sent.err;
  const auto piped
      = run_weft({"send", peer_b, "-", "--dir", a.directory()}, {}, std::string("a\0b", 3));
  ASSERT_EQ(piped.exit_code, 0) << piped.err;
  put(d / "small", "tiny");
  ASSERT_EQ(a.ask({"send", peer_b, "--file", d / "small"}).exit_code, 0);
  const auto received = lines(b.ask({"recv", "--json"}).out);
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(received[2]["text"], "tiny");
  EXPECT_EQ(received[0]["bytes"], big.size());
  EXPECT_EQ(content_of(received[0].value("file", "")), big);
  EXPECT_EQ(received[1]["text"], std::string("a\0b", 3));
}

TEST_F(daemon_test, health_and_exit_codes_tell_the_truth) {
  running_node a(make("a"));
  ASSERT_TRUE(a.wait_ready()) << a.log();
  EXPECT_EQ(a.ask({"health"}).exit_code, 0);
  EXPECT_EQ(a.ask({"ping", "nonsense"}).exit_code, 2);
  const std::string nobody = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
  EXPECT_EQ(a.ask({"disconnect", nobody}).exit_code, 5);
  EXPECT_EQ(a.ask({"routes", nobody}).exit_code, 5);
  const auto sent = a.ask({"send", nobody, "x", "--timeout", "0.3"});
  EXPECT_EQ(sent.exit_code, 6) << sent.err;
  EXPECT_EQ(a.ask({"send", nobody, "--file", d / "none"}).exit_code, 5);
  // Nobody listens on the discard port of loopback.
  EXPECT_EQ(a.ask({"connect", "/ip4/127.0.0.1/udp/9/quic-v1"}).exit_code, 6);
}

TEST_F(daemon_test, second_daemon_on_a_directory_exits_9) {
  running_node a(make("a"));
  ASSERT_TRUE(a.wait_ready()) << a.log();
  const auto second = a.ask({"run"});
  EXPECT_EQ(second.exit_code, 9);
  EXPECT_NE(second.err.find("already running"), std::string::npos) << second.err;
  EXPECT_EQ(a.ask({"health"}).exit_code, 0);
}

TEST_F(daemon_test, occupied_addresses_are_named) {
  running_node a(make("a"));
  ASSERT_TRUE(a.wait_ready()) << a.log();
  const auto b = make("b");
  const auto listening = status(a)["listening"][0].get<std::string>();
  const auto bare = listening.substr(0, listening.find("/p2p/"));
  const auto udp = run_weft({"run", "--dir", b, "--set", "network.listen=" + bare});
  EXPECT_EQ(udp.exit_code, 1) << udp.err;
  const auto port = bare.substr(bare.find("/udp/") + 5, bare.rfind('/') - bare.find("/udp/") - 5);
  EXPECT_NE(udp.err.find(port), std::string::npos) << udp.err;
  const auto http = run_weft(
      {"run", "--dir", b, "--set", "http.listen=" + status(a)["http"].get<std::string>()});
  EXPECT_EQ(http.exit_code, 1) << http.err;
  EXPECT_NE(http.err.find("in use"), std::string::npos) << http.err;
}

TEST_F(daemon_test, lax_or_damaged_key_files_stop_the_start) {
  const auto a = make("a");
  const auto key = a + "/identity.key";
  ::chmod(key.c_str(), 0644);
  const auto lax = run_weft({"run", "--dir", a});
  EXPECT_EQ(lax.exit_code, 8);
  EXPECT_NE(lax.err.find("chmod 600"), std::string::npos) << lax.err;
  ::chmod(key.c_str(), 0600);
  put(key, content_of(key).substr(0, 60));
  const auto damaged = run_weft({"run", "--dir", a});
  EXPECT_EQ(damaged.exit_code, 3);
  EXPECT_NE(damaged.err.find("damaged"), std::string::npos) << damaged.err;
}

TEST_F(daemon_test, sigterm_drains_and_exits_0) {
  running_node a(make("a"));
  ASSERT_TRUE(a.wait_ready()) << a.log();
  a.signal(SIGTERM);
  EXPECT_EQ(a.wait_end(15), 0) << a.log();
  EXPECT_FALSE(std::filesystem::exists(a.directory() + "/admin.sock"));
  running_node again(a.directory());
  EXPECT_TRUE(again.wait_ready()) << again.log();
}

TEST_F(daemon_test, reload_applies_what_it_can_and_names_the_rest) {
  running_node a(make("a"));
  ASSERT_TRUE(a.wait_ready()) << a.log();
  const auto file = a.directory() + "/config.toml";
  const auto before = content_of(file);
  put(file, before + "\n[oops]\nx = 1\n");
  const auto refused = a.ask({"reload"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("oops"), std::string::npos) << refused.err;
  auto changed = before;
  changed.replace(changed.find("level = \"info\""), 14, "level = \"warn\"");
  changed.replace(changed.find("name = \"\""), 9, "name = \"x\"");
  put(file, changed);
  const auto applied = json::parse(a.ask({"reload", "--json"}).out);
  EXPECT_EQ(applied["applied"], json::array({"log.level"}));
  EXPECT_EQ(applied["needs_restart"], json::array({"node.name"}));
  a.signal(SIGHUP);
  EXPECT_EQ(a.ask({"health"}).exit_code, 0);
}

TEST_F(daemon_test, encrypted_identity_starts_with_its_passphrase_file_only) {
  put(d / "secret", "open sesame\n");
  ::chmod((d / "secret").c_str(), 0600);
  const auto a = d / "a";
  ASSERT_EQ(run_weft({"init", "--dir", a, "--profile", "test"}).exit_code, 0);
  ASSERT_EQ(
      run_weft({"keys", "passphrase", "--dir", a, "--new-passphrase-file", d / "secret"}).exit_code,
      0);
  put(d / "wrong", "open barley\n");
  ::chmod((d / "wrong").c_str(), 0600);
  EXPECT_EQ(run_weft({"run", "--dir", a, "--passphrase-file", d / "wrong"}).exit_code, 8);
  running_node n(a, {"--passphrase-file", d / "secret"});
  EXPECT_TRUE(n.wait_ready()) << n.log();
}

}  // namespace
}  // namespace weft::node
