#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints the docker client on this machine that can build with BuildKit: it is part of clients before 23 and needs the
# buildx component after that (Debian: docker-buildx).
#
#   $(deploy/docker-client.sh) build …
set -euo pipefail
for client in $(type -ap docker || true); do
  version=$("$client" --version | sed -nE 's/^Docker version ([0-9]+).*/\1/p')
  if "$client" buildx version >/dev/null 2>&1 || [ "${version:-99}" -lt 23 ]; then echo "$client"; exit 0; fi
done
echo "docker-client: no docker that can build with BuildKit; install docker.io and, on Debian 13, docker-buildx" >&2
exit 1
