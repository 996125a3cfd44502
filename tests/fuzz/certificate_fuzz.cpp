// SPDX-License-Identifier: MIT
// Any bytes as a peer's certificate: judged without a fault, and the parts that signatures cover
// lie inside the input.
#include "base/assert.hpp"
#include "transport/io/der_reader.hpp"
#include "transport/io/tls_certificate.hpp"

#include <array>

namespace {

using namespace weft;
using namespace weft::transport::io;

bool inside(bytes_view part, bytes_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input(data, size);
  if (const auto parts = take_apart_certificate(input)) {
    WEFT_ASSERT(inside(parts->to_be_signed, input), "the signed part lies in the certificate");
    WEFT_ASSERT(inside(parts->public_key_info, parts->to_be_signed), "the key lies in it");
  }
  if (const auto key = parse_signed_key(input)) {
    WEFT_ASSERT(inside(key->public_key, input), "the host key lies in the extension");
    WEFT_ASSERT(inside(key->signature, input), "its signature as well");
  }
  const std::array<bytes_view, 1> chain{input};
  const auto id = verify_certificate_chain(chain, wall_time(std::chrono::seconds(1'700'000'000)));
  if (id) WEFT_ASSERT(!id->empty(), "a good certificate names a peer");
  return 0;
}
