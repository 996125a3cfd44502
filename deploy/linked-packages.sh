#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints the Debian packages that hold the shared libraries a binary names itself, one "PACKAGE VERSION" a line. What those
# need in turn, they depend on.
#
#   deploy/linked-packages.sh BINARY
set -euo pipefail
binary=$1
loaded=$(ldd "$binary")
# On Debian 13 libc6 diverts the loader's old path, which dpkg tells in two lines of another form.
owner_of() { dpkg-query -S "$1" 2>/dev/null | grep -v '^diversion by '; }
objdump -p "$binary" | awk '$1 == "NEEDED" { print $2 }' | while read -r library; do
  path=$(awk -v l="$library" '$1 == l { print $3 } $1 ~ "/" l "$" { print $1 }' <<<"$loaded")
  # dpkg knows a file by the path it was unpacked to, which may lie behind the link of a merged /usr.
  owner=$(owner_of "$path" || owner_of "$(readlink -f "$path")" || owner_of "/usr$path") \
    || { echo "linked-packages: no Debian package holds $path ($library)" >&2; exit 1; }
  printf '%s\n' "${owner%%: *}"
done | sed 's/,.*//' | sort -u | while read -r package; do
  dpkg-query -W -f '${binary:Package} ${Version}\n' "$package"
done
