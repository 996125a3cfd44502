#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sourced by the scripts that build a library from Debian 13's source packages on Debian 12. Makes the folder `work`, which goes
# when the script ends, and the command `apt`, an apt-get that knows only these packages. They come from the Debian mirror that
# apt on this machine already uses; apt checks the release's signature against the Debian archive keyring, and every file
# against the checksums of that release.
mirror=$("${BASH_SOURCE[0]%/*}/debian-mirror.sh" bookworm)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial"
# An unprivileged download helper could not enter a private directory of root's.
chmod 755 "$work"
printf 'Types: deb-src\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$mirror" > "$work/trixie.sources"
apt_options=(-o "Dir::Etc::sourcelist=$work/trixie.sources" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -o APT::Sandbox::User=root)
apt() { apt-get -q "${apt_options[@]}" "$@"; }
