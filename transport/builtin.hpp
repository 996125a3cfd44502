// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>

/// Names of the protocols that live inside the transport (https://github.com/libp2p/specs).
namespace weft::transport::builtin {

inline const std::array<std::string, 1> identify_names{"/ipfs/id/1.0.0"};
inline const std::array<std::string, 1> identify_push_names{"/ipfs/id/push/1.0.0"};
inline const std::array<std::string, 1> ping_names{"/ipfs/ping/1.0.0"};
inline const std::array<std::string, 1> perf_names{"/perf/1.0.0"};

}  // namespace weft::transport::builtin
