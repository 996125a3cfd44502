// SPDX-License-Identifier: MIT
#pragma once

#include "dht/dht_core.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <vector>

/// A network of DHT cores in virtual time: sessions that have to be dialled, delays between the
/// regions of a world, loss, deaths, restarts, and nodes that lie.
namespace weft::dht::test {

/// Values of the namespace /v/: decimal rank, then ':' and anything. A rank of 0 is not valid.
class ranked_validator final : public validator {
 public:
  result<merit> validate(bytes_view key, bytes_view value, wall_time wall) const override;
};
std::shared_ptr<const validator_set> test_validators();
byte_buffer value_key(std::uint64_t number);
chunk_view ranked_value(std::uint64_t rank, std::string_view text = "value");

/// What a node that lies answers to searches.
enum class lie : std::uint8_t {
  none,
  /// Nothing, ever: requests time out.
  silence,
  /// Peers close to the target that do not exist.
  invented_peers,
  /// Other liars only, with wrong addresses for everybody else who is asked for; values that are
  /// not valid.
  conspiracy,
};

struct network_options {
  std::uint64_t seed = 1;
  dht_config config;
  /// Delays as between the regions of the world; otherwise `delay` between any two.
  bool world = false;
  duration delay = std::chrono::milliseconds(10);
  /// Of messages, each way; a lost one is repeated after a while as a transport would.
  double loss = 0;
  /// A dial into the void fails after this.
  duration dial_timeout = std::chrono::seconds(5);
  /// A session ends when the other side has been gone for this long.
  duration idle_timeout = std::chrono::seconds(30);
  /// A session nobody has used for this long is closed; zero: never.
  duration unused_timeout{};
};

class network {
 public:
  explicit network(const network_options& options);
  ~network();

  /// Adds a node and connects it to up to three earlier ones.
  std::size_t add(bool server = true, lie lies = lie::none);
  void add_many(std::size_t count, duration apart = std::chrono::milliseconds(50));
  /// An address in another /24 for each node; nodes added from now on share this one's group.
  void share_group(std::optional<std::uint32_t> prefix) { shared_prefix_ = prefix; }
  void kill(std::size_t n);
  /// Comes back with what its store holds; without `joins` it is told of nobody.
  void restart(std::size_t n, bool joins = true);
  void connect(std::size_t a, std::size_t b);
  void run(duration span);

  /// Starts an operation by `start(core, ticket, out)` and runs until it is finished.
  using starter = std::function<void(dht_core&, ticket, outbox&)>;
  outcome perform(std::size_t n, const starter& start);
  outcome put(std::size_t n, bytes_view key, chunk_view value, put_options o = {});
  outcome get(std::size_t n, bytes_view key, get_options o = {});
  outcome find(std::size_t n, const peer_id& target, find_peer_options o = {});
  outcome closest(std::size_t n, bytes_view key, closest_options o = {});
  outcome provide(std::size_t n, bytes_view key, put_options o = {});
  outcome providers(std::size_t n, bytes_view key, find_providers_options o = {});

  dht_core& core(std::size_t n) { return *nodes_[n]->core; }
  dht_metrics& counters(std::size_t n) { return *nodes_[n]->counters; }
  const peer_id& id(std::size_t n) const { return nodes_[n]->id; }
  const multiaddr& address(std::size_t n) const { return nodes_[n]->address; }
  bool alive(std::size_t n) const { return nodes_[n]->alive; }
  std::size_t size() const { return nodes_.size(); }
  std::size_t number_of(const peer_id& id) const { return by_id_.at(id); }
  const stored_state& disk(std::size_t n) const { return nodes_[n]->disk; }
  /// Living honest servers by their distance to the key.
  std::vector<std::size_t> truth(bytes_view key) const;
  std::size_t random_alive();
  wall_time wall() const {
    return wall_line::time_point(std::chrono::hours(24 * 20'000)) + since();
  }
  instant now() const { return now_; }
  std::uint64_t events() const { return events_handled_; }
  std::uint64_t requests() const { return requests_; }
  /// Mixes every event into one number: two runs of one seed have the same.
  std::uint64_t trace_hash() const { return hash_; }

  rng random;

 private:
  struct node {
    peer_id id;
    multiaddr address;
    std::size_t region = 0;
    duration access{};
    bool server = true;
    bool alive = true;
    lie lies = lie::none;
    std::uint64_t boot = 0;
    std::unique_ptr<dht_metrics> counters;
    std::unique_ptr<dht_core> core;
    stored_state disk;
    /// Peers with a session, a dead one until that is noticed, and when it was last used.
    std::map<std::size_t, instant> sessions;
    std::map<ticket, outcome> finished;
    std::optional<instant> timer;
  };
  struct flight {
    std::size_t from;
    std::size_t to;
    std::uint64_t boot;
    query what;
    instant deadline;
  };
  using event = std::function<void()>;
  struct queued {
    instant at;
    std::uint64_t order;
    std::shared_ptr<event> what;
    bool operator>(const queued& o) const { return std::tie(at, order) > std::tie(o.at, o.order); }
  };

  duration since() const { return now_ - instant(std::chrono::seconds(1000)); }
  duration one_way(std::size_t a, std::size_t b);
  void at(instant when, event what);
  void boot(std::size_t n);
  void join(std::size_t n);
  void arm(std::size_t n);
  void drain(std::size_t n);
  void store(std::size_t n, store_operation& op);
  void dispatch(std::size_t n, query q);
  void dial(std::shared_ptr<flight> f);
  void use_session(std::size_t a, std::size_t b);
  void drop_session(std::size_t a, std::size_t b);
  void session_up(std::size_t a, std::size_t b, duration round_trip);
  void transmit(std::shared_ptr<flight> f);
  void respond(std::shared_ptr<flight> f, result<chunk_view> body);
  std::optional<chunk_view> answer_of(const flight& f);
  std::optional<chunk_view> false_answer(const flight& f);

  network_options options_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::map<peer_id, std::size_t> by_id_;
  /// By the binary form.
  std::map<std::string, std::size_t, std::less<>> by_address_;
  std::priority_queue<queued, std::vector<queued>, std::greater<>> events_;
  std::optional<std::uint32_t> shared_prefix_;
  instant now_{std::chrono::seconds(1000)};
  std::uint64_t order_ = 0;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t next_token_ = 1;
  std::uint64_t events_handled_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace weft::dht::test
