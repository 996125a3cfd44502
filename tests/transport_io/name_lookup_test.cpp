// SPDX-License-Identifier: MIT
// Goal: names become addresses, within the limit, and failures are told apart. Method: the system's
// own name service for names that every machine knows, and lists made here for the limit.
#include "transport/io/name_lookup.hpp"

#include "transport/io/unix_datagram.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::transport::io {
namespace {

ip_endpoint numbered(std::uint8_t last) {
  ip_endpoint e;
  e.address = {192, 0, 2, last};
  return e;
}

TEST(name_lookup, numbers_and_localhost_need_no_network) {
  const auto number = look_up("192.0.2.7", name_family::any);
  ASSERT_TRUE(number) << to_string(number.error());
  EXPECT_EQ(number->addresses, std::vector{numbered(7)});
  const auto here = look_up("localhost", name_family::v4);
  ASSERT_TRUE(here) << to_string(here.error());
  ASSERT_FALSE(here->addresses.empty());
  for (const auto& a : here->addresses) {
    EXPECT_TRUE(a.loopback());
    EXPECT_FALSE(a.v6);
    EXPECT_EQ(a.port, 0);
  }
}

TEST(name_lookup, a_number_of_the_other_family_is_not_found) {
  EXPECT_EQ(look_up("192.0.2.7", name_family::v6).error().code, ec::not_found);
  EXPECT_EQ(look_up("2001:db8::1", name_family::v4).error().code, ec::not_found);
}

TEST(name_lookup, an_address_of_one_link_is_not_used) {
  EXPECT_EQ(look_up("fe80::1", name_family::any).error().code, ec::not_found);
}

TEST(name_lookup, a_name_without_an_address_says_so) {
  // RFC 6761: never a real name. Without a name service the answer is that none answered.
  const auto nothing = look_up("node.invalid", name_family::any);
  ASSERT_FALSE(nothing);
  EXPECT_TRUE(nothing.error().code == ec::not_found || nothing.error().code == ec::timeout)
      << to_string(nothing.error());
  EXPECT_NE(nothing.error().detail.find("node.invalid"), std::string::npos);
}

TEST(name_lookup, addresses_are_bounded_sorted_and_unique) {
  std::vector<ip_endpoint> many;
  for (int i = 40; i > 0; --i) {
    many.push_back(numbered(static_cast<std::uint8_t>(i)));
    many.push_back(numbered(static_cast<std::uint8_t>(i)));
  }
  const auto answer = bounded_answer(many);
  ASSERT_EQ(answer.addresses.size(), addresses_per_name_max);
  EXPECT_EQ(answer.left_out, 40 - addresses_per_name_max);
  EXPECT_EQ(answer.addresses.front(), numbered(1));
  EXPECT_EQ(answer.addresses.back(), numbered(addresses_per_name_max));
}

/// A datagram socket that somebody could send to.
struct receiver {
  int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  explicit receiver(const std::string& name) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::memcpy(a.sun_path, name.data(), name.size());
    const bool abstract = name.front() == '@';
    if (abstract) a.sun_path[0] = '\0';
    const auto size = offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1);
    bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&a), static_cast<socklen_t>(size)) == 0;
  }
  ~receiver() { ::close(fd); }
  receiver(const receiver&) = delete;
  receiver& operator=(const receiver&) = delete;
  std::string take() const {
    char buffer[256];
    const auto got = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    return got < 0 ? "(nothing)" : std::string(buffer, static_cast<std::size_t>(got));
  }
  bool bound = false;
};

TEST(unix_datagram, reaches_a_path_and_an_abstract_name) {
  const auto id = std::to_string(::getpid());
  const std::string path = testing::TempDir() + "weft-datagram-" + id;
  for (const auto& name : {path, "@weft-datagram-" + id}) {
    const receiver r(name);
    ASSERT_TRUE(r.bound) << name;
    const auto sent = send_unix_datagram(name, "READY=1");
    ASSERT_TRUE(sent) << to_string(sent.error());
    EXPECT_EQ(r.take(), "READY=1");
  }
  // Still there, but nobody listens any more.
  EXPECT_EQ(send_unix_datagram(path, "x").error().code, ec::unreachable);
  ::unlink(path.c_str());
  EXPECT_EQ(send_unix_datagram(path, "x").error().code, ec::not_found);
}

TEST(unix_datagram, refuses_what_is_no_address) {
  for (const auto& wrong :
       {std::string{}, std::string("/"), std::string("run/notify"), "/" + std::string(200, 'x')})
    EXPECT_EQ(send_unix_datagram(wrong, "x").error().code, ec::bad_argument) << wrong;
}

TEST(unix_datagram, gives_up_on_a_full_queue) {
  const std::string name = "@weft-full-" + std::to_string(::getpid());
  const receiver r(name);
  ASSERT_TRUE(r.bound);
  result<void> sent;
  // Far more than net.unix.max_dgram_qlen of any kernel in use.
  for (int i = 0; i < 100'000 && sent; ++i) sent = send_unix_datagram(name, "x");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ec::timeout);
}

}  // namespace
}  // namespace weft::transport::io
