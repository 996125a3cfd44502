// SPDX-License-Identifier: MIT
#pragma once

#include "sim/network.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace weft::sim::test {

using namespace std::chrono_literals;

/// Indices of the puppets' protocols.
inline constexpr transport::protocol_index talk = 0;
inline constexpr transport::protocol_index ask = 1;
inline constexpr transport::protocol_index large = 2;
/// Like `ask`, with a choice of names.
inline constexpr transport::protocol_index ask_by_two_names = 3;

/// A node without cores: it keeps what it is told, with the time.
class puppet final : public endpoint {
 public:
  struct heard_frame {
    instant at;
    peer_id from;
    chunk_view body;
  };
  struct heard_event {
    instant at;
    transport::event what;
  };

  explicit puppet(timeline& time) : time_(time) {}
  void on_events(std::vector<transport::event>& events) override;
  void on_frames(std::uint8_t concern, const transport::frame_batch& batch) override;

  /// Events of one type, in order.
  template <class Event>
  std::vector<std::pair<instant, Event>> of() const {
    std::vector<std::pair<instant, Event>> out;
    for (const auto& e : events)
      if (const auto* found = std::get_if<Event>(&e.what)) out.emplace_back(e.at, *found);
    return out;
  }

  std::vector<heard_event> events;
  std::vector<heard_frame> frames;
  std::vector<std::pair<instant, transport::told_fate>> fates;
  /// Called for each request; none: requests are left unanswered.
  std::function<void(const transport::request_event&)> answer;

 private:
  timeline& time_;
};

/// A network without jitter and loss.
network_config calm(terrain where = terrain::lan);

/// Puppets on a network, by default a calm one.
class puppet_show {
 public:
  explicit puppet_show(std::size_t count, network_config config = calm(), std::uint64_t seed = 1);

  void run(duration span);
  void run_until(instant when);
  void post(node_index from, transport::control_command c);
  void dial(node_index from, node_index to, transport::request_id id = 7);
  /// Dials and waits until both ends are up.
  void connect(node_index a, node_index b);
  void say(node_index from, node_index to, chunk_view body, std::uint64_t tag = 0,
           transport::priority klass = transport::priority::interactive);
  void request(node_index from, node_index to, transport::request_id id, duration timeout = 10s,
               bool answered = true);
  /// Makes `who` answer every request with `body`.
  void make_answer(node_index who, chunk_view body);
  puppet& operator[](node_index n) { return *puppets[n]; }
  const peer_id& id(node_index n) const { return net.id_of(n); }
  duration one_way(node_index a, node_index b) const { return net.delay_between(a, b); }

  timeline time;
  network net;
  std::vector<std::unique_ptr<puppet>> puppets;
};

chunk_view bytes_of(std::size_t size, std::uint8_t fill = 7);

}  // namespace weft::sim::test
