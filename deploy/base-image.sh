#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes a Debian image without a registry; does nothing when there is one of that name.
#
#   deploy/base-image.sh [RELEASE]        trixie (default): debian:trixie-slim, from which the Dockerfile starts
#                                         bookworm: weft-base:bookworm, Debian 12 with its backports (ngtcp2)
#
# The packages come from the mirror that apt on this machine uses, and apt checks its signatures. Leaves out what Debian's
# own slim images leave out. Needs root and mmdebstrap.
set -euo pipefail
release=${1:-trixie}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. /etc/os-release
mirror=$("$here/debian-mirror.sh" "$VERSION_CODENAME")
sources=("deb $mirror $release main" "deb $mirror $release-updates main")
tag=debian:$release-slim
if [ "$release" = bookworm ]; then
  tag=weft-base:bookworm
  sources+=("deb $mirror $release-backports main")
fi
if docker image inspect "$tag" >/dev/null 2>&1; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mmdebstrap --quiet --variant=minbase \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' \
  "$release" "$work/base.tar" "${sources[@]}"
docker import --change 'CMD ["bash"]' "$work/base.tar" "$tag" >/dev/null
echo "base-image: made $tag"
