// SPDX-License-Identifier: MIT
#include "node/cli_outline.hpp"

#include <algorithm>

namespace weft::node {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& w : words) out += (out.empty() ? "" : " ") + w;
  return out;
}

/// Words that may follow a command: its sub-commands and options, with those of every command.
std::string words_after(const command_outline& c, const command_outline& every) {
  auto words = c.words;
  for (const auto& o : c.options) words.push_back(o.name);
  if (&c != &every)
    for (const auto& o : every.options)
      if (std::find(words.begin(), words.end(), o.name) == words.end()) words.push_back(o.name);
  return joined(words);
}

std::vector<std::string> file_options(const std::vector<command_outline>& commands) {
  std::vector<std::string> names;
  for (const auto& c : commands)
    for (const auto& o : c.options)
      if (o.is_file && std::find(names.begin(), names.end(), o.name) == names.end())
        names.push_back(o.name);
  return names;
}

/// Inside single quotes of a shell.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char x : text) {
    if (x == '\'')
      out += "'\\''";
    else
      out += x;
  }
  return out;
}

std::string bash_script(const std::vector<command_outline>& commands) {
  std::string out
      = "# bash completion for weft; made by `weft completion bash`.\n_weft() {\n"
        "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= "
        "word\n"
        "  local i known=\"";
  for (const auto& c : commands) out += "|" + c.name;
  out += "|\"\n  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n"
         "    if [[ $known == *\"|${command:+$command }$word|\"* ]]; then command=\"${command:+$command }$word\"; fi\n  done\n"
         "  case $previous in\n";
  const auto files = file_options(commands);
  if (!files.empty()) {
    std::string pattern;
    for (const auto& f : files) pattern += (pattern.empty() ? "" : "|") + f;
    out += "    " + pattern + ") COMPREPLY=($(compgen -f -- \"$current\")); return;;\n";
  }
  out += "    --profile) COMPREPLY=($(compgen -W 'server lowpower private test' -- \"$current\")); return;;\n"
         "    --topology) COMPREPLY=($(compgen -W 'line ring random full' -- \"$current\")); return;;\n"
         "  esac\n  case $command in\n";
  for (const auto& c : commands)
    out += "    '" + c.name + "') COMPREPLY=($(compgen -W '" + words_after(c, commands.front())
           + "' -- \"$current\"));;\n";
  return out + "  esac\n}\ncomplete -o default -F _weft weft\n";
}

std::string zsh_script(const std::vector<command_outline>& commands) {
  std::string out
      = "#compdef weft\n# zsh completion for weft; made by `weft completion zsh`.\n_weft() {\n"
        "  local command= word\n  local -a choices\n  integer i\n  local known='";
  for (const auto& c : commands) out += "|" + c.name;
  out += "|'\n  for ((i = 2; i < CURRENT; i++)); do\n    word=$words[i]\n"
         "    if [[ $known == *\"|${command:+$command }$word|\"* ]]; then command=\"${command:+$command }$word\"; fi\n  done\n"
         "  case $words[CURRENT-1] in\n";
  std::string pattern;
  for (const auto& f : file_options(commands)) pattern += (pattern.empty() ? "" : "|") + f;
  if (!pattern.empty()) out += "    (" + pattern + ") _files; return;;\n";
  out += "  esac\n  case $command in\n";
  for (const auto& c : commands) {
    out += "    ('" + c.name + "') choices=(";
    for (const auto& word : c.words) {
      const auto name = c.name.empty() ? word : c.name + " " + word;
      const auto sub = std::find_if(commands.begin(), commands.end(),
                                    [&](const auto& x) { return x.name == name; });
      out += " '" + word + ":" + quoted(sub == commands.end() ? "" : sub->help) + "'";
    }
    for (const auto& o : c.options) out += " '" + o.name + ":" + quoted(o.help) + "'";
    if (!c.name.empty())
      for (const auto& o : commands.front().options)
        out += " '" + o.name + ":" + quoted(o.help) + "'";
    out += ");;\n";
  }
  return out + "  esac\n  _describe 'weft' choices\n}\n_weft \"$@\"\n";
}

std::string fish_script(const std::vector<command_outline>& commands) {
  std::string out = "# fish completion for weft; made by `weft completion fish`.\n";
  const auto option_line = [&](const std::string& condition, const option_outline& o) {
    out += "complete -c weft" + condition
           + (o.name.starts_with("--") ? " -l " + o.name.substr(2) : " -s " + o.name.substr(1))
           + (o.takes_value ? o.is_file ? " -r" : " -x" : "") + " -d '" + quoted(o.help) + "'\n";
  };
  for (const auto& c : commands) {
    std::string condition;
    if (c.name.empty()) {
      condition = " -n __fish_use_subcommand";
    } else {
      condition = " -n '";
      std::size_t at = 0;
      for (std::size_t space = 0; space != std::string::npos; at = space + 1) {
        space = c.name.find(' ', at);
        condition += std::string(at ? "; and " : "") + "__fish_seen_subcommand_from "
                     + c.name.substr(at, space - at);
      }
      condition += "'";
    }
    for (const auto& word : c.words) {
      const auto name = c.name.empty() ? word : c.name + " " + word;
      const auto sub = std::find_if(commands.begin(), commands.end(),
                                    [&](const auto& x) { return x.name == name; });
      out += "complete -c weft -f" + condition + " -a " + word + " -d '"
             + quoted(sub == commands.end() ? "" : sub->help) + "'\n";
    }
    for (const auto& o : c.options) option_line(c.name.empty() ? "" : condition, o);
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell,
                              const std::vector<command_outline>& commands) {
  if (shell == "bash") return bash_script(commands);
  if (shell == "zsh") return zsh_script(commands);
  if (shell == "fish") return fish_script(commands);
  return {};
}

std::string command_reference(const std::vector<command_outline>& commands) {
  std::string out;
  for (const auto& c : commands) {
    if (c.name.empty()) continue;
    out += "### weft " + c.name + (c.usage.empty() ? "" : " " + c.usage) + "\n\n" + c.help
           + ".\n\n";
    bool table = false;
    for (const auto& o : c.options) {
      if (o.name == "--help" || o.name == "-h") continue;
      if (!table) out += "| option | meaning |\n|---|---|\n";
      table = true;
      out += "| `" + o.name + "` | " + o.help + " |\n";
    }
    if (table) out += "\n";
    if (!c.examples.empty()) out += "```sh\n" + c.examples + "\n```\n\n";
  }
  return out;
}

}  // namespace weft::node
