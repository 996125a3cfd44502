// SPDX-License-Identifier: MIT
#include "hosts/bench_wire.hpp"

#include "base/wire.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace weft::hosts {

namespace {

constexpr std::uint8_t version = 1;

enum class tag : std::uint8_t { question = 1, answer, presence, report, tally };

void put(wire_writer& w, duration d) { w.u64(static_cast<std::uint64_t>(d.count())); }
void put(wire_writer& w, wall_time t) { put(w, t.time_since_epoch()); }

result<duration> take_duration(wire_reader& r) {
  WEFT_TRY(const auto n, r.u64());
  return duration(static_cast<duration::rep>(n));
}
result<wall_time> take_time(wire_reader& r) {
  WEFT_TRY(const auto d, take_duration(r));
  return wall_time(d);
}
result<clock_name> take_clock(wire_reader& r) {
  clock_name out{};
  WEFT_TRY(const auto bytes, r.bytes(out.size()));
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

result<bench_letter> take_answer(wire_reader& r) {
  clock_answer out;
  WEFT_TRY(out.run, r.u64());
  WEFT_TRY(out.asked, take_time(r));
  WEFT_TRY(out.arrived, take_time(r));
  WEFT_TRY(out.answered, take_time(r));
  WEFT_TRY(out.clock, take_clock(r));
  return out;
}

result<bench_letter> take_report(wire_reader& r) {
  bench_report out;
  WEFT_TRY(out.run, r.u64());
  WEFT_TRY(const auto count, r.u32());
  if (count > bench_report::records_max) return fail(ec::oversized);
  out.records.resize(count);
  for (auto& record : out.records) {
    WEFT_TRY(record.sequence, r.u32());
    WEFT_TRY(record.arrived, take_time(r));
  }
  return out;
}

result<bench_letter> take_tally(wire_reader& r) {
  bench_tally out;
  WEFT_TRY(out.run, r.u64());
  WEFT_TRY(out.messages, r.u64());
  WEFT_TRY(out.bytes, r.u64());
  WEFT_TRY(out.first, take_time(r));
  WEFT_TRY(out.last, take_time(r));
  WEFT_TRY(out.processor, take_duration(r));
  return out;
}

result<bench_letter> take_letter(wire_reader& r, tag what) {
  switch (what) {
    case tag::question: {
      clock_question out;
      WEFT_TRY(out.run, r.u64());
      WEFT_TRY(out.asked, take_time(r));
      return out;
    }
    case tag::answer:
      return take_answer(r);
    case tag::presence: {
      bench_presence out;
      WEFT_TRY(out.run, r.u64());
      WEFT_TRY(out.clock, take_clock(r));
      return out;
    }
    case tag::report:
      return take_report(r);
    case tag::tally:
      return take_tally(r);
  }
  return fail(ec::malformed);
}

struct letter_writer {
  wire_writer& w;

  void begin(tag what, std::uint64_t run) {
    w.u8(version).u8(static_cast<std::uint8_t>(what)).u64(run);
  }
  void operator()(const clock_question& q) {
    begin(tag::question, q.run);
    put(w, q.asked);
  }
  void operator()(const clock_answer& a) {
    begin(tag::answer, a.run);
    put(w, a.asked);
    put(w, a.arrived);
    put(w, a.answered);
    w.bytes(a.clock);
  }
  void operator()(const bench_presence& p) {
    begin(tag::presence, p.run);
    w.bytes(p.clock);
  }
  void operator()(const bench_report& r) {
    begin(tag::report, r.run);
    w.u32(static_cast<std::uint32_t>(r.records.size()));
    for (const auto& record : r.records) {
      w.u32(record.sequence);
      put(w, record.arrived);
    }
  }
  void operator()(const bench_tally& t) {
    begin(tag::tally, t.run);
    w.u64(t.messages).u64(t.bytes);
    put(w, t.first);
    put(w, t.last);
    put(w, t.processor);
  }
};

}  // namespace

byte_buffer bench_probe::encode(std::size_t size) const {
  byte_buffer out;
  out.reserve(std::max(size, header_bytes));
  wire_writer w(out);
  w.u8(version).u8(static_cast<std::uint8_t>(what)).u64(run).u32(sequence);
  put(w, published);
  w.length_prefixed(author.bytes());
  out.resize(std::max(size, out.size()), 0x5a);
  return out;
}

result<bench_probe> bench_probe::decode(bytes_view body) {
  wire_reader r(body);
  WEFT_TRY(const auto v, r.u8());
  if (v != version) return fail(ec::unsupported);
  WEFT_TRY(const auto k, r.u8());
  if (k < static_cast<std::uint8_t>(kind::roll_call)
      || k > static_cast<std::uint8_t>(kind::counted_last))
    return fail(ec::malformed);
  bench_probe out;
  out.what = static_cast<kind>(k);
  WEFT_TRY(out.run, r.u64());
  WEFT_TRY(out.sequence, r.u32());
  WEFT_TRY(out.published, take_time(r));
  WEFT_TRY(const auto author, r.length_prefixed(peer_id::bytes_max));
  WEFT_TRY(out.author, peer_id::from_bytes(author));
  return out;
}

void encode(const bench_letter& letter, byte_buffer& out) {
  wire_writer w(out);
  std::visit(letter_writer{w}, letter);
}

result<bench_letter> decode_bench_letter(bytes_view body) {
  wire_reader r(body);
  WEFT_TRY(const auto v, r.u8());
  if (v != version) return fail(ec::unsupported);
  WEFT_TRY(const auto what, r.u8());
  WEFT_TRY(auto letter, take_letter(r, static_cast<tag>(what)));
  if (!r.at_end()) return fail(ec::malformed);
  return letter;
}

void clock_estimate::add(const clock_answer& a, wall_time returned) noexcept {
  // Times of a peer may be anything: sums are formed in a wider type.
  __extension__ using wide = __int128;
  const auto ns = [](wall_time t) { return static_cast<wide>(t.time_since_epoch().count()); };
  const wide round_trip = (ns(returned) - ns(a.asked)) - (ns(a.answered) - ns(a.arrived));
  const wide offset = ((ns(a.arrived) - ns(a.asked)) + (ns(a.answered) - ns(returned))) / 2;
  constexpr wide limit = std::int64_t{1} << 62;
  if (round_trip < 0 || round_trip >= round_trip_.count() || offset > limit || offset < -limit)
    return;
  round_trip_ = duration(static_cast<duration::rep>(round_trip));
  offset_ = duration(static_cast<duration::rep>(offset));
}

}  // namespace weft::hosts
