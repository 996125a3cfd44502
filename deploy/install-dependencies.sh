#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what Weft needs on Debian 12 and 13, and nothing it does not.
#
#   deploy/install-dependencies.sh [build|test]
#
#   build   compilers and libraries for the binary (default)
#   test    the above, and what the test suite starts: clang, linters, Node.js, Chromium, Prometheus; for root, who alone can
#           run the tests of packages and containers, also mmdebstrap, systemd-nspawn, Docker and Compose
#
# Debian 12 lacks three libraries in the versions Weft needs: ngtcp2 comes from the release's backports, Botan 3 and lib25519 are
# built once from Debian 13's source packages into ${XDG_CACHE_HOME:-~/.cache}/weft.
# A run with nothing to do is one question to dpkg and needs no root.
set -euo pipefail

goal=${1:-build}
case $goal in
  build | test) ;;
  *) echo "usage: $0 [build|test]" >&2; exit 2 ;;
esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/weft
here=${BASH_SOURCE[0]%/*}
# shellcheck source=/dev/null
. /etc/os-release
release=${VERSION_CODENAME:-unknown}
case $release in
  bookworm) clang=14 ;;
  trixie) clang=19 ;;
  *) echo "install-dependencies: only Debian 12 (bookworm) and 13 (trixie) are supported, this is '$release'." >&2; exit 1 ;;
esac

packages=(
  g++ cmake ninja-build ccache pkg-config python3 ca-certificates dpkg-dev file
  libcaf-dev libgnutls28-dev libprotozero-dev libexpected-dev prometheus-cpp-dev libcpp-httplib-dev
  libtomlplusplus-dev libcli11-dev nlohmann-json3-dev libspdlog-dev libsqlite3-dev libsodium-dev
)
backports=(libngtcp2-dev libngtcp2-crypto-gnutls-dev libnghttp3-dev)
ngtcp2_wanted=1.11
[ "$release" = trixie ] && packages+=(libbotan-3-dev lib25519-dev)
if [ "$goal" = test ]; then
  packages+=(libgtest-dev libgmock-dev libbenchmark-dev "clang-$clang" "libclang-rt-$clang-dev" "clang-format-$clang" "clang-tidy-$clang" procps iproute2 chromium)
  # A Node.js from elsewhere brings its own npm, which conflicts with Debian's.
  command -v npm >/dev/null || packages+=(npm)
  if [ "$(id -u)" = 0 ]; then
    packages+=(mmdebstrap systemd-container)
    # Docker's own packages conflict with Debian's.
    command -v dockerd >/dev/null || packages+=(docker.io)
    [ "$release" = bookworm ] || command -v docker >/dev/null || packages+=(docker-cli docker-buildx)
    command -v docker-compose >/dev/null || packages+=(docker-compose)
  fi
fi

declare -A version=()
while read -r status package number; do
  if [ "$status" = installed ]; then version[$package]=$number; fi
done < <(dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' "${packages[@]}" "${backports[@]}" 2>/dev/null || true)

missing=() missing_backports=()
for package in "${packages[@]}"; do
  [ -n "${version[$package]:-}" ] || missing+=("$package")
done
for package in "${backports[@]}"; do
  [ -n "${version[$package]:-}" ] || missing_backports+=("$package")
done
if [ ${#missing_backports[@]} -eq 0 ] && ! dpkg --compare-versions "${version[libngtcp2-dev]}" ge "$ngtcp2_wanted"; then
  missing_backports=("${backports[@]}")
fi

need_root() {
  if [ "$(id -u)" = 0 ]; then return; fi
  if command -v sudo >/dev/null && sudo true; then return; fi
  echo "install-dependencies: installing packages needs root, and $(id -un) cannot become it with sudo." >&2
  echo "install-dependencies: run this once as root: $(realpath "$0") $goal" >&2
  exit 1
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Leaves out only what apt recommends; a question to the user would hang a machine without one.
install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null
}

add_backports_source() {
  if apt-get indextargets --format '$(RELEASE)' 'Created-By: Packages' | grep -qx bookworm-backports; then return; fi
  echo "install-dependencies: adding bookworm-backports from this machine's own mirror"
  local mirror
  mirror=$("$here/debian-mirror.sh" bookworm)
  printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" | as_root tee /etc/apt/sources.list.d/weft-backports.sources >/dev/null
  as_root apt-get update -q
}

if [ ${#missing[@]} -gt 0 ] || [ ${#missing_backports[@]} -gt 0 ]; then
  echo "install-dependencies: installing ${missing[*]} ${missing_backports[*]}"
  need_root
  # First of all: a fresh system has no package lists yet, and only they tell what its sources are.
  as_root apt-get update -q
  from=()
  if [ "$release" = bookworm ] && [ ${#missing_backports[@]} -gt 0 ]; then
    add_backports_source
    from=(-t bookworm-backports)
  fi
  if [ ${#missing[@]} -gt 0 ]; then install "${missing[@]}"; fi
  if [ ${#missing_backports[@]} -gt 0 ]; then install "${from[@]}" "${missing_backports[@]}"; fi
fi
if [ "$release" = bookworm ]; then
  "$here/build-botan.sh" "$cache/botan"
  "$here/build-lib25519.sh" "$cache/lib25519"
fi

# Unpacked and not installed: Debian's package would start a service that scrapes this machine.
unpack_prometheus() {
  if command -v promtool >/dev/null || [ -x "$cache/prometheus/usr/bin/promtool" ]; then return; fi
  echo "install-dependencies: unpacking Debian's prometheus into $cache/prometheus"
  if [ -z "$(apt-cache madison prometheus)" ]; then
    need_root
    as_root apt-get update -q
  fi
  mkdir -p "$cache"
  local fresh
  fresh=$(mktemp -d "$cache/prometheus.XXXXXX")
  (cd "$fresh" && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb root)
  rm -rf "$cache/prometheus"
  mv "$fresh/root" "$cache/prometheus"
  rm -rf "$fresh"
}
if [ "$goal" = test ]; then unpack_prometheus; fi
