// SPDX-License-Identifier: MIT
#include "node/self_check.hpp"

#include "base/crypto.hpp"
#include "node/descriptor.hpp"
#include "node/files.hpp"
#include "transport/io/udp_socket.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace weft::node {

namespace {

/// Processor time that one figure may take.
constexpr double budget_seconds = 0.004;
constexpr std::size_t packet_bytes = 1200;
constexpr std::size_t packets_per_run = 32;
constexpr std::size_t loopback_buffer_bytes = 256 * 1024;
constexpr std::size_t syncs = 3;

double processor_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// How often `once` is done in a second of processor time; 0 when it says false or is stopped.
template <class Once>
double per_second(const std::stop_token& stopping, Once&& once) {
  const double begin = processor_seconds();
  for (std::uint64_t done = 0; !stopping.stop_requested();) {
    if (!once()) return 0;
    ++done;
    if (const double took = processor_seconds() - begin; took >= budget_seconds)
      return static_cast<double>(done) / took;
  }
  return 0;
}

/// Bytes that one processor sends to and receives from itself in a second, as the node does it.
double measure_loopback(const std::stop_token& stopping) {
  using namespace transport::io;
  ip_endpoint loopback;
  loopback.address[0] = 127;
  loopback.address[3] = 1;
  auto sender = udp_socket::open(loopback, {.buffer_bytes = loopback_buffer_bytes});
  auto receiver = udp_socket::open(loopback, {.buffer_bytes = loopback_buffer_bytes});
  if (!sender || !receiver) return 0;
  const std::vector<std::uint8_t> packets(packets_per_run * packet_bytes);
  const outgoing_run run{packets, packet_bytes, sender->bound(), receiver->bound()};
  std::vector<std::uint8_t> room(udp_socket::receive_bytes);
  return static_cast<double>(packets.size()) * per_second(stopping, [&] {
           if (sender->send(run) != socket_status::done) return false;
           for (std::size_t arrived = 0; arrived < packets.size();) {
             received_run in;
             pollfd readable{receiver->descriptor(), POLLIN, 0};
             // What does not come within a second is lost, and ends the measurement.
             if (receiver->receive(room, in) == socket_status::done)
               arrived += in.bytes.size();
             else if (::poll(&readable, 1, 1000) != 1)
               return false;
           }
           return true;
         });
}

/// Median time until a small write is on the disk; 0 when the folder takes none.
double measure_sync(const std::stop_token& stopping, const std::string& folder) {
  const auto path = path_in(folder, "self-check.tmp");
  const descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  std::vector<double> took;
  const std::array<char, 4096> page{};
  while (took.size() < syncs && !stopping.stop_requested()) {
    const auto begin = std::chrono::steady_clock::now();
    if (::write(file.get(), page.data(), page.size()) != static_cast<ssize_t>(page.size())
        || ::fdatasync(file.get()) != 0)
      break;
    const std::chrono::duration<double> each = std::chrono::steady_clock::now() - begin;
    took.push_back(each.count());
  }
  ::unlink(path.c_str());
  if (took.size() < syncs) return 0;
  std::nth_element(took.begin(), took.begin() + syncs / 2, took.end());
  return took[syncs / 2];
}

}  // namespace

void self_check::start(std::string folder) {
  thread_ = std::jthread([this, folder = std::move(folder)](const std::stop_token& stopping) {
    run(stopping, folder);
  });
}

void self_check::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void self_check::run(const std::stop_token& stopping, const std::string& folder) {
  const auto key = crypto::ed25519_private_key::generate();
  const std::array<std::uint8_t, 128> message{};
  signs_per_second_ = per_second(stopping, [&] {
    key.sign(message);
    return true;
  });
  const auto signature = key.sign(message);
  verifications_per_second_ = per_second(stopping, [&] {
    return crypto::ed25519_verify(key.public_key(), message, signature).has_value();
  });
  crypto::aead seal(crypto::aead_kind::aes_128_gcm, std::array<std::uint8_t, 16>{});
  const std::array<std::uint8_t, crypto::aead_nonce_bytes> nonce{};
  std::array<std::uint8_t, packet_bytes + crypto::aead_tag_bytes> packet{};
  sealed_bytes_per_second_
      = static_cast<double>(packet_bytes) * per_second(stopping, [&] {
          return seal.seal(nonce, {}, bytes_view(packet).first(packet_bytes), packet)
                 == packet.size();
        });
  loopback_bytes_per_second_ = measure_loopback(stopping);
  sync_seconds_ = measure_sync(stopping, folder);
}

void self_check::collect(metrics::visitor& v) const {
  constexpr auto operations = "weft_selfcheck_operations_per_second";
  constexpr auto operations_help
      = "Ed25519 operations that one processor does in a second, measured once at the start.";
  v.on_gauge(operations, operations_help, {{"operation", "sign"}}, signs_per_second_);
  v.on_gauge(operations, operations_help, {{"operation", "verify"}}, verifications_per_second_);
  v.on_gauge("weft_selfcheck_sealed_bytes_per_second",
             "Bytes that one processor seals with AES-128-GCM in a second, in packets of 1200.", {},
             sealed_bytes_per_second_);
  v.on_gauge("weft_selfcheck_loopback_bytes_per_second",
             "Bytes that one processor sends to and receives from itself over UDP in a second.", {},
             loopback_bytes_per_second_);
  v.on_gauge("weft_selfcheck_sync_seconds",
             "Time until 4 KiB are on the disk of the node's folder, measured once at the start.",
             {}, sync_seconds_);
}

}  // namespace weft::node
