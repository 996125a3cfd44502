#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints the mirror from which apt on this machine takes the given release; no name of a host is written in this project.
#
#   deploy/debian-mirror.sh bookworm
set -euo pipefail
release=$1
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(CODENAME)' 'Created-By: Packages' \
  | awk -v r="$release" '$2 == r || $3 == r { print $1; exit }')
if [ -z "$mirror" ]; then
  echo "debian-mirror: apt's configuration names no source for '$release'" >&2
  exit 1
fi
echo "$mirror"
