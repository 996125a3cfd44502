#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the js-libp2p peer of the interop suite, once, and prints its folder:
#
#   folder=$(tests/interop/install.sh) && "$folder/node" "$folder/peer.mjs" listen
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$("$here/../support/npm-folder.sh" interop "$here" peer.mjs mesh_peer.mjs)
[ -L "$folder/node" ] || ln -sfn node_modules/.bin/node "$folder/node"
echo "$folder"
