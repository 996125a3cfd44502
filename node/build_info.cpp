// SPDX-License-Identifier: MIT
#include "node/build_info.hpp"

#include "actors/libraries.hpp"
#include "storage/libraries.hpp"
#include "transport/io/libraries.hpp"

#include <CLI/Version.hpp>
#include <httplib.h>
#include <toml++/toml.h>

namespace weft::node {

namespace {

#ifdef __clang__
constexpr std::string_view compiler = "clang " __clang_version__;
#else
constexpr std::string_view compiler = "gcc " __VERSION__;
#endif

#if defined(__x86_64__)
constexpr std::string_view machine = "x86-64";
#elif defined(__aarch64__)
constexpr std::string_view machine = "arm64";
#else
constexpr std::string_view machine = "other";
#endif

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

library_versions libraries() {
  library_versions all;
  actors::add_libraries(all);
  transport::io::add_libraries(all);
  add_base_libraries(all);
  storage::add_libraries(all);
  all.push_back({"nlohmann-json", dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                         NLOHMANN_JSON_VERSION_PATCH)});
  all.push_back({"toml++", dotted(TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH)});
  all.push_back({"CLI11", CLI11_VERSION});
  all.push_back({"cpp-httplib", CPPHTTPLIB_VERSION});
  return all;
}

}  // namespace

json build_info() {
  json j{{"version", version()},
         {"revision", revision()},
         {"build_type", WEFT_BUILD_TYPE},
         {"compiler", compiler},
         {"system", "Linux " + std::string(machine)}};
  json versions;
  for (const auto& each : libraries()) versions[each.name] = each.version;
  j["libraries"] = std::move(versions);
  return j;
}

std::string build_info_text() {
  const auto j = build_info();
  std::string text = "weft " + std::string(version()) + "\n";
  const auto row = [&](const std::string& name, const std::string& value) {
    text += "  " + name + std::string(name.size() < 14 ? 14 - name.size() : 1, ' ') + value + "\n";
  };
  row("revision", std::string(revision()));
  row("build",
      j.value("build_type", "") + ", " + j.value("compiler", "") + ", " + j.value("system", ""));
  for (const auto& [name, version] : j["libraries"].items()) row(name, version.get<std::string>());
  return text;
}

}  // namespace weft::node
