#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the image of a node, weft:latest.
#
#   deploy/build-image.sh [--local-base]            compiles in a container of Debian 13
#   deploy/build-image.sh --built BUILD-FOLDER      takes the binary that is built there for this machine's release: a minute
#   deploy/build-image.sh [--local-base] --package FOLDER
#
# --local-base makes debian:trixie-slim with mmdebstrap first (deploy/base-image.sh) instead of taking it from a registry;
# --built always makes its base. --package puts the Debian package for Debian 13 into FOLDER instead of making the image.
# JOBS limits the compilers at work, BASE_IMAGE and WEFT_IMAGE name other images.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. /etc/os-release
output=(-t "${WEFT_IMAGE:-weft:latest}")
base=debian:trixie-slim
binary=source
context=$here/..
while [ $# -gt 0 ]; do
  case $1 in
    --local-base) "$here/base-image.sh" ;;
    --package) output=(--target package --output "${2:?--package needs a folder}"); shift ;;
    --built)
      files=${2:?--built needs a build folder}/package_files
      cmake --build "$2" --target weft weft_package_files >/dev/null
      "$here/base-image.sh" "$VERSION_CODENAME"
      if [ "$VERSION_CODENAME" = bookworm ]; then base=weft-base:bookworm; else base=debian:$VERSION_CODENAME-slim; fi
      binary=ready
      context=$(mktemp -d)
      trap 'rm -rf "$context"' EXIT
      install -t "$context" "$files/weft"
      install -m 0644 -t "$context" "$files/weft.spdx.json" "$here/../LICENSE"
      "$here/linked-packages.sh" "$context/weft" > "$context/packages"
      shift
      ;;
    *) echo "usage: $0 [--local-base] [--built BUILD-FOLDER] [--package FOLDER]" >&2; exit 2 ;;
  esac
  shift
done
version=$(sed -nE 's/^project\(weft VERSION ([0-9.]+).*/\1/p' "$here/../CMakeLists.txt")
revision=$(git -C "$here" rev-parse HEAD 2>/dev/null || echo unknown)
client=$("$here/docker-client.sh")
time=$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 0)
export DOCKER_BUILDKIT=1
# The build takes Debian packages the way the host does, whatever that is.
"$client" build --network host -f "$here/Dockerfile" --build-arg "BINARY=$binary" \
  --build-arg "BASE_IMAGE=${BASE_IMAGE:-$base}" --build-arg "JOBS=${JOBS:-}" --build-arg "SOURCE_DATE_EPOCH=$time" \
  --build-arg "VERSION=$version" --build-arg "REVISION=$revision" "${output[@]}" "$context"
