// SPDX-License-Identifier: MIT
#include "node/manual.hpp"

#include "node/build_info.hpp"
#include "node/config.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace weft::node {

namespace {

/// The UTF-8 character at the front of `text`, which is taken off, as "\[u2026]".
std::string roff_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  std::uint32_t code = first & (0x7fu >> size);
  for (std::size_t i = 1; i < std::min(size, text.size()); ++i)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
  text.remove_prefix(std::min(size, text.size()));
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "\\[u%04X]", code);
  return digits.data();
}

/// Text as man(7) wants it: ASCII, a real minus sign, no escape, no line that looks like a request.
std::string roff(std::string_view text) {
  std::string out;
  for (bool line_start = true; !text.empty();) {
    const char x = text.front();
    if (line_start && (x == '.' || x == '\'')) out += "\\&";
    line_start = x == '\n';
    if (static_cast<unsigned char>(x) >= 0x80) {
      out += roff_character(text);
      continue;
    }
    text.remove_prefix(1);
    if (x == '\\') {
      out += "\\e";
    } else if (x == '-') {
      out += "\\-";
    } else {
      out += x;
    }
  }
  return out;
}

std::string header(std::string_view page, std::string_view section, std::string_view summary) {
  std::string upper;
  for (const char x : page) upper += x >= 'a' && x <= 'z' ? static_cast<char>(x - 'a' + 'A') : x;
  return ".TH " + upper + " " + std::string(section) + " \"\" \"weft " + std::string(version())
         + "\"\n.SH NAME\n" + std::string(page) + " \\- " + std::string(summary) + "\n";
}

std::string examples(const command_outline& c) {
  if (c.examples.empty()) return {};
  return ".PP\n.nf\n" + roff(c.examples) + "\n.fi\n";
}

/// One entry for all names of an option, which stand in the outline one after another.
std::string options(const std::vector<option_outline>& all) {
  std::string out;
  for (std::size_t i = 0; i < all.size();) {
    std::string names;
    const auto& first = all[i];
    for (; i < all.size() && all[i].help == first.help; ++i)
      names += (names.empty() ? "\\fB" : "\\fR, \\fB") + roff(all[i].name);
    if (first.name == "-h" || first.name == "--help") continue;
    out += ".TP\n" + names + (first.takes_value ? "\\fR \\fIVALUE\\fR\n" : "\\fR\n")
           + roff(first.help) + ".\n";
  }
  return out;
}

}  // namespace

std::string command_manual(const std::vector<command_outline>& commands) {
  std::string out = header("weft", "1", "a peer\\-to\\-peer mesh node")
                    + ".SH SYNOPSIS\n\\fBweft\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n"
                      ".SH DESCRIPTION\n"
                    + roff("weft is both the daemon (weft run) and the command line that talks to "
                           "it over the unix socket in the node's directory. Answers go to "
                           "standard output, everything else to standard error.\n")
                    + ".SH OPTIONS OF EVERY COMMAND\n" + options(commands.front().options)
                    + ".SH COMMANDS\n";
  for (const auto& c : commands) {
    if (c.name.empty()) continue;
    out += ".SS " + roff("weft " + c.name + (c.usage.empty() ? "" : " " + c.usage)) + "\n"
           + roff(c.help) + ".\n" + options(c.options) + examples(c);
  }
  out += ".SH EXIT STATUS\n" + roff(commands.front().examples) + "\n";
  out += ".SH ENVIRONMENT\n.TP\n\\fBWEFT_DIR\\fR\nThe node's directory when \\-\\-dir is not "
         "given.\n.TP\n\\fBWEFT_\\fISECTION\\fB_\\fIKEY\\fR\nOverrides a configuration key, see "
         "weft.toml(5).\n.TP\n\\fBWEFT_PASSPHRASE\\fR\nPassphrase of the identity.\n.TP\n"
         "\\fBNO_COLOR\\fR\nNo colours.\n.TP\n\\fBNOTIFY_SOCKET\\fR, \\fBWATCHDOG_USEC\\fR\nSet by "
         "the service manager, see sd_notify(3).\n";
  return out + ".SH SEE ALSO\nweft.toml(5)\n";
}

std::string config_manual() {
  const config defaults;
  std::string out
      = header("weft.toml", "5", "configuration of weft(1)") + ".SH DESCRIPTION\n"
        + roff(
            "A TOML file, config.toml in the node's directory unless weft run is told another "
            "one. An unknown key, a wrong type and a value outside its limits are errors. "
            "Durations are seconds, sizes bytes. The command line (--set section.key=value) "
            "comes before the environment (WEFT_SECTION_KEY), that before the file, the file "
            "before the defaults. SIGHUP and weft reload apply changed keys that can be "
            "reloaded and name those that need a restart.\n")
        + ".SH KEYS\n";
  for (const auto& key : config_keys()) {
    const auto limits = limits_text(key);
    out += ".TP\n\\fB" + roff(key.name) + "\\fR = \\fI" + roff(format_value(key, defaults))
           + "\\fR\n" + roff(key.help) + (limits.empty() ? "" : " Limits: " + roff(limits) + ".")
           + (key.reloadable ? " Can be reloaded.\n" : "\n");
  }
  return out + ".SH SEE ALSO\nweft(1)\n";
}

}  // namespace weft::node
