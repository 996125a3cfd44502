#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the static lib25519 from the upstream archive in Debian 13's source package.
#
#   deploy/build-lib25519.sh PREFIX
#
# Takes one to two minutes on two cores; does nothing when PREFIX is up to date. Where it cannot be had, the script says so and
# succeeds: Weft then computes with libsodium, in up to twice the time, and the next run within a day does not try again.
set -euo pipefail
prefix=$1

stamp=2
if [ "$(cat "$prefix/weft-stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
if [ -n "$(find "$prefix/weft-unavailable" -mtime -1 2>/dev/null)" ]; then exit 0; fi
# shellcheck source=trixie-source.sh
. "${BASH_SOURCE[0]%/*}/trixie-source.sh"

unavailable() {
  echo "build-lib25519: $1; Ed25519 and X25519 are left to libsodium, which takes longer" >&2
  mkdir -p "$prefix"
  touch "$prefix/weft-unavailable"
  exit 0
}
echo "build-lib25519: fetching the source"
apt update || unavailable "the mirror does not answer"
# The signed list of sources has the archive's place and checksum.
read -r uri name sum < <(apt --print-uris source --download-only lib25519 2>/dev/null \
  | sed -nE "s/^'([^']+)' (lib25519_[^ ]+\.orig\.tar\.[a-z0-9]+) [0-9]+ (SHA[0-9]+:[0-9a-f]+)$/\1 \2 \3/p") || unavailable "no lib25519 in Debian 13's list of sources"
/usr/lib/apt/apt-helper "${apt_options[@]}" download-file "$uri" "$work/$name" "$sum" || unavailable "the mirror has no $name"

mkdir "$work/source" "$work/include"
tar -C "$work/source" --strip-components=1 -xf "$work/$name"
# One of two headers it wants of other libraries; the other one is for its speed tests only.
cat > "$work/include/randombytes.h" <<'HEADER'
#pragma once
#include <stdlib.h>
#include <unistd.h>
static inline void randombytes(void *to, long long size) {
  if (getentropy(to, (size_t)size) != 0) abort();
}
HEADER
echo "build-lib25519: compiling (two minutes, once)"
(
  cd "$work/source"
  # Every function has variants for processors, chosen when the program runs; one compiler for them is enough.
  for variants in compilers/*; do
    case $variants in *.c) ;; *) sed -i '/^clang/d' "$variants" ;; esac
  done
  export CPATH=$work/include
  ./configure --prefix="$prefix" --no-valgrind >"$work/make.log" 2>&1
  # Its own name for this machine's architecture.
  make -C build/0 -j"$(nproc)" package/lib/lib25519.a >>"$work/make.log" 2>&1
) || { tail -n 40 "$work/make.log" >&2; unavailable "it does not compile here"; }
rm -rf "$prefix"
install -D -m 0644 -t "$prefix/lib" "$work/source/build/0/package/lib/lib25519.a"
install -D -m 0644 -t "$prefix/include" "$work/source/build/0/package/include/lib25519.h"
echo "$stamp" > "$prefix/weft-stamp"
echo "build-lib25519: installed in $prefix"
