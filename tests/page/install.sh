#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what drives the browser of the page tests outside the checkout, once per lock file, and prints its folder. The
# browser itself is Debian's. The registry is whatever npm on this machine is configured for.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
hash=$(cat "$here/package.json" "$here/package-lock.json" | sha256sum | cut -c1-16)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/weft/page-$hash
if [ ! -f "$folder/complete" ]; then
  echo "page: installing playwright-core (once)" >&2
  mkdir -p "$(dirname "$folder")"
  exec 9>"$folder.lock"
  flock 9
  if [ ! -f "$folder/complete" ]; then
    rm -rf "$folder"
    mkdir "$folder"
    cp "$here/package.json" "$here/package-lock.json" "$folder/"
    (cd "$folder" && npm install --no-audit --no-fund --ignore-scripts --loglevel=error) >"$folder.log" 2>&1 \
      || { tail -n 30 "$folder.log" >&2; exit 1; }
    touch "$folder/complete"
  fi
fi
# Imports are resolved from where a script lies.
if ! cmp -s "$here/browser.mjs" "$folder/browser.mjs"; then
  cp "$here/browser.mjs" "$folder/browser.mjs.$$"
  mv "$folder/browser.mjs.$$" "$folder/browser.mjs"
fi
echo "$folder"
