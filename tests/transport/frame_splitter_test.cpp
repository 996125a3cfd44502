// SPDX-License-Identifier: MIT
// Frames: every split of the bytes gives the same frames, limits hold, bodies are not copied twice,
// hostile input fails.
#include "transport/frame_splitter.hpp"

#include "base/rng.hpp"
#include "tests/transport/transport_fixture.hpp"

namespace weft::transport {
namespace {

using testing::joined;
using testing::text;
using testing::view;

std::string framed(std::string_view body) {
  std::uint8_t prefix[10];
  const std::size_t size = write_uvarint(prefix, body.size());
  return std::string(as_text({prefix, size})) + std::string(body);
}

std::vector<std::string> texts(const std::vector<chunk_view>& views) {
  std::vector<std::string> out;
  for (const auto& v : views) out.push_back(text(v));
  return out;
}

TEST(frame_splitter, gives_the_same_frames_at_every_split) {
  const std::vector<std::string> bodies{
      "", "a", std::string(127, 'b'), std::string(128, 'c'), "", std::string(300, 'd')};
  std::string input;
  for (const auto& b : bodies) input += framed(b);
  for (std::size_t split = 0; split <= input.size(); ++split) {
    frame_splitter s(1024);
    receive_slab slab;
    std::vector<chunk_view> out;
    ASSERT_EQ(s.on_bytes(as_bytes(input).first(split), slab, out), ec::none);
    ASSERT_EQ(s.on_bytes(as_bytes(input).subspan(split), slab, out), ec::none);
    EXPECT_EQ(texts(out), bodies) << split;
    EXPECT_EQ(s.on_end(), ec::none);
  }
}

TEST(frame_splitter, takes_single_bytes_and_random_parts) {
  rng random(7);
  std::vector<std::string> bodies;
  std::string input;
  for (int i = 0; i < 200; ++i) {
    bodies.emplace_back(random.below(3000), static_cast<char>('a' + i % 26));
    input += framed(bodies.back());
  }
  for (const std::size_t part_max : {1u, 2u, 700u, 70'000u}) {
    frame_splitter s(4096);
    receive_slab slab;
    std::vector<chunk_view> out;
    for (bytes_view left = as_bytes(input); !left.empty();) {
      const std::size_t n = std::min<std::size_t>(left.size(), 1 + random.below(part_max));
      ASSERT_EQ(s.on_bytes(left.first(n), slab, out), ec::none);
      left = left.subspan(n);
    }
    EXPECT_EQ(texts(out), bodies);
  }
}

TEST(frame_splitter, whole_frames_share_one_chunk) {
  frame_splitter s(1024);
  receive_slab slab;
  std::vector<chunk_view> out;
  s.on_bytes(as_bytes(framed("first") + framed("second")), slab, out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].data() + out[0].size() + 1, out[1].data());
}

TEST(frame_splitter, frames_stay_good_after_the_slab_is_full) {
  frame_splitter s(1024);
  receive_slab slab;
  std::vector<chunk_view> kept;
  const std::string input = framed(std::string(1000, 'k'));
  for (int i = 0; i < 300; ++i) {
    std::vector<chunk_view> out;
    ASSERT_EQ(s.on_bytes(as_bytes(input), slab, out), ec::none);
    if (i % 50 == 0) kept.push_back(out.at(0));
  }
  for (const auto& k : kept) EXPECT_EQ(text(k), std::string(1000, 'k'));
}

TEST(frame_splitter, the_longest_frame_passes_and_one_more_byte_does_not) {
  receive_slab slab;
  std::vector<chunk_view> out;
  frame_splitter fits(300);
  EXPECT_EQ(fits.on_bytes(as_bytes(framed(std::string(300, 'x'))), slab, out), ec::none);
  EXPECT_EQ(out.size(), 1u);
  for (const std::size_t split : {0u, 1u, 2u}) {
    frame_splitter s(300);
    out.clear();
    const std::string input = framed("good") + framed(std::string(301, 'x'));
    const std::size_t cut = 5 + split;
    s.on_bytes(as_bytes(input).first(cut), slab, out);
    EXPECT_EQ(s.on_bytes(as_bytes(input).subspan(cut), slab, out), ec::oversized);
    EXPECT_EQ(out.size(), 1u) << "the frame before the faulty one is delivered";
    EXPECT_EQ(s.on_bytes(as_bytes(framed("later")), slab, out), ec::oversized);
    EXPECT_EQ(out.size(), 1u);
    EXPECT_EQ(s.on_end(), ec::oversized);
  }
}

TEST(frame_splitter, bad_varints_fail_at_every_split) {
  const std::string cases[] = {std::string("\x80\x00", 2), std::string(10, '\xff')};
  for (const auto& input : cases)
    for (std::size_t split = 0; split <= input.size(); ++split) {
      frame_splitter s(1u << 30);
      receive_slab slab;
      std::vector<chunk_view> out;
      s.on_bytes(as_bytes(input).first(split), slab, out);
      EXPECT_EQ(s.on_bytes(as_bytes(input).subspan(split), slab, out), ec::bad_varint) << split;
    }
}

TEST(frame_splitter, an_end_inside_a_frame_is_noticed) {
  receive_slab slab;
  std::vector<chunk_view> out;
  frame_splitter body(1024);
  body.on_bytes(as_bytes(framed("abc")).first(2), slab, out);
  EXPECT_EQ(body.on_end(), ec::truncated);
  frame_splitter prefix(1024);
  prefix.on_bytes(as_bytes("\x80"), slab, out);
  EXPECT_EQ(prefix.on_end(), ec::truncated);
}

TEST(frame_splitter, an_announcement_alone_reserves_little) {
  frame_splitter s(1u << 30);
  receive_slab slab;
  std::vector<chunk_view> out;
  std::uint8_t prefix[10];
  const std::size_t size = write_uvarint(prefix, 1u << 30);
  ASSERT_EQ(s.on_bytes({prefix, size}, slab, out), ec::none);
  EXPECT_LE(s.held_bytes(), frame_splitter::eager_bytes);
  const std::string part(100'000, 'p');
  s.on_bytes(as_bytes(part), slab, out);
  EXPECT_LE(s.held_bytes(), 2 * part.size() + frame_splitter::eager_bytes);
}

TEST(frame_splitter, a_large_frame_arrives_whole) {
  const std::string body(1'000'000, 'L');
  const std::string input = framed(body) + framed("tail");
  frame_splitter s(1u << 20);
  receive_slab slab;
  std::vector<chunk_view> out;
  for (std::size_t i = 0; i < input.size(); i += 1400)
    ASSERT_EQ(s.on_bytes(as_bytes(input).subspan(i, std::min<std::size_t>(1400, input.size() - i)),
                         slab, out),
              ec::none);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(text(out[0]), body);
  EXPECT_EQ(text(out[1]), "tail");
  EXPECT_EQ(s.held_bytes(), 0u);
}

TEST(frame_writer, small_frames_become_one_piece) {
  frame_writer w;
  std::vector<chunk_view> out;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    const std::string body(static_cast<std::size_t>(10 * i), 'b');
    EXPECT_EQ(w.write(view(body), out), framed(body).size());
    expected += framed(body);
  }
  EXPECT_EQ(out.size(), 1u);
  EXPECT_EQ(joined(out), expected);
}

TEST(frame_writer, large_bodies_are_not_copied) {
  frame_writer w;
  std::vector<chunk_view> out;
  const chunk_view body = view(std::string(frame_writer::copy_bytes_max + 1, 'B'));
  w.write(view("small"), out);
  w.write(body, out);
  w.write(view("tail"), out);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[1].data(), body.data());
  EXPECT_EQ(joined(out), framed("small") + framed(text(body)) + framed("tail"));
}

TEST(frame_writer, what_it_writes_the_splitter_reads) {
  rng random(3);
  frame_writer w;
  frame_splitter s(8192);
  receive_slab slab;
  std::vector<chunk_view> pieces;
  std::vector<chunk_view> frames;
  std::vector<std::string> bodies;
  for (int i = 0; i < 500; ++i) {
    bodies.emplace_back(random.below(1200), static_cast<char>('A' + i % 26));
    w.write(view(bodies.back()), pieces);
  }
  for (const auto& p : pieces) ASSERT_EQ(s.on_bytes(p, slab, frames), ec::none);
  EXPECT_EQ(texts(frames), bodies);
}

}  // namespace
}  // namespace weft::transport
