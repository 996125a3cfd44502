// SPDX-License-Identifier: MIT
// RPC bodies of pubsub: bounded results inside the input; a message written anew reads the same.
#include "base/assert.hpp"
#include "gossip/message.hpp"
#include "gossip/rpc.hpp"

namespace {

using namespace weft;

bool inside(bytes_view whole, bytes_view part) {
  return part.empty()
         || (part.data() >= whole.data()
             && part.data() + part.size() <= whole.data() + whole.size());
}

bool same(const std::optional<bytes_view>& a, const std::optional<bytes_view>& b) {
  return a.has_value() == b.has_value() && (!a || as_text(*a) == as_text(*b));
}

void check_message(bytes_view input, const gossip::publish_entry& entry) {
  WEFT_ASSERT(entry.offset + entry.size <= input.size(), "a message lies in its frame");
  const chunk_view again = gossip::encode_publish(entry.fields);
  gossip::rpc_view second;
  WEFT_ASSERT(gossip::decode_rpc(again, second), "a message written by us decodes");
  WEFT_ASSERT(second.messages.size() == 1 && second.messages[0].canonical,
              "and is alone and canonical");
  const gossip::message_fields& f = second.messages[0].fields;
  WEFT_ASSERT(same(f.author, entry.fields.author) && same(f.data, entry.fields.data)
                  && same(f.sequence, entry.fields.sequence) && same(f.topic, entry.fields.topic)
                  && same(f.signature, entry.fields.signature) && same(f.key, entry.fields.key),
              "and its fields survive");
  if (entry.canonical) {
    WEFT_ASSERT(as_text(again) == as_text(input.subspan(entry.offset, entry.size)),
                "canonical means byte for byte");
  }
  for (const auto policy :
       {gossip::signature_policy::strict_sign, gossip::signature_policy::strict_no_sign})
    static_cast<void>(gossip::check_policy(entry.fields, policy));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input(data, size);
  gossip::rpc_view rpc;
  if (!gossip::decode_rpc(input, rpc)) return 0;
  WEFT_ASSERT(rpc.ids.size() <= gossip::rpc_ids_max, "ids are bounded");
  WEFT_ASSERT(rpc.graft.size() <= gossip::rpc_entries_max, "entries are bounded");
  for (const bytes_view id : rpc.ids) WEFT_ASSERT(inside(input, id), "ids lie in the frame");
  for (const auto& each : rpc.ihave) static_cast<void>(rpc.range(each.ids));
  for (const auto& each : rpc.prune) {
    WEFT_ASSERT(each.peers.first + each.peers.count <= rpc.exchange.size(), "runs lie in lists");
  }
  std::size_t messages = 0;
  for (const auto& entry : rpc.messages)
    if (++messages <= 8) check_message(input, entry);
  return 0;
}
