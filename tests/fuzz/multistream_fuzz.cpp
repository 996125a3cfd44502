// SPDX-License-Identifier: MIT
// Both sides of multistream-select: the same bytes whole and in two parts give the same outcome;
// memory stays bounded.
#include "base/assert.hpp"
#include "transport/multistream.hpp"

namespace {

using namespace weft;
using namespace weft::transport;

const std::vector<std::string>& names() {
  static const std::vector<std::string> list{"/ipfs/ping/1.0.0", "/b", "/c"};
  return list;
}

const protocol_list& allowed() {
  static const protocol_list list = [] {
    protocol_list l;
    for (std::size_t i = 0; i < names().size(); ++i)
      static_cast<void>(l.add(names()[i], static_cast<std::uint32_t>(i)));
    return l;
  }();
  return list;
}

template <class Negotiator>
struct outcome {
  byte_buffer out;
  std::size_t consumed = 0;
  negotiation state = negotiation::pending;
  ec failure = ec::none;
};

template <class Negotiator>
outcome<Negotiator> run(Negotiator n, bytes_view input, std::size_t split) {
  outcome<Negotiator> o;
  for (const auto part : {input.first(split), input.subspan(split)}) {
    if (n.state() != negotiation::pending) break;
    const auto step = n.on_bytes(part, o.out);
    WEFT_ASSERT(step.consumed <= part.size(), "more consumed than given");
    WEFT_ASSERT(step.state != negotiation::pending || step.consumed == part.size(),
                "a pending negotiation takes all");
    o.consumed += step.consumed;
  }
  n.on_end();
  o.state = n.state();
  o.failure = n.failure();
  WEFT_ASSERT(o.state != negotiation::pending, "the end settles it");
  WEFT_ASSERT((o.state == negotiation::failed) == (o.failure != ec::none), "a failure has a code");
  return o;
}

template <class Negotiator>
void compare(const Negotiator& fresh, bytes_view input, std::size_t split) {
  const auto whole = run(fresh, input, input.size());
  const auto parts = run(fresh, input, split);
  WEFT_ASSERT(whole.out == parts.out && whole.consumed == parts.consumed
                  && whole.state == parts.state && whole.failure == parts.failure,
              "the split does not matter");
  WEFT_ASSERT(whole.out.size() <= 64 + 32 * multistream_responder::refusals_max,
              "little is written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t split = std::min<std::size_t>(data[0] + 256u * data[1], size - 2);
  const bytes_view input(data + 2, size - 2);
  compare(multistream_responder(allowed()), input, split);
  compare(multistream_initiator(names()), input, split);
  return 0;
}
