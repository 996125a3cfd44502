#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the bootstrap node's identity in a volume of its own, once, and writes its peer id where Compose reads it
# (deploy/.env). The identity outlives `docker-compose down -v`; remove it with `docker volume rm weft-bootstrap`.
#
#   deploy/cluster-identity.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image=${WEFT_IMAGE:-weft:latest}
volume=${WEFT_BOOTSTRAP_VOLUME:-weft-bootstrap}
if ! docker image inspect "$image" >/dev/null 2>&1; then
  echo "cluster-identity: there is no image $image; make it with deploy/build-image.sh" >&2
  exit 1
fi
docker volume create "$volume" >/dev/null
weft() { docker run --rm --network none --read-only --cap-drop ALL -v "$volume:/var/lib/weft" "$image" "$@"; }
peer=$(weft id 2>/dev/null || { weft init >/dev/null && weft id; })
env=$here/.env
touch "$env"
{ grep -v '^WEFT_BOOTSTRAP_PEER=' "$env" || true; echo "WEFT_BOOTSTRAP_PEER=$peer"; } > "$env.new"
mv "$env.new" "$env"
echo "$peer"
