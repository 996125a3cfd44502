// SPDX-License-Identifier: MIT
// Goal: the command line keeps its contract: exit codes, help with examples, JSON, errors that name
// the remedy. Method: the real binary, no running node.
#include "tests/node/temporary_directory.hpp"
#include "tests/node/weft_process.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>

namespace weft::node {
namespace {

using nlohmann::json;

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(cli, help_of_every_command_has_an_example) {
  const auto reference = run_weft({"completion", "markdown"});
  ASSERT_EQ(reference.exit_code, 0) << reference.err;
  std::size_t commands = 0;
  for (auto at = reference.out.find("### weft "); at != std::string::npos; ++commands) {
    const auto next = reference.out.find("### weft ", at + 1);
    const auto section = reference.out.substr(at, next - at);
    EXPECT_TRUE(holds(section, "```sh\n  ")) << section;
    at = next;
  }
  EXPECT_GE(commands, 20U);
  const auto help = run_weft({"send", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_TRUE(holds(help.out, "weft send 12D3KooW")) << help.out;
}

TEST(cli, usage_errors_exit_2_and_point_to_the_help) {
  EXPECT_EQ(run_weft({}).exit_code, 2);
  const auto unknown = run_weft({"peeers"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_TRUE(holds(unknown.err, "did you mean 'peers'?")) << unknown.err;
  const auto option = run_weft({"ping", "--cuont", "3", "x"});
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_TRUE(holds(option.err, "see: weft ping --help")) << option.err;
}

TEST(cli, init_makes_a_private_node_and_keeps_its_identity) {
  const temporary_directory d;
  const auto made = run_weft({"init", "--dir", d / "n", "--profile", "test", "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto peer = json::parse(made.out)["peer"].get<std::string>();
  struct stat info {};
  for (const auto* file : {"/n/identity.key", "/n/config.toml"}) {
    ASSERT_EQ(::stat((d.path() + file).c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << file;
  }
  ASSERT_EQ(::stat((d / "n").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  const auto id = run_weft({"id"}, {"WEFT_DIR=" + d / "n"});
  EXPECT_EQ(id.exit_code, 0);
  EXPECT_EQ(id.out, peer + "\n");
  const auto again = run_weft({"init", "--dir", d / "n"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_TRUE(holds(again.err, "--force")) << again.err;
  const auto forced = run_weft({"init", "--dir", d / "n", "--force", "--json"});
  ASSERT_EQ(forced.exit_code, 0);
  EXPECT_EQ(json::parse(forced.out)["peer"], peer);
}

TEST(cli, commands_without_a_node_exit_4_and_say_how_to_start_one) {
  const temporary_directory d;
  ASSERT_EQ(run_weft({"init", "--dir", d / "n", "--profile", "test"}).exit_code, 0);
  for (const auto* command :
       {"status", "health", "peers", "routes", "recv", "reload", "shutdown"}) {
    const auto done = run_weft({command, "--dir", d / "n"});
    EXPECT_EQ(done.exit_code, 4) << command;
    EXPECT_TRUE(holds(done.err, "weft run --dir " + d / "n")) << done.err;
  }
}

TEST(cli, run_without_init_exits_5_and_names_init) {
  const temporary_directory d;
  const auto done = run_weft({"run", "--dir", d / "none"});
  EXPECT_EQ(done.exit_code, 5);
  EXPECT_TRUE(holds(done.err, "weft init --dir")) << done.err;
}

TEST(cli, config_check_names_file_line_and_nearest_key) {
  const temporary_directory d;
  put(d / "bad.toml", "[log]\nlevel = \"info\"\nfromat = \"json\"\n");
  const auto done = run_weft({"config", "check", "--config", d / "bad.toml"});
  EXPECT_EQ(done.exit_code, 3);
  EXPECT_TRUE(
      holds(done.err, d / "bad.toml:3: unknown key 'log.fromat'; did you mean 'log.format'?"))
      << done.err;
  put(d / "good.toml", "[log]\nlevel = \"info\"\n");
  EXPECT_EQ(run_weft({"config", "check", "--config", d / "good.toml"}).exit_code, 0);
  EXPECT_EQ(run_weft({"config", "check", "--config", d / "none.toml"}).exit_code, 5);
}

TEST(cli, flags_beat_environment_beats_file_beats_defaults) {
  const temporary_directory d;
  put(d / "c.toml", "[log]\nlevel = \"warn\"\n[node]\nname = \"file\"\n");
  const std::vector<std::string> show{"config", "show", "--json", "--config", d / "c.toml"};
  const auto level
      = [&](const command_output& o) { return json::parse(o.out)["log.level"].get<std::string>(); };
  EXPECT_EQ(level(run_weft(show)), "\"warn\"");
  EXPECT_EQ(level(run_weft(show, {"WEFT_LOG_LEVEL=error"})), "\"error\"");
  auto flagged = show;
  flagged.insert(flagged.end(), {"--set", "log.level=debug"});
  EXPECT_EQ(level(run_weft(flagged, {"WEFT_LOG_LEVEL=error"})), "\"debug\"");
  EXPECT_EQ(run_weft(show, {"WEFT_LOG_LEVEL=loud"}).exit_code, 3);
}

TEST(cli, printed_defaults_are_a_valid_file) {
  const temporary_directory d;
  put(d / "c.toml", run_weft({"config", "defaults"}).out);
  EXPECT_EQ(run_weft({"config", "check", "--config", d / "c.toml"}).exit_code, 0);
}

TEST(cli, keys_are_exported_sealed_changed_and_imported) {
  const temporary_directory d;
  put(d / "p1", "first\n");
  put(d / "p2", "second\n");
  ::chmod((d / "p1").c_str(), 0600);
  ::chmod((d / "p2").c_str(), 0600);
  const auto a = d / "a";
  const auto b = d / "b";
  ASSERT_EQ(
      run_weft({"init", "--dir", a, "--profile", "test", "--passphrase-file", d / "p1"}).exit_code,
      0);
  ASSERT_EQ(run_weft({"init", "--dir", b, "--profile", "test"}).exit_code, 0);
  EXPECT_TRUE(
      json::parse(run_weft({"keys", "show", "--dir", a, "--json"}).out)["encrypted"].get<bool>());
  EXPECT_EQ(run_weft({"keys", "export", d / "backup", "--dir", a, "--passphrase-file", d / "p2",
                      "--no-passphrase"})
                .exit_code,
            8);
  ASSERT_EQ(run_weft({"keys", "export", d / "backup", "--dir", a, "--passphrase-file", d / "p1",
                      "--new-passphrase-file", d / "p2"})
                .exit_code,
            0);
  EXPECT_EQ(run_weft({"keys", "import", d / "backup", "--dir", b, "--passphrase-file", d / "p2"})
                .exit_code,
            1);
  ASSERT_EQ(run_weft({"keys", "import", d / "backup", "--dir", b, "--passphrase-file", d / "p2",
                      "--force"})
                .exit_code,
            0);
  EXPECT_EQ(run_weft({"id", "--dir", a}).out, run_weft({"id", "--dir", b}).out);
  ASSERT_EQ(run_weft({"keys", "passphrase", "--dir", b, "--passphrase-file", d / "p2", "--remove"})
                .exit_code,
            0);
  EXPECT_FALSE(
      json::parse(run_weft({"keys", "show", "--dir", b, "--json"}).out)["encrypted"].get<bool>());
}

TEST(cli, documents_in_the_tree_are_what_the_binary_prints) {
  const auto ends_with = [](const std::string& file, const std::vector<std::string>& command) {
    const auto printed = run_weft(command);
    EXPECT_EQ(printed.exit_code, 0) << printed.err;
    EXPECT_GT(printed.out.size(), 1000U);
    EXPECT_TRUE(content_of(file).ends_with(printed.out)) << file << " is out of date";
  };
  ends_with("docs/cli.md", {"completion", "markdown"});
  ends_with("docs/configuration.md", {"config", "defaults", "--markdown"});
  for (const std::string shell : {"bash", "zsh", "fish"})
    ends_with("deploy/completions/weft." + shell, {"completion", shell});
}

TEST(cli, manual_pages_hold_every_command_and_key) {
  const auto page = run_weft({"completion", "man"});
  ASSERT_EQ(page.exit_code, 0) << page.err;
  EXPECT_TRUE(page.out.starts_with(".TH WEFT 1 ")) << page.out.substr(0, 80);
  for (const auto* command : {"run", "config check", "keys export FILE", "bench NAME"})
    EXPECT_TRUE(holds(page.out, ".SS weft " + std::string(command) + "\n")) << command;
  EXPECT_TRUE(holds(page.out, "\\fB\\-f\\fR, \\fB\\-\\-follow"))
      << "names of one option stand together";
  const auto keys = run_weft({"config", "defaults", "--manual"});
  ASSERT_EQ(keys.exit_code, 0) << keys.err;
  EXPECT_TRUE(holds(keys.out, "\\fBnetwork.resolve_interval\\fR")) << keys.out;
  EXPECT_TRUE(holds(keys.out, "Can be reloaded."));
  for (const auto& text : {page.out, keys.out})
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char x) {
      return x == '\n' || (x >= ' ' && x <= '~');
    })) << "man(7) takes ASCII";
}

TEST(cli, completion_scripts_know_the_commands) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto done = run_weft({"completion", shell});
    EXPECT_EQ(done.exit_code, 0);
    for (const auto* word : {"status", "disconnect", "mesh", "defaults", "follow", "topology"})
      EXPECT_TRUE(holds(done.out, word)) << shell << " lacks " << word;
  }
  EXPECT_EQ(run_weft({"completion", "cmd"}).exit_code, 2);
}

}  // namespace
}  // namespace weft::node
