// SPDX-License-Identifier: MIT
// Texts of content identifiers; examples of the CID specification and of IPFS.
#include "base/cid.hpp"

#include "base/encoding.hpp"
#include "base/multihash.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(cid, version_1_in_three_bases) {
  const auto a = cid::parse("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->codec, multicodec::dag_pb);
  EXPECT_EQ(to_hex(a->multihash),
            "1220c3c4733ec8affd06cf9e9ff50ffc6bcd2ec85a6170004bb709669c31de94391a");
  const auto b
      = cid::parse("f01701220c3c4733ec8affd06cf9e9ff50ffc6bcd2ec85a6170004bb709669c31de94391a");
  ASSERT_TRUE(b);
  EXPECT_EQ(b->multihash, a->multihash);
}

TEST(cid, version_0) {
  const auto id = cid::parse("QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->multihash.size(), 34u);
  EXPECT_EQ(id->codec, multicodec::dag_pb);
}

TEST(cid, refuses_what_is_none) {
  EXPECT_EQ(cid::parse("").error(), ec::malformed);
  EXPECT_EQ(cid::parse("hello").error(), ec::malformed);
  EXPECT_EQ(cid::parse("b").error(), ec::truncated);
  EXPECT_EQ(cid::parse("f0270" + std::string(4, '0')).error(), ec::malformed);
  EXPECT_EQ(cid::parse("f01701220aa").error(), ec::truncated);
  EXPECT_EQ(cid::parse("f01700001aabb").error(), ec::malformed);
  EXPECT_EQ(cid::parse("b" + std::string(200, 'a')).error(), ec::oversized);
}

}  // namespace
}  // namespace weft
