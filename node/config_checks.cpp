// SPDX-License-Identifier: MIT
#include "node/config_checks.hpp"

#include "base/log.hpp"
#include "base/multiaddr.hpp"
#include "node/http_guard.hpp"
#include "node/named_address.hpp"
#include "transport/io/private_network.hpp"

#include <algorithm>

namespace weft::node {

namespace {

enum class address_use { listen, bootstrap };

std::string check_addresses(const std::vector<std::string>& texts, address_use purpose) {
  for (const auto& text : texts) {
    auto address = multiaddr::parse(text);
    if (!address)
      return "'" + text + "' is not a multiaddr (" + address.error().detail
             + "); expected for example /ip4/127.0.0.1/udp/4001/quic-v1";
    if (purpose == address_use::listen) {
      if (!address->quic_v1_endpoint())
        return "'" + text + "' is not a QUIC address; expected /ip4|ip6/ADDRESS/udp/PORT/quic-v1";
      continue;
    }
    if (!dialable(*address))
      return "'" + text
             + "' is not an address to dial; expected "
               "/ip4|ip6|dns4|dns6|dns/ADDRESS/udp/PORT/quic-v1/p2p/PEER";
    if (!address->peer()) return "'" + text + "' lacks its peer; append /p2p/PEER";
  }
  return {};
}

}  // namespace

std::string check_listen(const config& c) {
  return check_addresses(c.network.listen, address_use::listen);
}
std::string check_bootstrap(const config& c) {
  return check_addresses(c.network.bootstrap, address_use::bootstrap);
}

std::string check_http_listen(const config& c) {
  const auto& text = c.http.listen;
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return "expected ADDRESS:PORT, for example 127.0.0.1:9464";
  const auto port = text.substr(colon + 1);
  const bool digits
      = !port.empty() && port.size() <= 5
        && std::all_of(port.begin(), port.end(), [](char x) { return x >= '0' && x <= '9'; });
  if (!digits || std::stoi(port) > 65535) return "'" + port + "' is not a port (0 to 65535)";
  return {};
}

std::string check_key_files(const config& c) {
  for (const auto& file : c.network.key_files)
    if (file.empty()) return "a file name is needed";
  return c.network.key_files.size() <= transport::io::private_network::keys_max
             ? std::string{}
             : "at most two keys are active at once";
}
std::string check_admit(const config& c) {
  return c.network.admit == "all" || c.network.admit == "listed" ? std::string{}
                                                                 : "expected all or listed";
}
std::string check_http_page(const config& c) {
  const auto& who = c.http.page;
  return who == "off" || who == "loopback" || who == "any" ? std::string{}
                                                           : "expected off, loopback or any";
}
std::string check_http_hosts(const config& c) {
  for (const auto& name : c.http.hosts)
    if (host_of(name) != name)
      return "'" + name + "' is not a host name in lower case without a port";
  return {};
}

std::string check_level(const config& c) {
  return log::parse_level(c.log.level) ? std::string{}
                                       : "expected trace, debug, info, warn, error or off";
}
std::string check_format(const config& c) {
  return c.log.format == "text" || c.log.format == "json" ? std::string{} : "expected text or json";
}
std::string check_components(const config& c) {
  for (const auto& text : c.log.components) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || !log::parse_level(text.substr(equals + 1)))
      return "'" + text + "' is not COMPONENT=LEVEL, for example session=debug";
  }
  return {};
}
std::string check_signatures(const config& c) {
  const auto& s = c.topics.signatures;
  return s == "strict" || s == "none" ? std::string{} : "expected strict or none";
}
std::string check_benches(const config& c) {
  for (const auto& kind : c.bench.kinds)
    if (kind != "broadcast" && kind != "lookup" && kind != "throughput")
      return "\"" + kind + "\" is not broadcast, lookup or throughput";
  return {};
}

std::string check_topics(const config& c) {
  for (const auto& topic : c.topics.topics)
    if (topic.empty() || topic.size() > c.gossip.topic_bytes_max)
      return "'" + topic + "' is no topic: it has 1 to " + std::to_string(c.gossip.topic_bytes_max)
             + " bytes";
  return {};
}
std::string check_protocol_name(const config& c) {
  const auto& name = c.dht.protocol_name;
  return name.starts_with('/') && name.size() <= 128 ? std::string{}
                                                     : "expected a name like /weft/kad/1.0.0";
}
std::string check_not_empty_key(const config& c) {
  return c.identity.key_file.empty() ? "a file name is needed" : std::string{};
}
std::string check_not_empty_socket(const config& c) {
  return c.admin.socket.empty() ? "a file name is needed" : std::string{};
}

}  // namespace weft::node
