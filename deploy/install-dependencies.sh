#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what Weft needs on Debian 12 and 13, and nothing it does not.
#
#   deploy/install-dependencies.sh [build|test]
#
#   build   compilers and libraries for the binary (default)
#   test    the above, and what the test suite starts: clang, linters, Node.js
#
# Debian 12 lacks two libraries in the versions Weft needs: ngtcp2 comes from the release's backports, and Botan 3 is
# built once from Debian 13's signed source package into ${XDG_CACHE_HOME:-~/.cache}/weft/botan.
# A run with nothing to do takes well under a second and needs no root.
set -euo pipefail

goal=${1:-build}
case $goal in
  build | test) ;;
  *) echo "usage: $0 [build|test]" >&2; exit 2 ;;
esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/weft
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. /etc/os-release
release=${VERSION_CODENAME:-unknown}
case $release in
  bookworm | trixie) ;;
  *) echo "install-dependencies: only Debian 12 (bookworm) and 13 (trixie) are supported, this is '$release'." >&2; exit 1 ;;
esac

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else echo "install-dependencies: root is needed to install packages; run this as root or install sudo." >&2; exit 1
  fi
}

build_packages=(
  g++ cmake ninja-build ccache pkg-config python3 ca-certificates dpkg-dev
  libcaf-dev libgnutls28-dev libprotozero-dev libexpected-dev prometheus-cpp-dev libcpp-httplib-dev
  libtomlplusplus-dev libcli11-dev nlohmann-json3-dev libspdlog-dev libsqlite3-dev libbenchmark-dev
)
backport_packages=(libngtcp2-dev libngtcp2-crypto-gnutls-dev libnghttp3-dev)
test_packages=(libgtest-dev libgmock-dev clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 procps iproute2)
# A Node.js from elsewhere brings its own npm, which conflicts with Debian's.
command -v npm >/dev/null || test_packages+=(npm)

if [ "$release" = trixie ]; then
  build_packages+=(libbotan-3-dev)
  test_packages=("${test_packages[@]/clang-14/clang-19}")
  test_packages=("${test_packages[@]/libclang-rt-14-dev/libclang-rt-19-dev}")
  test_packages=("${test_packages[@]/clang-format-14/clang-format-19}")
  test_packages=("${test_packages[@]/clang-tidy-14/clang-tidy-19}")
fi

missing() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# The mirror this machine already uses for its own release; never a name written here.
mirror() {
  apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' | awk -v r="$release" '$2 == r { print $1; exit }'
}

updated=
update_once() {
  [ -n "$updated" ] && return
  as_root apt-get update -q
  updated=yes
}

install_missing() {
  local list
  mapfile -t list < <(missing "$@")
  [ ${#list[@]} -eq 0 ] && return
  echo "install-dependencies: installing ${list[*]}"
  update_once
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${list[@]}"
}

install_backports() {
  local wanted=1.11 have
  have=$(dpkg-query -W -f '${Version}' libngtcp2-dev 2>/dev/null || echo 0)
  if dpkg --compare-versions "$have" ge "$wanted" && [ -z "$(missing "${backport_packages[@]}")" ]; then return; fi
  if [ "$release" = trixie ]; then install_missing "${backport_packages[@]}"; return; fi
  if ! apt-get indextargets --format '$(CODENAME)' 'Created-By: Packages' | grep -qx bookworm-backports; then
    echo "install-dependencies: adding bookworm-backports from this machine's own mirror"
    printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
      "$(mirror)" | as_root tee /etc/apt/sources.list.d/weft-backports.sources >/dev/null
    updated=
  fi
  update_once
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -t bookworm-backports "${backport_packages[@]}"
}

install_missing "${build_packages[@]}"
install_backports
if [ "$goal" = test ]; then install_missing "${test_packages[@]}"; fi
if [ "$release" = bookworm ]; then "$here/build-botan.sh" "$cache/botan" "$(mirror)"; fi
