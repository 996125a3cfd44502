#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the static Botan 3 library from Debian 13's source package, with only the modules Weft uses.
#
#   deploy/build-botan.sh PREFIX
#
# Takes 3 to 4 minutes on two cores; does nothing when PREFIX is up to date.
set -euo pipefail
prefix=$1

modules=aead,aes,aes_ni,aes_vaes,aes_vperm,argon2,auto_rng,base64,chacha,chacha20poly1305,chacha_avx2,chacha_simd32,ecdsa,ed25519,gcm,ghash_cpu,ghash_vperm,hkdf,hmac,pcurves_secp256k1,pcurves_secp256r1,pcurves_secp384r1,rsa,sha2_32,sha2_32_x86,sha2_64,sha2_64_bmi2,sha2_32_bmi2,system_rng,tls13,x25519,x509
stamp="1 $modules"
if [ -f "$prefix/lib/libbotan-3.a" ] && [ "$(cat "$prefix/weft-stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
# shellcheck source=trixie-source.sh
. "${BASH_SOURCE[0]%/*}/trixie-source.sh"

echo "build-botan: fetching Debian 13's source package"
apt update
(cd "$work" && apt source --download-only botan3)
# The checksums are verified by now; a second check would need the keyring of all Debian developers.
dpkg-source --no-check -x "$work"/botan3_*.dsc "$work/source" >/dev/null

# Only modules this version knows, so that a renamed one is reported here and not as a missing symbol later.
known=$(cd "$work/source" && python3 configure.py --list-modules)
wanted=
for module in ${modules//,/ }; do
  if grep -qx "$module" <<<"$known"; then wanted+=${wanted:+,}$module; else echo "build-botan: this Botan has no module '$module', left out"; fi
done
echo "build-botan: compiling (a few minutes, once)"
(
  cd "$work/source"
  python3 configure.py --minimized-build --enable-modules="$wanted" --disable-shared-library --build-targets=static \
    --without-documentation --without-pkg-config --prefix="$prefix" --with-build-dir="$work/build" >"$work/configure.log" 2>&1 \
    || { cat "$work/configure.log" >&2; exit 1; }
  make -f "$work/build/Makefile" -j"$(nproc)" libs >"$work/make.log" 2>&1 || { tail -n 40 "$work/make.log" >&2; exit 1; }
  rm -rf "$prefix"
  make -f "$work/build/Makefile" install >"$work/install.log" 2>&1 || { tail -n 40 "$work/install.log" >&2; exit 1; }
)
echo "$stamp" > "$prefix/weft-stamp"
echo "build-botan: installed in $prefix"
