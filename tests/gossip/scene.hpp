// SPDX-License-Identifier: MIT
#pragma once

#include "tests/gossip/mesh.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace weft::gossip::test {

/// Everything of the frames a puppet was sent, decoded and owned.
struct heard {
  std::vector<std::string> subscribed;
  std::vector<std::string> data;
  std::vector<std::string> ihave;
  std::vector<std::string> iwant;
  std::vector<std::string> idontwant;
  std::vector<std::string> grafts;
  std::vector<std::string> prunes;
  std::vector<std::uint64_t> backoffs;
  std::vector<std::string> exchanged;
  std::vector<std::string> announced;
  std::vector<pull_entry> pulls;
  std::size_t chokes = 0;
  std::size_t unchokes = 0;
  std::size_t beacons = 0;
  std::size_t frames = 0;
  std::size_t largest = 0;
};

/// One core, node 0, that follows "t", and puppets around it that follow it too.
struct scene {
  explicit scene(std::size_t puppets, gossip_config config = {},
                 mesh::traits t = {false, version::v1_2, std::nullopt}, std::uint64_t seed = 1)
      : net(seed, std::move(config), still()) {
    net.add();
    for (std::size_t i = 0; i < puppets; ++i) add(t);
    net.subscribe_all("t");
    net.run(std::chrono::milliseconds(1));
  }
  /// Dialled by node 0, so that a full mesh takes it as well.
  std::size_t add(mesh::traits t, bool follows = true) {
    const std::size_t n = net.add_puppet(t);
    net.join(0, n);
    rpc_writer w;
    w.subscribe(true, "t");
    if (follows) net.send_raw(n, 0, w.take());
    net.run(std::chrono::milliseconds(2));
    return n;
  }
  /// Dials node 0.
  std::size_t add_inbound(mesh::traits t) {
    const std::size_t n = net.add_puppet(t);
    net.join(n, 0);
    rpc_writer w;
    w.subscribe(true, "t");
    net.send_raw(n, 0, w.take());
    net.run(std::chrono::milliseconds(2));
    return n;
  }
  static link_model still() {
    link_model links;
    links.delay_min = links.delay_max = std::chrono::milliseconds(1);
    return links;
  }
  void tell(std::size_t puppet, const chunk_view& rpc) {
    net.send_raw(puppet, 0, rpc);
    net.run(std::chrono::milliseconds(3));
  }
  void tell(std::size_t puppet, rpc_writer& w) { tell(puppet, w.take()); }
  void graft(std::size_t puppet) {
    rpc_writer w;
    w.graft("t");
    tell(puppet, w);
  }
  /// A valid message of somebody who is not here.
  chunk_view message(std::uint64_t sequence, std::string_view data = "data",
                     std::uint64_t author = 500) const {
    return signed_rpc(id_of(author), sequence, "t", as_bytes(data));
  }
  static std::string id_of_message(std::uint64_t sequence, std::uint64_t author = 500) {
    const auto number = write_sequence(sequence);
    return std::string(as_text(id_of(author).bytes())) + std::string(as_text(number));
  }
  heard take(std::size_t puppet) {
    heard out;
    for (const send& s : std::exchange(net.received(puppet), {})) add_frame(out, s);
    return out;
  }
  std::int64_t score(std::size_t n) { return net.core(0).score(net.id(n)); }
  bool in_mesh(std::size_t n) {
    const auto status = *net.core(0).topic("t");
    return std::ranges::find(status.mesh, net.id(n), &mesh_member::peer) != status.mesh.end();
  }
  std::uint64_t dropped(drop_reason reason) const { return net.dropped(0, reason); }
  gossip_metrics& counters() { return net.counters(0); }

  mesh net;

 private:
  static void add_frame(heard& out, const send& s) {
    rpc_view rpc;
    // a push has its tag in front
    const bool pushed = s.klass == send_class::answer;
    if (!decode_rpc(pushed ? s.body.bytes().subspan(8) : s.body.bytes(), rpc)) return;
    const auto own = [](bytes_view v) { return std::string(as_text(v)); };
    ++out.frames;
    out.largest = std::max(out.largest, s.body.size());
    for (const auto& each : rpc.subscriptions)
      if (each.subscribe) out.subscribed.push_back(own(each.topic));
    for (const auto& each : rpc.messages)
      out.data.push_back(each.fields.data ? own(*each.fields.data) : std::string());
    for (const auto& each : rpc.ihave)
      for (const bytes_view id : rpc.range(each.ids)) out.ihave.push_back(own(id));
    for (const auto& each : rpc.iwant)
      for (const bytes_view id : rpc.range(each)) out.iwant.push_back(own(id));
    for (const auto& each : rpc.idontwant)
      for (const bytes_view id : rpc.range(each)) out.idontwant.push_back(own(id));
    for (const bytes_view each : rpc.graft) out.grafts.push_back(own(each));
    for (const auto& each : rpc.prune) {
      out.prunes.push_back(own(each.topic));
      if (each.backoff_s) out.backoffs.push_back(*each.backoff_s);
    }
    for (const auto& each : rpc.exchange) out.exchanged.push_back(own(each.peer));
    for (const auto& each : rpc.announcements) out.announced.push_back(own(each.id));
    for (const auto& each : rpc.pulls) out.pulls.push_back(each);
    out.chokes += rpc.chokes.size();
    out.unchokes += rpc.unchokes.size();
    out.beacons += rpc.beacons.size();
  }
};

}  // namespace weft::gossip::test
