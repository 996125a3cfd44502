// SPDX-License-Identifier: MIT
// Bytes become events and requests for the session policy: answers exactly once, changes alternate,
// bounds hold.
#include "base/assert.hpp"
#include "transport/session_core.hpp"

#include <map>
#include <set>
#include <vector>

namespace {

using namespace weft;
using namespace weft::transport;

constexpr std::size_t steps_max = 100;
constexpr std::size_t cast_size = 8;

template <class T, class Make>
std::vector<T> cast_of(Make make) {
  std::vector<T> all;
  for (std::uint8_t n = 0; n < cast_size; ++n) all.push_back(make(n));
  return all;
}

const peer_id& peer(unsigned n) {
  static const auto all = cast_of<peer_id>([](std::uint8_t i) {
    ed25519_public_key key{};
    key.fill(i);
    return peer_id::from_ed25519(key);
  });
  return all[n];
}

const multiaddr& host(unsigned n) {
  static const auto all = cast_of<multiaddr>([](std::uint8_t i) {
    ip_endpoint e;
    e.address = {10, 0, 0, static_cast<std::uint8_t>(i + 1)};
    e.port = 4001;
    return multiaddr::quic_v1(e);
  });
  return all[n];
}

/// Plays the transport, and checks every effect.
class driver {
 public:
  driver() : core_(peer(0), config(), rng(1), metrics_) {
    core_.start(now_, out_);
    check();
  }

  void step(std::uint8_t what, std::uint8_t which, std::uint8_t extra) {
    now_ += std::chrono::milliseconds(extra * 8);
    const peer_id& whom = peer(which % cast_size);
    const multiaddr& where = host(which / cast_size % cast_size);
    switch (what % 9) {
      case 0:
        open_.insert(++ticket_);
        core_.connect(ticket_, extra & 1 ? std::optional(whom) : std::nullopt, {where},
                      std::nullopt, now_, out_);
        break;
      case 1:
        answer_dial(extra, whom, where);
        break;
      case 2:
        event(session_up_event{whom, 1, direction::inbound, where, {}, 0});
        break;
      case 3:
        event(session_down_event{whom, 1, close_reason::idle, {}});
        break;
      case 4:
        static_cast<void>(core_.disconnect(whom, "x", out_));
        break;
      case 5:
        static_cast<void>(
            core_.set_bootstrap({where, host(extra % 8).with_peer(whom)}, now_, out_));
        break;
      case 6: {
        identify info;
        info.listen_addresses = {where, host(extra % 8)};
        event(identified_event{whom, info});
        break;
      }
      case 7:
        core_.retry_now(now_, out_);
        break;
      default:
        core_.on_deadline(now_, out_);
        WEFT_ASSERT(!core_.next_deadline() || *core_.next_deadline() > now_, "nothing due is left");
    }
    check();
  }

  void finish() {
    core_.stop(now_, out_);
    check();
    WEFT_ASSERT(open_.empty(), "every connect was answered");
    WEFT_ASSERT(!core_.next_deadline(), "nothing is left to do");
  }

 private:
  static session_config config() {
    session_config c;
    c.bootstrap = {host(1).with_peer(peer(1)), host(2)};
    c.peers_max = 4;
    c.wanted_max = 2;
    c.dials_max = 2;
    c.connects_max = 3;
    c.book.peers_max = 6;
    c.book.addresses_per_peer_max = 2;
    return c;
  }
  void event(const event& e) { core_.on_event(e, now_, out_); }
  void answer_dial(std::uint8_t extra, const peer_id& whom, const multiaddr& where) {
    if (dials_.empty()) return;
    const dial_command d = dials_.begin()->second;
    dials_.erase(dials_.begin());
    if (extra & 1)
      event(session_up_event{d.expected.value_or(whom), 2, direction::outbound, where, {}, d.id});
    else
      event(dial_failed_event{d.id, d.expected, ec::timeout});
  }
  void check() {
    for (const auto& c : out_.commands)
      if (const auto* d = std::get_if<dial_command>(&c)) {
        WEFT_ASSERT(!d->addresses.empty(), "a dial has an address");
        WEFT_ASSERT(d->expected != peer(0), "never dial the node itself");
        WEFT_ASSERT(dials_.emplace(d->id, *d).second, "a new number");
      }
    for (const auto& a : out_.answers) WEFT_ASSERT(open_.erase(a.ticket) == 1, "answered once");
    for (const auto& c : out_.changes) {
      WEFT_ASSERT(up_[c.peer] != c.up, "changes alternate");
      up_[c.peer] = c.up;
    }
    out_.clear();
    WEFT_ASSERT(core_.book().size() <= 6, "the book is bounded");
    WEFT_ASSERT(open_.size() <= 3, "connects are bounded");
    WEFT_ASSERT(core_.dials_in_flight() <= 5, "dials are bounded");
    WEFT_ASSERT(dials_.size() == core_.dials_in_flight(),
                "each dial is known until it is answered");
  }

  session_metrics metrics_;
  session_core core_;
  session_outbox out_;
  instant now_ = instant{} + std::chrono::hours(1);
  connect_ticket ticket_ = 0;
  std::set<connect_ticket> open_;
  std::map<request_id, dial_command> dials_;
  std::map<peer_id, bool> up_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  driver d;
  for (std::size_t i = 0; i + 2 < size && i < 3 * steps_max; i += 3)
    d.step(data[i], data[i + 1], data[i + 2]);
  d.finish();
  return 0;
}
