#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the npm packages of a test folder outside the checkout, once per lock file, copies its scripts beside them, and
# prints where. The registry is whatever npm on this machine is configured for; the lock file names versions and checksums
# only.
#
#   tests/support/npm-folder.sh NAME FOLDER SCRIPT…
set -euo pipefail
name=$1 here=$2
shift 2
hash=$(cat "$here/package.json" "$here/package-lock.json" | sha256sum | cut -c1-16)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/weft/$name-$hash
if [ ! -f "$folder/complete" ]; then
  echo "$name: installing npm packages (once)" >&2
  mkdir -p "$(dirname "$folder")"
  exec 9>"$folder.lock"
  flock 9
  if [ ! -f "$folder/complete" ]; then
    rm -rf "$folder"
    mkdir "$folder"
    cp "$here/package.json" "$here/package-lock.json" "$folder/"
    # Not `npm ci`: it insists on the binaries for other platforms, which not every registry carries.
    (cd "$folder" && npm install --no-audit --no-fund --ignore-scripts --loglevel=error) >"$folder.log" 2>&1 \
      || { tail -n 30 "$folder.log" >&2; exit 1; }
    touch "$folder/complete"
  fi
fi
# Imports are resolved from where a script lies.
for script in "$@"; do
  if ! cmp -s "$here/$script" "$folder/$script"; then
    cp "$here/$script" "$folder/$script.$$"
    mv "$folder/$script.$$" "$folder/$script"
  fi
done
echo "$folder"
