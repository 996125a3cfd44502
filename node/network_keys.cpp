// SPDX-License-Identifier: MIT
#include "node/network_keys.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "node/files.hpp"

#include <algorithm>

namespace weft::node {

namespace {

using transport::io::network_key;
using transport::io::private_network;

constexpr std::size_t file_bytes_max = 1024;

result<network_key> read_network_key(const std::string& path) {
  WEFT_TRY_VOID(check_private(path, "the network key"));
  WEFT_TRY(auto text, read_file(path, file_bytes_max));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  network_key key;
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != key.size())
    return fail(ec::bad_config, path
                                    + " holds no network key: expected one line of 64 hexadecimal "
                                      "digits, as `weft keys network` writes it");
  std::ranges::copy(*bytes, key.begin());
  return key;
}

}  // namespace

result<std::vector<network_key>> read_network_keys(const std::vector<std::string>& paths) {
  if (paths.size() > private_network::keys_max)
    return fail(ec::bad_config, "network.key_files names " + std::to_string(paths.size())
                                    + " files; at most two keys are active at once");
  std::vector<network_key> keys;
  for (const auto& path : paths) {
    WEFT_TRY(const auto key, read_network_key(path));
    if (std::ranges::find(keys, key) != keys.end())
      return fail(ec::bad_config, path + " holds the same network key as the file before it");
    keys.push_back(key);
  }
  return keys;
}

result<void> write_network_key(const std::string& path, bool replace) {
  if (!replace && file_exists(path))
    return fail(ec::exists, path + " exists already and is not replaced");
  network_key key;
  crypto::random_bytes(key);
  return write_file_atomically(path, to_hex(key) + "\n", 0600);
}

}  // namespace weft::node
