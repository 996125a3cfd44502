#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the Debian package twice, in two folders of different names and lengths and without a compiler cache, and compares
# the bytes of the binary and of the package.
#
#   deploy/check-reproducible.sh [--committed]
#
# Takes the files as they are in the checkout, or with --committed as they are in HEAD. JOBS limits the compilers at work.
# Twice a full build: ten minutes and more.
set -euo pipefail
tree=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCACHE_DISABLE=1
# The times of the files in the package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$tree" log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
sums=()
for folder in "$work/first" "$work/second-with-a-longer-name/and/deeper"; do
  mkdir -p "$folder"
  if [ "${1:-}" = --committed ]; then git -C "$tree" archive HEAD | tar -C "$folder" -x
  else (cd "$tree" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -c) | tar -C "$folder" -x
  fi
  (cd "$folder" && cmake --preset release -DWEFT_TESTS=OFF -DWEFT_BENCH=OFF \
    && cmake --build build/release --target weft weft_package_files -j"${JOBS:-$(nproc)}" \
    && cd build/release && cpack -B "$folder/package") >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; exit 1; }
  for made in "$folder/build/release/weft" "$folder"/package/*.deb; do
    echo "check-reproducible: $(sha256sum < "$made" | cut -d' ' -f1) $(basename "$made")"
  done | tee "$work/sums.new"
  sums+=("$(cat "$work/sums.new")")
done
if [ "${sums[0]}" = "${sums[1]}" ]; then echo "check-reproducible: the same bytes"; exit 0; fi
echo "check-reproducible: the two builds differ" >&2
exit 1
