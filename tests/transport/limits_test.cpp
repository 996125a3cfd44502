// SPDX-License-Identifier: MIT
// Limits are validated, every label has a name, and every metric is collected, the credit gate
// calls back once.
#include "transport/limits.hpp"

#include "tests/transport/transport_fixture.hpp"
#include "transport/peer_book.hpp"
#include "transport/session_metrics.hpp"
#include "transport/transport_metrics.hpp"

#include <map>
#include <set>

namespace weft::transport {
namespace {

using namespace std::chrono_literals;

TEST(limits, defaults_are_valid) {
  const auto valid = limits{}.validate();
  EXPECT_TRUE(valid) << to_string(valid.error());
}

TEST(limits, bad_values_are_named) {
  limits none;
  none.sessions_max = 0;
  ASSERT_FALSE(none.validate());
  EXPECT_EQ(none.validate().error(), ec::bad_config);
  EXPECT_NE(none.validate().error().detail.find("sessions_max"), std::string::npos);

  limits keep_alive;
  keep_alive.keep_alive = keep_alive.idle_timeout;
  ASSERT_FALSE(keep_alive.validate());
  EXPECT_NE(keep_alive.validate().error().detail.find("keep_alive"), std::string::npos);

  limits window;
  window.stream_window_initial = window.stream_window_max + 1;
  EXPECT_FALSE(window.validate());

  limits queue;
  queue.queue.classes[2].bytes_max = queue.queue.bytes_max + 1;
  ASSERT_FALSE(queue.validate());
  EXPECT_NE(queue.validate().error().detail.find("queue.bulk"), std::string::npos);

  limits slow;
  slow.upload_bytes_per_second = 65'536;
  EXPECT_TRUE(slow.validate());
  slow.upload_bytes_per_second = 65'535;
  ASSERT_FALSE(slow.validate());
  EXPECT_NE(slow.validate().error().detail.find("upload_bytes_per_second"), std::string::npos);
  EXPECT_NE(slow.validate().error().detail.find("0 for no cap"), std::string::npos);

  limits memory;
  memory.memory_bytes = 1;
  ASSERT_FALSE(memory.validate());
  EXPECT_NE(memory.validate().error().detail.find("memory_bytes"), std::string::npos);

  limits age;
  age.queue.classes[0].age_max = -1s;
  EXPECT_FALSE(age.validate());
}

template <class Enum>
void expect_distinct_names() {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Enum::count_); ++i) {
    const auto name = to_string(static_cast<Enum>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << name;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(transport_metrics, every_label_has_a_name_of_its_own) {
  expect_distinct_names<close_reason>();
  expect_distinct_names<limit_kind>();
  expect_distinct_names<dial_failure>();
  expect_distinct_names<packet_drop>();
  expect_distinct_names<frame_drop>();
  expect_distinct_names<stream_refusal>();
  expect_distinct_names<push_end>();
  expect_distinct_names<negotiation_failure>();
  expect_distinct_names<identify_outcome>();
  expect_distinct_names<address_source>();
}

TEST(transport_metrics, every_error_code_has_a_label) {
  for (std::size_t i = 0; i < ec_count; ++i) {
    const auto code = static_cast<ec>(i);
    EXPECT_LT(dial_failure_of(code), dial_failure::count_);
    EXPECT_LT(negotiation_failure_of(code), negotiation_failure::count_);
    EXPECT_LT(identify_failure_of(code), identify_outcome::count_);
  }
  EXPECT_EQ(dial_failure_of(ec::wrong_peer), dial_failure::wrong_peer);
  EXPECT_EQ(dial_failure_of(ec::bad_certificate), dial_failure::certificate);
  EXPECT_EQ(negotiation_failure_of(ec::protocol_violation), negotiation_failure::violation);
  EXPECT_EQ(negotiation_failure_of(ec::bad_varint), negotiation_failure::malformed);
  EXPECT_EQ(identify_failure_of(ec::truncated), identify_outcome::malformed);
}

struct recorder final : metrics::visitor {
  void note(std::string_view name, std::string_view help, metrics::labels l, double value) {
    std::string key(name);
    for (const auto& [n, v] : l) key += "," + std::string(n) + "=" + std::string(v);
    EXPECT_TRUE(values.emplace(key, value).second) << key << " twice";
    EXPECT_TRUE(name.starts_with("weft_"));
    EXPECT_TRUE(help.ends_with(".")) << help;
  }
  void on_counter(std::string_view name, std::string_view help, metrics::labels l,
                  double value) override {
    EXPECT_TRUE(name.ends_with("_total")) << name;
    note(name, help, l, value);
  }
  void on_gauge(std::string_view name, std::string_view help, metrics::labels l,
                double value) override {
    EXPECT_FALSE(name.ends_with("_total")) << name;
    note(name, help, l, value);
  }
  void on_histogram(std::string_view name, std::string_view help, metrics::labels l,
                    std::span<const double>, std::span<const metrics::counter>,
                    double sum) override {
    EXPECT_TRUE(name.ends_with("_seconds")) << name;
    note(name, help, l, sum);
  }
  std::map<std::string, double> values;
};

TEST(transport_metrics, are_all_collected) {
  transport_metrics m;
  m.opened[direction::outbound] += 3;
  ++m.closed[close_reason::idle];
  m.sessions.in.set(4);
  ++m.dial_failures[dial_failure::wrong_peer];
  m.handshake_duration.observe(0.5);
  ++m.packets_dropped[packet_drop::malformed];
  ++m.frames_dropped[frame_drop::aged];
  ++m.streams_refused[stream_refusal::rate];
  ++m.limit_rejections[limit_kind::handshakes];
  recorder r;
  m.collect(r);
  EXPECT_EQ(r.values.at("weft_connections_opened_total,transport=quic,direction=outbound"), 3);
  EXPECT_EQ(r.values.at("weft_connections_closed_total,transport=quic,reason=idle"), 1);
  EXPECT_EQ(r.values.at("weft_connections_closed_total,transport=quic,reason=reset"), 0);
  EXPECT_EQ(r.values.at("weft_peers,transport=quic,direction=inbound"), 4);
  EXPECT_EQ(r.values.at("weft_dial_failures_total,transport=quic,reason=wrong_peer"), 1);
  EXPECT_EQ(r.values.at("weft_handshake_duration_seconds,transport=quic"), 0.5);
  EXPECT_EQ(r.values.at("weft_transport_packets_dropped_total,transport=quic,reason=malformed"), 1);
  EXPECT_EQ(r.values.at("weft_frames_dropped_total,transport=quic,reason=aged"), 1);
  EXPECT_EQ(r.values.at("weft_streams_refused_total,transport=quic,reason=rate"), 1);
  EXPECT_EQ(r.values.at("weft_limit_rejections_total,transport=quic,limit=handshakes"), 1);
}

TEST(session_metrics, are_all_collected) {
  session_metrics m;
  ++m.reconnects;
  m.peers.set(2);
  recorder r;
  m.collect(r);
  EXPECT_EQ(r.values.at("weft_session_reconnects_total"), 1);
  EXPECT_EQ(r.values.at("weft_connected_peers"), 2);
}

}  // namespace
}  // namespace weft::transport
