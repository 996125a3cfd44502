// SPDX-License-Identifier: MIT
#include "node/client.hpp"
#include "node/commands.hpp"
#include "node/daemon.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"
#include "node/manual.hpp"
#include "node/network_keys.hpp"

#include <cstdio>

namespace weft::node {

namespace {

std::string config_path_of(const std::string& directory, const std::string& given) {
  return given.empty() ? path_in(directory, std::string(config_file_name)) : given;
}

/// The passphrase a new key is sealed with: asked twice on a terminal.
result<passphrase> new_passphrase(const std::string& file, bool ask) {
  WEFT_TRY(auto secret, find_passphrase(file, false, {}));
  if (!secret.empty() || !ask) return secret;
  WEFT_TRY(auto first, ask_passphrase("New passphrase"));
  WEFT_TRY(const auto second, ask_passphrase("The same again"));
  if (first.text() != second.text())
    return fail(ec::bad_argument, "the two passphrases differ; nothing was changed");
  if (first.empty()) return fail(ec::bad_argument, "the passphrase is empty; nothing was changed");
  return first;
}

/// Where the identity is. A node whose configuration lies elsewhere (`weft run --config`) has it in
/// the usual place; `fresh`: it may be missing as long as the directory is there.
result<std::string> key_path_of(const std::string& directory, bool fresh = false) {
  const auto path = config_path_of(directory, {});
  const auto usual = path_in(directory, config{}.identity.key_file);
  if (!file_exists(path) && (file_exists(usual) || (fresh && file_exists(directory)))) return usual;
  if (!file_exists(path))
    return fail(ec::not_found, "there is no node in " + directory
                                   + "; make one with: weft init --dir " + directory);
  auto c = load_config(path, {});
  if (!c) return fail(ec::bad_config, c.error().detail);
  return path_in(directory, c->identity.key_file);
}

result<crypto::ed25519_private_key> open_key(const std::string& path,
                                             const std::string& passphrase_file) {
  WEFT_TRY(const auto info, read_identity_info(path));
  passphrase secret;
  if (info.encrypted) {
    WEFT_TRY(secret, find_passphrase(passphrase_file, true, "Passphrase of " + path));
  }
  return read_identity(path, secret);
}

result<peer_id> init_node(const std::string& directory, const init_options& o) {
  WEFT_TRY(auto c, profile_config(o.profile));
  if (const auto problems = apply_overrides(o.overrides, "command line", c); !problems.empty())
    return fail(ec::bad_config, to_string(problems.front()));
  WEFT_TRY_VOID(make_private_directory(directory));
  const auto path = config_path_of(directory, {});
  const auto key_path = path_in(directory, c.identity.key_file);
  if (file_exists(path) && !o.force)
    return fail(ec::exists,
                path + " exists already; --force writes it anew and keeps the identity");
  peer_id id;
  if (file_exists(key_path)) {
    WEFT_TRY(const auto info, read_identity_info(key_path));
    id = info.id;
  } else {
    WEFT_TRY(const auto secret, new_passphrase(o.passphrase_file, o.encrypt));
    const auto key = crypto::ed25519_private_key::generate();
    WEFT_TRY_VOID(write_identity(key_path, key, secret, false));
    id = key.id();
  }
  if (!o.passphrase_file.empty()) c.identity.passphrase_file = absolute_path(o.passphrase_file);
  WEFT_TRY_VOID(write_file_atomically(path, format_config(c, true), 0600));
  return id;
}

/// For `weft run --init`: leaves alone what exists.
result<void> make_missing(const std::string& directory, const run_options& o) {
  WEFT_TRY_VOID(make_private_directory(directory));
  const auto path = config_path_of(directory, o.config_path);
  if (!file_exists(path)) {
    if (!o.config_path.empty())
      return fail(ec::not_found, "there is no configuration file " + o.config_path);
    WEFT_TRY_VOID(write_file_atomically(path, format_config(config{}, true), 0600));
  }
  WEFT_TRY(const auto c, load_config(path, o.overrides));
  const auto key_path = path_in(directory, c.identity.key_file);
  if (file_exists(key_path)) return {};
  auto file = o.passphrase_file;
  if (file.empty() && !c.identity.passphrase_file.empty())
    file = path_in(directory, c.identity.passphrase_file);
  WEFT_TRY(const auto secret, find_passphrase(file, false, {}));
  return write_identity(key_path, crypto::ed25519_private_key::generate(), secret, false);
}

void print_key(const common_options& common, const std::string& path, const identity_info& info) {
  if (common.json) {
    std::fputs(
        line_of({{"peer", info.id.to_string()}, {"file", path}, {"encrypted", info.encrypted}})
            .c_str(),
        stdout);
    return;
  }
  std::printf("%s\n", info.id.to_string().c_str());
  std::printf("  file       %s\n  protection %s\n", path.c_str(),
              info.encrypted ? "passphrase (Argon2id)" : "file mode 0600 only");
}

}  // namespace

exit_code command_init(const common_options& common, const init_options& o) {
  const auto directory = node_directory(common.directory);
  const auto id = init_node(directory, o);
  if (!id) return report(id.error());
  if (common.json) {
    std::fputs(
        line_of({{"peer", id->to_string()}, {"directory", directory}, {"profile", o.profile}})
            .c_str(),
        stdout);
    return exit_code::ok;
  }
  std::printf("%s\n", styled(style::bold, id->to_string()).c_str());
  std::printf("  configuration %s/%s\n  start it with weft run --dir %s\n", directory.c_str(),
              std::string(config_file_name).c_str(), directory.c_str());
  return exit_code::ok;
}

exit_code command_run(const common_options& common, const run_options& o) {
  const auto directory = node_directory(common.directory);
  if (o.init)
    if (const auto made = make_missing(directory, o); !made) return report(made.error());
  const auto done = run_daemon({directory, o.config_path, o.overrides, o.passphrase_file});
  return done ? exit_code::ok : report(done.error());
}

exit_code command_id(const common_options& common) {
  const auto path = key_path_of(node_directory(common.directory));
  if (!path) return report(path.error());
  const auto info = read_identity_info(*path);
  if (!info) return report(info.error());
  if (common.json)
    print_key(common, *path, *info);
  else
    std::printf("%s\n", info->id.to_string().c_str());
  return exit_code::ok;
}

exit_code command_config_check(const common_options& common, const config_options& o) {
  const auto path = config_path_of(node_directory(common.directory), o.config_path);
  const auto c = load_config(path, o.overrides);
  if (common.json) {
    json j{{"file", path}, {"valid", c.has_value()}};
    if (!c) j["error"] = view(c.error());
    std::fputs(line_of(j).c_str(), stdout);
  } else if (c) {
    std::printf("%s is valid\n", path.c_str());
  } else {
    std::fprintf(stderr, "%s\n", c.error().detail.c_str());
  }
  return c                            ? exit_code::ok
         : c.error() == ec::not_found ? exit_code::not_found
                                      : exit_code::bad_config;
}

exit_code command_config_show(const common_options& common, const config_options& o) {
  const auto path = config_path_of(node_directory(common.directory), o.config_path);
  const auto c = load_config(path, o.overrides);
  if (!c) return report(c.error());
  if (!common.json) {
    std::fputs(format_config(*c, false).c_str(), stdout);
    return exit_code::ok;
  }
  json j;
  for (const auto& key : config_keys()) j[std::string(key.name)] = format_value(key, *c);
  std::fputs(line_of(j).c_str(), stdout);
  return exit_code::ok;
}

exit_code command_config_defaults(const common_options& common, const config_options& o) {
  if (o.markdown) {
    std::fputs(format_config_reference().c_str(), stdout);
  } else if (o.manual) {
    std::fputs(config_manual().c_str(), stdout);
  } else if (common.json) {
    json j;
    for (const auto& key : config_keys())
      j[std::string(key.name)] = {{"default", format_value(key, config{})},
                                  {"help", key.help},
                                  {"reloadable", key.reloadable}};
    std::fputs(line_of(j).c_str(), stdout);
  } else {
    std::fputs(format_config(config{}, true).c_str(), stdout);
  }
  return exit_code::ok;
}

exit_code command_keys_show(const common_options& common, const keys_options&) {
  const auto path = key_path_of(node_directory(common.directory));
  if (!path) return report(path.error());
  const auto info = read_identity_info(*path);
  if (!info) return report(info.error());
  print_key(common, *path, *info);
  return exit_code::ok;
}

exit_code command_keys_export(const common_options& common, const keys_options& o) {
  const auto path = key_path_of(node_directory(common.directory));
  if (!path) return report(path.error());
  const auto key = open_key(*path, o.passphrase_file);
  if (!key) return report(key.error());
  const auto secret = new_passphrase(o.new_passphrase_file,
                                     !o.remove_passphrase && o.new_passphrase_file.empty());
  if (!secret) return report(secret.error());
  if (const auto done = write_identity(o.file, *key, *secret, o.force); !done)
    return report(done.error());
  // A backup is worth what reading it back is worth.
  const auto again = read_identity(o.file, *secret);
  if (!again) return report(again.error());
  print_key(common, o.file, {again->id(), !secret->empty()});
  return exit_code::ok;
}

exit_code command_keys_import(const common_options& common, const keys_options& o) {
  const auto directory = node_directory(common.directory);
  const auto path = key_path_of(directory, true);
  if (!path) return report(path.error());
  const auto lock = directory_lock::take(directory);
  if (!lock) return report(lock.error());
  const auto info = read_identity_info(o.file);
  if (!info) return report(info.error());
  passphrase secret;
  if (info->encrypted) {
    auto found = find_passphrase(o.passphrase_file, true, "Passphrase of " + o.file);
    if (!found) return report(found.error());
    secret = std::move(*found);
  }
  const auto key = read_identity(o.file, secret);
  if (!key) return report(key.error());
  if (file_exists(*path) && !o.force)
    return report(
        {ec::exists, *path + " holds an identity already; --force replaces it (export it first)"});
  if (const auto done = write_identity(*path, *key, secret, true); !done)
    return report(done.error());
  print_key(common, *path, *info);
  return exit_code::ok;
}

exit_code command_keys_network(const common_options& common, const keys_options& o) {
  if (const auto done = write_network_key(o.file, o.force); !done) return report(done.error());
  if (common.json)
    std::fputs(line_of({{"file", o.file}}).c_str(), stdout);
  else
    std::printf(
        "%s holds a fresh network key; copy it to every node and name it in "
        "network.key_files\n",
        o.file.c_str());
  return exit_code::ok;
}

exit_code command_keys_passphrase(const common_options& common, const keys_options& o) {
  const auto path = key_path_of(node_directory(common.directory));
  if (!path) return report(path.error());
  const auto key = open_key(*path, o.passphrase_file);
  if (!key) return report(key.error());
  passphrase secret;
  if (!o.remove_passphrase) {
    auto fresh = o.new_passphrase_file.empty() ? new_passphrase({}, true)
                                               : find_passphrase(o.new_passphrase_file, false, {});
    if (!fresh) return report(fresh.error());
    secret = std::move(*fresh);
  }
  if (const auto done = write_identity(*path, *key, secret, true); !done)
    return report(done.error());
  print_key(common, *path, {key->id(), !secret.empty()});
  return exit_code::ok;
}

}  // namespace weft::node
