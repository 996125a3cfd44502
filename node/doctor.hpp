// SPDX-License-Identifier: MIT
#pragma once

#include "node/config.hpp"
#include "node/views.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// `weft doctor`: whether this machine, this directory and this configuration suit a node. Needs no
/// running node, and leaves nothing behind.
namespace weft::node {

enum class severity { warning, error };
std::string_view to_string(severity s) noexcept;

/// A thing that can be wrong. Codes are stable: never given to another meaning. docs/doctor.md
/// explains each.
struct doctor_code {
  std::string_view code;
  severity weight;
  /// Which examination finds it.
  std::string_view part;
  std::string_view meaning;
  std::string_view fix;
};
/// Every code, in the order of the examinations.
std::span<const doctor_code> doctor_codes();

struct doctor_options {
  std::string directory;
  /// Empty: config.toml in the directory.
  std::string config_path;
  config_overrides overrides;
};

/// What was found, part by part.
class diagnosis {
 public:
  struct finding {
    const doctor_code* code = nullptr;
    /// The particulars: which file, how many, what the system said.
    std::string text;
  };
  struct seen {
    std::string name;
    /// One line of what was seen.
    std::string detail;
  };

  void saw(std::string_view part, std::string detail);
  /// `code` is one of `doctor_codes()`.
  void find(std::string_view code, std::string text);

  const std::vector<seen>& parts() const noexcept { return parts_; }
  const std::vector<finding>& findings() const noexcept { return findings_; }
  std::size_t count(severity s) const;

 private:
  std::vector<seen> parts_;
  std::vector<finding> findings_;
};

/// All examinations; takes a second or two.
diagnosis examine(const doctor_options& o);

/// `{"errors", "warnings", "parts": [{"name", "detail"}], "findings": [{"code", "severity",
/// "part", "text", "meaning", "fix"}]}`
json view(const diagnosis& d);

// -- the examinations ---

void examine_clock(diagnosis& d);
void examine_descriptors(const config& c, diagnosis& d);
void examine_sockets(diagnosis& d);
void examine_path(diagnosis& d);
/// `running`: the listen addresses are the node's own, and in use.
void examine_listeners(const config& c, bool running, diagnosis& d);
void examine_disk(const std::string& directory, diagnosis& d);
void examine_identity(const std::string& directory, const config& c, diagnosis& d);

}  // namespace weft::node
