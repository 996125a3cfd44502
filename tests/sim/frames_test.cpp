// SPDX-License-Identifier: MIT
// What sessions carry: frames, requests, pushes; order, time, bandwidth, limits, fates.
#include "tests/sim/puppets.hpp"

#include <gtest/gtest.h>

namespace weft::sim::test {
namespace {

using transport::frame_fate;
using transport::request_event;
using transport::response_event;

TEST(frames, are_passed_on_by_reference_after_the_way) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.say(0, 1, bytes_of(1));
  show.run(2s);
  const chunk_view body = bytes_of(200);
  const instant before = show.time.now();
  show.say(0, 1, body, 77);
  show.run(2s);
  ASSERT_EQ(show[1].frames.size(), 2U);
  const auto& heard = show[1].frames[1];
  EXPECT_EQ(heard.body.data(), body.data());
  EXPECT_EQ(heard.from, show.id(0));
  EXPECT_NEAR(to_seconds(heard.at - before), to_seconds(show.one_way(0, 1)), 0.0002);
  ASSERT_EQ(show[0].fates.size(), 1U);
  EXPECT_EQ(show[0].fates[0].second.tag, 77U);
  EXPECT_EQ(show[0].fates[0].second.fate, frame_fate::sent);
}

TEST(frames, the_first_of_a_protocol_waits_for_negotiation) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  const instant before = show.time.now();
  show.say(0, 1, bytes_of(1));
  show.run(2s);
  EXPECT_NEAR(to_seconds(show[1].frames.at(0).at - before), to_seconds(3 * show.one_way(0, 1)),
              0.0002);
}

TEST(frames, stay_in_order_on_their_stream_under_loss_and_jitter) {
  network_config config = calm();
  config.loss_per_million = 100'000;
  config.jitter_per_million = 500'000;
  puppet_show show(2, config);
  show.connect(0, 1);
  show.run(20s);
  ASSERT_TRUE(show.net.connected(0, 1));
  std::size_t sent = 0;
  for (int burst = 0; burst < 50; ++burst) {
    for (int i = 0; i < 20; ++i)
      show.say(0, 1, bytes_of(1 + sent % 500, static_cast<std::uint8_t>(sent))), ++sent;
    show.run(30ms);
  }
  show.run(60s);
  ASSERT_EQ(show[1].frames.size(), sent);
  for (std::size_t i = 0; i < sent; ++i)
    ASSERT_EQ(show[1].frames[i].body.data()[0], static_cast<std::uint8_t>(i));
  EXPECT_GT(show.net.totals().packets_lost, 50U);
}

TEST(frames, without_a_session_or_above_their_limit_are_dropped_and_told) {
  puppet_show show(2);
  show.say(0, 1, bytes_of(5), 1);
  show.run(1ms);
  ASSERT_EQ(show[0].fates.size(), 1U);
  EXPECT_EQ(show[0].fates[0].second.fate, frame_fate::dropped);
  show.connect(0, 1);
  show.say(0, 1, bytes_of((1 << 20) + 1), 2);
  show.run(1s);
  ASSERT_EQ(show[0].fates.size(), 2U);
  EXPECT_EQ(show[0].fates[1].second.fate, frame_fate::dropped);
  EXPECT_EQ(show.net.metrics().frames_dropped[transport::frame_drop::oversized].value(), 1U);
  EXPECT_EQ(show.net.metrics().frames_dropped[transport::frame_drop::no_session].value(), 1U);
}

TEST(frames, take_the_time_that_bandwidth_and_slow_start_allow) {
  network_config config = calm(terrain::lan);
  puppet_show show(3, config);
  show.connect(0, 1);
  show.connect(0, 2);
  show.say(0, 1, bytes_of(1));
  show.say(0, 2, bytes_of(1));
  show.run(1s);
  // 60 frames of 100 kB on a gigabit access link: 48 ms for all, shared by the two peers.
  const instant before = show.time.now();
  for (int i = 0; i < 30; ++i) {
    show.say(0, 1, bytes_of(100'000));
    show.say(0, 2, bytes_of(100'000));
  }
  show.run(2s);
  ASSERT_EQ(show[1].frames.size(), 31U);
  ASSERT_EQ(show[2].frames.size(), 31U);
  for (node_index n = 1; n < 3; ++n) {
    EXPECT_GE(show[n].frames.back().at - before, 45ms);
    EXPECT_LE(show[n].frames.back().at - before, 60ms);
  }
}

TEST(frames, of_96_kib_need_the_round_trips_of_slow_start) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.say(0, 1, bytes_of(1));
  show.run(5s);
  const instant before = show.time.now();
  show.say(0, 1, bytes_of(96 * 1024));
  show.run(10s);
  ASSERT_EQ(show[1].frames.size(), 2U);
  // 12 kB in the first round trip, then twice as much in each: the fourth ends it.
  const duration took = show[1].frames[1].at - before;
  EXPECT_GE(took, 7 * show.one_way(0, 1));
  EXPECT_LE(took, 10 * show.one_way(0, 1) + 40ms);
}

TEST(frames, a_full_class_drops_its_oldest) {
  network_config config = calm(terrain::world);
  puppet_show show(2, config);
  show.connect(0, 1);
  show.say(0, 1, bytes_of(1));
  show.run(2s);
  for (std::uint64_t tag = 1; tag <= 300; ++tag) show.say(0, 1, bytes_of(60'000), tag);
  show.run(60s);
  std::size_t dropped = 0;
  for (const auto& [at, f] : show[0].fates) dropped += f.fate == frame_fate::dropped ? 1 : 0;
  EXPECT_EQ(show[0].fates.size(), 300U) << "each is told once";
  EXPECT_GT(dropped, 100U);
  EXPECT_EQ(show[1].frames.size(), 301U - dropped);
}

TEST(frames, higher_classes_overtake_what_waits) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.say(0, 1, bytes_of(1));
  show.run(2s);
  for (int i = 0; i < 100; ++i) show.say(0, 1, bytes_of(10'000, 1), 0, transport::priority::bulk);
  show.say(0, 1, bytes_of(10, 2), 0, transport::priority::control);
  show.run(30s);
  ASSERT_EQ(show[1].frames.size(), 102U);
  std::size_t place = 0;
  while (show[1].frames[place].body.data()[0] != 2) ++place;
  EXPECT_LT(place, 20U);
}

TEST(frames, slow_receivers_hold_their_senders_up_and_nothing_grows) {
  network_config config = calm();
  config.receive_window_bytes = 100'000;
  config.bounds.queue.classes[1].bytes_max = 200'000;
  puppet_show show(2, config);
  show.connect(0, 1);
  show.net.slow(1, 10ms);
  for (std::uint64_t tag = 1; tag <= 1000; ++tag) show.say(0, 1, bytes_of(1000), tag);
  show.run(500ms);
  EXPECT_EQ(show.net.first_violation(), "");
  EXPECT_NEAR(static_cast<double>(show[1].frames.size()), 50, 5);
  show.run(60s);
  std::size_t sent = 0;
  for (const auto& [at, f] : show[0].fates) sent += f.fate == frame_fate::sent ? 1 : 0;
  EXPECT_EQ(show[0].fates.size(), 1000U);
  EXPECT_EQ(show[1].frames.size(), sent);
  EXPECT_LT(sent, 400U);
}

// -- requests ---

TEST(requests, are_answered_after_a_round_trip) {
  puppet_show show(2, calm(terrain::world));
  show.make_answer(1, bytes_of(300));
  show.connect(0, 1);
  const instant before = show.time.now();
  show.request(0, 1, 5);
  show.run(5s);
  const auto answer = show[0].of<response_event>();
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0].second.id, 5U);
  EXPECT_EQ(answer[0].second.body->size(), 300U);
  EXPECT_NEAR(to_seconds(answer[0].first - before), to_seconds(2 * show.one_way(0, 1)), 0.001);
}

TEST(requests, wait_for_negotiation_when_there_is_a_choice) {
  puppet_show show(2, calm(terrain::world));
  show.make_answer(1, bytes_of(300));
  show.connect(0, 1);
  const instant before = show.time.now();
  show.post(0, transport::request_command{5, show.id(1), ask_by_two_names, bytes_of(1), 10s});
  show.run(5s);
  const auto answer = show[0].of<response_event>();
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_NEAR(to_seconds(answer[0].first - before), to_seconds(4 * show.one_way(0, 1)), 0.001);
}

TEST(requests, fail_as_the_transport_says) {
  puppet_show show(3);
  show.connect(0, 1);
  show.request(0, 1, 1, 500ms);
  show.request(0, 2, 2);
  show.post(0, transport::request_command{3, show.id(1), talk, bytes_of(1), 1s});
  show.run(1s);
  std::map<transport::request_id, ec> failed;
  for (const auto& [at, r] : show[0].of<response_event>()) failed[r.id] = r.body.error().code;
  EXPECT_EQ(failed, (std::map<transport::request_id, ec>{
                        {1, ec::timeout}, {2, ec::not_found}, {3, ec::unsupported}}));
  show.request(0, 1, 4);
  show.run(10ms);
  show.post(0, transport::disconnect_command{show.id(1), {}});
  show.run(1s);
  EXPECT_EQ(show[0].of<response_event>().back().second.body.error().code, ec::closed);
}

TEST(requests, beyond_the_limit_of_unanswered_ones_are_refused) {
  puppet_show show(2);
  show.connect(0, 1);
  for (transport::request_id id = 1; id <= 70; ++id) show.request(0, 1, id, 2s);
  show.run(1s);
  EXPECT_EQ(show[1].of<request_event>().size(), 64U);
  const auto refused = show[0].of<response_event>();
  ASSERT_EQ(refused.size(), 6U);
  for (const auto& [at, r] : refused) EXPECT_EQ(r.body.error().code, ec::reset);
  EXPECT_EQ(show.net.first_violation(), "");
  show.run(5s);
  EXPECT_EQ(show[0].of<response_event>().size(), 70U);
  // The places are free again.
  show.make_answer(1, bytes_of(1));
  show.request(0, 1, 71);
  show.run(1s);
  EXPECT_TRUE(show[0].of<response_event>().back().second.body.has_value());
}

TEST(requests, without_an_answer_are_done_once_written) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.request(0, 1, 9, 10s, false);
  show.run(5s);
  ASSERT_EQ(show[1].of<request_event>().size(), 1U);
  const auto done = show[0].of<response_event>();
  ASSERT_EQ(done.size(), 1U);
  ASSERT_TRUE(done[0].second.body.has_value());
  EXPECT_TRUE(done[0].second.body->empty());
}

TEST(requests, that_get_no_answer_at_all_are_told_so) {
  puppet_show show(2);
  show[1].answer = [&](const request_event& r) {
    show.post(1, transport::respond_command{r.token, std::nullopt});
  };
  show.connect(0, 1);
  show.request(0, 1, 3);
  show.run(1s);
  EXPECT_EQ(show[0].of<response_event>().at(0).second.body.error().code, ec::reset);
}

// -- pushes ---

TEST(pushes, arrive_behind_their_tag_and_are_acknowledged) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.post(0, transport::push_command{show.id(1), large, 0x0102, bytes_of(100'000), 20s});
  show.run(20s);
  ASSERT_EQ(show[1].frames.size(), 1U);
  const auto& body = show[1].frames[0].body;
  EXPECT_EQ(body.size(), 100'008U);
  EXPECT_EQ(body.data()[6], 1);
  EXPECT_EQ(body.data()[7], 2);
  EXPECT_EQ(body.data()[8], 7);
  ASSERT_EQ(show[0].fates.size(), 1U);
  EXPECT_EQ(show[0].fates[0].second.fate, frame_fate::sent);
  EXPECT_GE(show[0].fates[0].first - show[1].frames[0].at, show.one_way(0, 1));
}

TEST(pushes, called_off_by_the_receiver_stop_in_the_middle) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.post(0, transport::push_command{show.id(1), large, 5, bytes_of(4'000'000), 60s});
  show.run(3 * show.one_way(0, 1));
  show.post(1, transport::cancel_push_command{show.id(0), large, 5, true});
  show.run(60s);
  EXPECT_TRUE(show[1].frames.empty());
  ASSERT_EQ(show[0].fates.size(), 1U);
  EXPECT_EQ(show[0].fates[0].second.fate, frame_fate::refused);
  EXPECT_LT(show.net.bytes_of(large), 2'000'000U);
  EXPECT_EQ(show.net.totals().pushes_called_off, 1U);
}

TEST(pushes, called_off_before_their_first_byte_are_refused_when_they_come) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.post(1, transport::cancel_push_command{show.id(0), large, 5, true});
  show.post(0, transport::push_command{show.id(1), large, 5, bytes_of(1'000'000), 60s});
  show.run(60s);
  EXPECT_TRUE(show[1].frames.empty());
  EXPECT_EQ(show[0].fates.at(0).second.fate, frame_fate::refused);
}

TEST(pushes, called_off_by_their_sender_or_too_slow_are_dropped) {
  puppet_show show(2, calm(terrain::world));
  show.connect(0, 1);
  show.post(0, transport::push_command{show.id(1), large, 1, bytes_of(4'000'000), 60s});
  show.post(0, transport::push_command{show.id(1), large, 2, bytes_of(4'000'000), 100ms});
  show.post(0, transport::push_command{show.id(1), talk, 3, bytes_of(10), 100ms});
  show.run(10ms);
  show.post(0, transport::cancel_push_command{show.id(1), large, 1, false});
  show.run(60s);
  ASSERT_EQ(show[0].fates.size(), 3U);
  for (const auto& [at, f] : show[0].fates) EXPECT_EQ(f.fate, frame_fate::dropped);
  EXPECT_TRUE(show[1].frames.empty());
}

}  // namespace
}  // namespace weft::sim::test
