#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes an image of Debian's Prometheus under the tag the compose file names, for machines without a registry. Started with
# the same arguments as the original.
#
#   deploy/prometheus-image.sh
#
# Does nothing when there is an image of that tag.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tag=${PROMETHEUS_IMAGE:-prom/prometheus:v2.53.3}
"$here/base-image.sh"
if docker image inspect "$tag" >/dev/null 2>&1; then exit 0; fi
DOCKER_BUILDKIT=0 docker build --network host -t "$tag" - <<'DOCKERFILE'
FROM debian:trixie-slim
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends prometheus \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65534 -g 65534 /prometheus
USER 65534:65534
VOLUME /prometheus
EXPOSE 9090/tcp
ENTRYPOINT ["/usr/bin/prometheus"]
DOCKERFILE
