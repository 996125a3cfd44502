// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "sim/event_queue.hpp"
#include "transport/port.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// What the network keeps of requests, pushes and dials under way.
namespace weft::sim {

/// A request between being asked and being over at both ends.
struct exchange {
  bool used = false;
  /// The responder has it and has not answered.
  bool with_responder = false;
  /// The protocol has an answer to it.
  bool answered = true;
  std::uint8_t asker = 0;
  std::uint8_t protocol = 0;
  std::uint32_t generation = 0;
  std::uint32_t link = 0;
  transport::request_id id = 0;
};

/// A push between being asked for and its fate.
struct push_record {
  bool used = false;
  /// Whole at the receiver; its acknowledgement is on its way.
  bool arrived = false;
  std::uint8_t sender = 0;
  std::uint8_t protocol = 0;
  std::uint32_t generation = 0;
  std::uint32_t link = 0;
  std::uint64_t tag = 0;
};

/// A dial command until it is answered.
struct dial_record {
  bool used = false;
  std::uint32_t generation = 0;
  node_index node = no_node;
  transport::request_id id = 0;
  std::optional<peer_id> expected;
  std::vector<multiaddr> addresses;
  std::size_t next = 0;
  /// Places of links.
  std::vector<std::uint32_t> attempts;
  /// Counts starts of addresses: a stagger timer of an earlier one is void.
  std::uint32_t step = 0;
  error last{ec::unreachable};
};

/// Records that are named by a number that is never used twice: place and generation.
template <class Record>
class record_table {
 public:
  std::uint64_t add() {
    std::uint32_t place = 0;
    if (free_.empty()) {
      place = static_cast<std::uint32_t>(records_.size());
      records_.emplace_back();
    } else {
      place = free_.back();
      free_.pop_back();
    }
    Record& r = records_[place];
    const std::uint32_t generation = r.generation + 1;
    r = Record{};
    r.used = true;
    r.generation = generation;
    return std::uint64_t{generation} << 32 | place;
  }
  /// Null when it is over.
  Record* find(std::uint64_t number) {
    const auto place = static_cast<std::uint32_t>(number);
    if (place >= records_.size()) return nullptr;
    Record& r = records_[place];
    return r.used && r.generation == number >> 32 ? &r : nullptr;
  }
  void remove(std::uint64_t number) {
    records_[static_cast<std::uint32_t>(number)].used = false;
    free_.push_back(static_cast<std::uint32_t>(number));
  }
  /// Removes the records for which `over` is true.
  template <class Predicate>
  void remove_if(Predicate over) {
    for (std::size_t place = 0; place < records_.size(); ++place)
      if (records_[place].used && over(records_[place])) remove(place);
  }
  std::size_t size() const noexcept { return records_.size() - free_.size(); }

 private:
  std::vector<Record> records_;
  std::vector<std::uint32_t> free_;
};

}  // namespace weft::sim
