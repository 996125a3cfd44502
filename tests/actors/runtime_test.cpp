// SPDX-License-Identifier: MIT
// Whole runtimes in one process, over real sockets on loopback: sessions, messages, routes,
// benches, shutdown.
#include "actors/runtime.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>

namespace weft::actors {
namespace {

using namespace std::chrono_literals;

/// Waits for the answer of an asynchronous call.
template <class T>
class answer {
 public:
  callback<T> take() {
    return [p = promise_](result<T> r) { p->set_value(std::move(r)); };
  }
  result<T> get() {
    auto future = promise_->get_future();
    if (future.wait_for(20s) != std::future_status::ready)
      return fail(ec::timeout, "no answer within 20 s");
    return future.get();
  }

 private:
  std::shared_ptr<std::promise<result<T>>> promise_ = std::make_shared<std::promise<result<T>>>();
};

class runtime_test : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path()
            / ("weft-runtime-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed())
               + "-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "-"
               + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  runtime_options options(std::uint8_t number, std::vector<multiaddr> bootstrap = {}) {
    std::array<std::uint8_t, 32> seed{};
    seed.fill(number);
    runtime_options o{.identity = crypto::ed25519_private_key::from_seed(seed)};
    o.listen = {*multiaddr::parse("/ip4/127.0.0.1/udp/0/quic-v1")};
    // Tests give the mesh its shape.
    o.dht_dials = false;
    o.bootstrap = std::move(bootstrap);
    o.directory = root_ / std::to_string(number);
    o.store.sync = false;
    return o;
  }
  std::unique_ptr<runtime> start(runtime_options o) {
    auto r = runtime::start(std::move(o));
    EXPECT_TRUE(r) << (r ? "" : to_string(r.error()));
    return r ? std::move(*r) : nullptr;
  }
  static multiaddr address(runtime& node) {
    answer<node_status> a;
    node.status(a.take());
    return a.get()->listening.at(0).with_peer(node.self());
  }
  static void connect(runtime& from, runtime& to) {
    answer<connection> a;
    from.connect({.peer = {}, .addresses = {address(to)}}, a.take());
    const auto c = a.get();
    ASSERT_TRUE(c) << to_string(c.error());
    EXPECT_EQ(c->peer, to.self());
  }
  static result<receipt> send(runtime& from, const peer_id& to, std::string_view text,
                              bool durable) {
    answer<receipt> a;
    send_request r;
    r.to = to;
    r.body = to_buffer(as_bytes(text));
    r.durable = durable;
    r.timeout = 15s;
    from.send(std::move(r), {}, a.take());
    return a.get();
  }
  static std::vector<inbox_message> inbox(runtime& node) {
    answer<std::vector<inbox_message>> a;
    node.inbox({}, a.take());
    return *a.get();
  }
  /// Polls until `what` holds.
  template <class F>
  static bool eventually(F what) {
    const auto until = std::chrono::steady_clock::now() + 15s;
    while (std::chrono::steady_clock::now() < until) {
      if (what()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  static std::size_t routes(runtime& node) {
    answer<std::vector<route_view>> a;
    node.routes({}, a.take());
    const auto r = a.get();
    return r ? r->size() : 0;
  }

  std::filesystem::path root_;
};

TEST_F(runtime_test, carries_messages_of_both_classes) {
  auto a = start(options(1));
  auto b = start(options(2));
  connect(*a, *b);
  const auto quick = send(*a, b->self(), "quick", false);
  ASSERT_TRUE(quick) << to_string(quick.error());
  EXPECT_EQ(quick->hops, 1u);
  EXPECT_EQ(quick->bytes, 5u);
  const auto kept = send(*a, b->self(), "kept", true);
  ASSERT_TRUE(kept) << to_string(kept.error());
  const auto back = send(*b, a->self(), "", true);
  ASSERT_TRUE(back) << to_string(back.error());

  auto box = inbox(*b);
  ASSERT_EQ(box.size(), 2u);
  EXPECT_EQ(as_text(box[0].body), "kept");
  EXPECT_TRUE(box[0].durable);
  EXPECT_EQ(box[0].id, kept->id);
  EXPECT_EQ(box[0].from, a->self());
  EXPECT_EQ(as_text(box[1].body), "quick");
  EXPECT_FALSE(box[1].durable);

  answer<std::size_t> shown;
  b->mark_shown({{box[0].from, box[0].id}, {box[1].from, box[1].id}}, shown.take());
  EXPECT_EQ(*shown.get(), 2u);
  EXPECT_TRUE(inbox(*b).empty());
  answer<std::size_t> again;
  b->mark_shown({{box[0].from, box[0].id}}, again.take());
  EXPECT_EQ(*again.get(), 0u);
}

TEST_F(runtime_test, followers_see_each_message_once) {
  auto a = start(options(1));
  auto b = start(options(2));
  std::mutex m;
  std::vector<std::string> seen;
  const auto number = b->follow([&](const inbox_message& msg) {
    const std::lock_guard lock(m);
    seen.emplace_back(as_text(msg.body));
  });
  connect(*a, *b);
  ASSERT_TRUE(send(*a, b->self(), "one", true));
  ASSERT_TRUE(send(*a, b->self(), "two", false));
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(m);
    return seen.size() == 2;
  }));
  b->unfollow(number);
  ASSERT_TRUE(send(*a, b->self(), "three", true));
  const std::lock_guard lock(m);
  EXPECT_EQ(seen, (std::vector<std::string>{"one", "two"}));
}

TEST_F(runtime_test, messages_cross_a_line_of_four) {
  std::vector<std::unique_ptr<runtime>> line;
  for (std::uint8_t i = 1; i <= 4; ++i) line.push_back(start(options(i)));
  for (std::size_t i = 0; i + 1 < line.size(); ++i) connect(*line[i], *line[i + 1]);
  ASSERT_TRUE(eventually([&] { return routes(*line[0]) >= 3 && routes(*line[3]) >= 3; }));
  const auto r = send(*line[0], line[3]->self(), "far", true);
  ASSERT_TRUE(r) << to_string(r.error());
  EXPECT_EQ(r->hops, 3u);
  EXPECT_EQ(as_text(inbox(*line[3]).at(0).body), "far");

  answer<ping_report> pings;
  std::vector<std::uint32_t> hops;
  line[0]->ping(
      {.to = {.peer = line[3]->self(), .addresses = {}}, .rounds = 2},
      [&](const ping_round& round) { hops.push_back(round.hops); }, pings.take());
  const auto report = pings.get();
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_EQ(report->received, 2u);
  EXPECT_EQ(hops, (std::vector<std::uint32_t>{3, 3}));
  EXPECT_EQ(inbox(*line[3]).size(), 1u) << "a probe must not reach the inbox";
}

TEST_F(runtime_test, an_unacknowledged_durable_message_survives_a_restart_of_the_sender) {
  auto b = start(options(2));
  const auto where = address(*b);
  const auto to = b->self();
  {
    auto a = start(options(1));
    send_request r;
    r.to = to;
    r.body = to_buffer(as_bytes("later"));
    r.timeout = 300ms;
    answer<receipt> late;
    a->send(std::move(r), {}, late.take());
    EXPECT_EQ(late.get().error().code, ec::timeout);
  }
  auto a = start(options(1, {where}));
  EXPECT_TRUE(eventually([&] { return inbox(*b).size() == 1; }));
  EXPECT_EQ(as_text(inbox(*b).at(0).body), "later");
}

TEST_F(runtime_test, a_large_file_arrives_whole) {
  auto a = start(options(1));
  auto b = start(options(2));
  connect(*a, *b);
  std::string content(3'000'000, '\0');
  rng random(7);
  for (auto& c : content) c = static_cast<char>(random.next());
  const auto path = root_ / "file";
  std::ofstream(path, std::ios::binary) << content;
  std::atomic<std::uint64_t> progress = 0;
  answer<receipt> a1;
  send_request r;
  r.to = b->self();
  r.file = path.string();
  a->send(
      std::move(r), [&](const transfer_progress& p) { progress = p.acked_bytes; }, a1.take());
  const auto done = a1.get();
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ(done->bytes, content.size());
  EXPECT_GT(progress, 0u);
  const auto box = inbox(*b);
  ASSERT_EQ(box.size(), 1u);
  ASSERT_FALSE(box[0].file.empty());
  std::ifstream in(box[0].file, std::ios::binary);
  const std::string got((std::istreambuf_iterator<char>(in)), {});
  EXPECT_TRUE(got == content);
}

TEST_F(runtime_test, benches_measure_and_leave_no_trace_in_the_inbox) {
  auto a = start(options(1));
  auto b = start(options(2));
  const auto where = address(*b);
  const auto run = [&](bench_request r) {
    r.to = {.peer = {}, .addresses = {where}};
    answer<bench_result> done;
    a->run_bench(r, done.take());
    return done.get();
  };
  for (const auto kind : {bench_kind::handshake, bench_kind::ping, bench_kind::stream}) {
    bench_request r;
    r.kind = kind;
    r.samples = 5;
    r.upload_bytes = r.download_bytes = 100'000;
    const auto result = run(r);
    ASSERT_TRUE(result) << to_string(kind) << to_string(result.error());
    EXPECT_EQ(result->samples.count, 5u) << to_string(kind);
    EXPECT_EQ(result->failures, 0u);
    EXPECT_GT(result->samples.p50, 0);
    const std::size_t downloads = kind == bench_kind::stream ? 5 : 0;
    EXPECT_EQ(result->second_way.count, downloads);
  }
  for (const bool durable : {false, true}) {
    bench_request r;
    r.kind = bench_kind::message;
    r.durable = durable;
    r.samples = 2000;
    const auto result = run(r);
    ASSERT_TRUE(result) << to_string(result.error());
    EXPECT_EQ(result->samples.count, 2000u);
    EXPECT_GT(result->throughput, 0);
    EXPECT_EQ(result->hops, 1u);
  }
  EXPECT_TRUE(inbox(*b).empty());
}

TEST_F(runtime_test, one_bench_at_a_time) {
  auto a = start(options(1));
  auto b = start(options(2));
  bench_request r;
  r.kind = bench_kind::message;
  r.to = {.peer = {}, .addresses = {address(*b)}};
  r.samples = 1000;
  r.rate_per_second = 2000;
  answer<bench_result> first;
  answer<bench_result> second;
  a->run_bench(r, first.take());
  a->run_bench(r, second.take());
  EXPECT_EQ(second.get().error().code, ec::in_use);
  const auto done = first.get();
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ(done->samples.count, 1000u);
}

TEST_F(runtime_test, refuses_a_directory_or_port_in_use) {
  auto a = start(options(1));
  auto same_folder = runtime::start(options(1));
  ASSERT_FALSE(same_folder);
  EXPECT_EQ(same_folder.error().code, ec::in_use);
  auto o = options(3);
  o.listen = {address(*a).without_peer()};
  auto same_port = runtime::start(std::move(o));
  ASSERT_FALSE(same_port);
  EXPECT_EQ(same_port.error().code, ec::in_use);
}

TEST_F(runtime_test, readiness_needs_a_bootstrap_peer_and_ends_with_drain) {
  auto b = start(options(2));
  EXPECT_TRUE(b->ready());
  auto a = start(options(1, {address(*b)}));
  EXPECT_TRUE(eventually([&] { return a->ready(); }));
  b->stop();
  EXPECT_FALSE(b->ready());
  EXPECT_TRUE(eventually([&] { return !a->ready(); }));
  EXPECT_TRUE(a->drain(2s).empty());
  EXPECT_FALSE(a->ready());
  answer<receipt> refused;
  send_request late;
  late.to = b->self();
  a->send(std::move(late), {}, refused.take());
  EXPECT_EQ(refused.get().error().code, ec::stopping);
  answer<peer_list> peers;
  a->peers(peers.take());
  EXPECT_EQ(peers.get().error().code, ec::stopping);
}

TEST_F(runtime_test, a_bench_is_answered_when_the_node_stops) {
  auto a = start(options(1));
  auto b = start(options(2));
  bench_request r;
  r.kind = bench_kind::message;
  r.to = {.peer = {}, .addresses = {address(*b)}};
  r.samples = 1'000'000;
  r.rate_per_second = 100;
  answer<bench_result> done;
  a->run_bench(r, done.take());
  EXPECT_TRUE(eventually([&] {
    answer<peer_list> peers;
    b->peers(peers.take());
    return peers.get()->sessions.size() == 1;
  }));
  a->stop();
  EXPECT_EQ(done.get().error().code, ec::stopping);
}

}  // namespace
}  // namespace weft::actors
