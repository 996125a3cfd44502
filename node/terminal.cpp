// SPDX-License-Identifier: MIT
#include "node/terminal.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weft::node {

namespace {

bool colors_wanted() {
  static const bool wanted = [] {
    const char* none = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return stdout_is_terminal() && !(none && *none) && !(term && std::string_view(term) == "dumb");
  }();
  return wanted;
}

std::string printed(const char* format, double value, const char* unit) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return std::string(buffer.data()) + " " + unit;
}

/// Three significant digits.
std::string short_number(double value, const char* unit) {
  return printed(value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value, unit);
}

/// Cells on the screen: code points, without the colour sequences of `styled`.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      i = std::min(text.find('m', i), text.size() - 1);
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) ++width;
  }
  return width;
}

}  // namespace

exit_code exit_code_of(ec code) noexcept {
  switch (code) {
    case ec::none:
      return exit_code::ok;
    case ec::bad_argument:
      return exit_code::usage;
    case ec::bad_config:
    case ec::corrupt:
      return exit_code::bad_config;
    case ec::not_running:
      return exit_code::not_running;
    case ec::not_found:
      return exit_code::not_found;
    case ec::timeout:
    case ec::unreachable:
    case ec::hop_limit:
      return exit_code::unreachable;
    case ec::denied:
      return exit_code::denied;
    case ec::in_use:
      return exit_code::already_running;
    default:
      return exit_code::failure;
  }
}

exit_code report(const error& e) {
  const auto text = e.detail.empty() ? std::string(to_string(e.code)) : e.detail;
  std::fprintf(stderr, "weft: %s\n", printable(text).c_str());
  return exit_code_of(e.code);
}

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

std::string styled(style s, std::string_view text) {
  if (s == style::plain || !colors_wanted()) return std::string(text);
  constexpr std::array<const char*, 6> codes{"0", "1", "2", "32", "33", "31"};
  return std::string("\033[") + codes[static_cast<std::size_t>(s)] + "m" + std::string(text)
         + "\033[0m";
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return short_number(value, units[unit]);
}

std::string format_seconds(double seconds) {
  if (seconds < 1e-6) return short_number(seconds * 1e9, "ns");
  if (seconds < 1e-3) return short_number(seconds * 1e6, "us");
  if (seconds < 1) return short_number(seconds * 1e3, "ms");
  if (seconds < 120) return short_number(seconds, "s");
  const auto minutes = static_cast<std::uint64_t>(seconds / 60);
  if (minutes < 60)
    return std::to_string(minutes) + " min " + std::to_string(static_cast<int>(seconds) % 60)
           + " s";
  if (minutes < 60 * 24)
    return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
  return std::to_string(minutes / 1440) + " d " + std::to_string(minutes % 1440 / 60) + " h";
}

std::string format_bits_per_second(double bits) {
  if (bits >= 1e9) return short_number(bits / 1e9, "Gbit/s");
  if (bits >= 1e6) return short_number(bits / 1e6, "Mbit/s");
  return short_number(bits / 1e3, "kbit/s");
}

std::string short_peer(std::string_view peer) {
  constexpr std::size_t shown = 8;
  return std::string(peer.size() > shown ? peer.substr(peer.size() - shown) : peer);
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char x : text) {
    const auto byte = static_cast<unsigned char>(x);
    if ((byte < 0x20 && x != '\n' && x != '\t') || byte == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
      out += escape.data();
    } else {
      out += x;
    }
  }
  return out;
}

std::string format_table(const std::vector<std::vector<std::string>>& rows,
                         const std::vector<std::size_t>& right) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string padding(widths[i] - width_of(rows[r][i]), ' ');
      const bool to_right = std::find(right.begin(), right.end(), i) != right.end();
      if (i) line += "  ";
      line += to_right ? padding + rows[r][i] : rows[r][i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += (r == 0 ? styled(style::bold, line) : line) + "\n";
  }
  return out;
}

void progress_bar::update(std::uint64_t done, std::uint64_t total, std::string_view note) {
  if (!stderr_is_terminal() || total == 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (visible_ && done < total && now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  visible_ = true;
  constexpr std::size_t cells = 24;
  const auto filled = static_cast<std::size_t>(
      static_cast<double>(cells) * static_cast<double>(done) / static_cast<double>(total));
  const std::string bar
      = std::string(filled, '#') + std::string(cells - std::min(cells, filled), '.');
  std::fprintf(stderr, "\r\033[K%s [%s] %3d %% %.*s", label_.c_str(), bar.c_str(),
               static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total)),
               static_cast<int>(note.size()), note.data());
  std::fflush(stderr);
}

void progress_bar::clear() {
  if (!visible_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  visible_ = false;
}

}  // namespace weft::node
