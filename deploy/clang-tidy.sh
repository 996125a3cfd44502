#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# clang-tidy over floors 0 to 3, with the checks of .clang-tidy.
#
#   deploy/clang-tidy.sh BUILD-FOLDER [FILE-PATTERN]
#
# Several minutes: each file is parsed anew. FILE-PATTERN is a regular expression over paths, for a quick look at a few.
set -euo pipefail
build=$1
pattern=${2:-'/(base|metrics|transport|routing|messaging|storage)/.*\.cpp$'}
for version in 14 19; do
  if command -v "run-clang-tidy-$version" >/dev/null; then
    exec "run-clang-tidy-$version" -quiet -p "$build" -j "$(nproc)" "$pattern"
  fi
done
echo "clang-tidy: not installed; run deploy/install-dependencies.sh test" >&2
exit 1
