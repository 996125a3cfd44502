#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints a bill of materials of the built binary as SPDX 2.3 JSON.

    deploy/sbom.py BINARY [BUILD-FOLDER]

Shared libraries are those the binary names, with their Debian packages; compiled-in code are the packages whose headers the
compiler read for it (the build folder's own record), and Botan and lib25519 where they are static libraries. Nothing is listed by hand. The
time is SOURCE_DATE_EPOCH, else that of the commit, else of the binary: the same binary gives the same text.
"""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import quote

TREE = Path(__file__).resolve().parent.parent


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def created(binary):
    stamp = os.environ.get("SOURCE_DATE_EPOCH")
    if not stamp:
        commit = subprocess.run(["git", "-C", TREE, "log", "-1", "--format=%ct"], capture_output=True, text=True)
        stamp = commit.stdout.strip() or binary.stat().st_mtime
    return datetime.datetime.fromtimestamp(int(float(stamp)), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def weft_version():
    return re.search(r"project\(weft VERSION ([0-9.]+)", (TREE / "CMakeLists.txt").read_text()).group(1)


def headers(build):
    """Every file outside the tree that the compiler read for the target `weft`."""
    inputs = set(output("ninja", "-C", build, "-t", "inputs", "weft").split())
    found, wanted = set(), False
    for line in output("ninja", "-C", build, "-t", "deps").splitlines():
        if not line.startswith(" "):
            wanted = line.split(":")[0] in inputs
        elif wanted and line.strip().startswith("/"):
            found.add(os.path.realpath(line.strip()))
    return found


def owners(files):
    """The packages of files that dpkg installed; the files it did not are left out."""
    files = sorted(files)
    packages = set()
    for at in range(0, len(files), 500):
        done = subprocess.run(["dpkg-query", "-S", *files[at:at + 500]], capture_output=True, text=True)
        packages |= {name for line in done.stdout.splitlines() for name in line.rsplit(": ", 1)[0].split(", ")}
    return packages


def botan_of(files):
    """The version of a Botan that dpkg does not know (deploy/build-botan.sh)."""
    for file in files:
        if file.endswith("/botan/build.h") and not file.startswith("/usr/"):
            numbers = dict(re.findall(r"#define BOTAN_VERSION_(MAJOR|MINOR|PATCH) (\d+)", Path(file).read_text()))
            return ".".join(numbers[part] for part in ("MAJOR", "MINOR", "PATCH"))
    return None


def lib25519_of(files):
    """The same of a lib25519 (deploy/build-lib25519.sh)."""
    for file in files:
        if file.endswith("/lib25519.h") and not file.startswith("/usr/"):
            return re.search(r'#define lib25519_version "([^"]+)"', Path(file).read_text()).group(1)
    return None


def distribution():
    pairs = (line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return {key: value.strip('"') for key, value in pairs}


def package(name, version, source, distro):
    bare = name.split(":")[0]
    place = f"pkg:deb/debian/{quote(bare)}@{quote(version, safe='')}?distro={distro['VERSION_CODENAME']}"
    return {
        "SPDXID": "SPDXRef-deb-" + re.sub(r"[^A-Za-z0-9.-]", "-", bare),
        "name": bare,
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "sourceInfo": f"Debian source package {source}",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": place}],
    }


def debian_packages(names, distro):
    made = {}
    for name in sorted(names):
        version, source = output("dpkg-query", "-W", "-f", "${Version}\t${source:Package} ${source:Version}", name).split("\t")
        made[name] = package(name, version, source, distro)
    return made


def main(binary, build):
    binary, distro = Path(binary), distribution()
    digest = hashlib.sha256(binary.read_bytes()).hexdigest()
    linked = [line.split()[0] for line in output(TREE / "deploy/linked-packages.sh", binary).splitlines()]
    read = headers(build)
    # The kernel's headers describe an interface and are no code.
    compiled = owners(read) - {"linux-libc-dev"}
    root = {
        "SPDXID": "SPDXRef-weft",
        "name": "weft",
        "versionInfo": weft_version(),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "MIT",
        "licenseDeclared": "MIT",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
    }
    shared = debian_packages(linked, distro)
    # Headers of a library that is linked as a shared one are listed with it.
    sources = {each["sourceInfo"] for each in shared.values()}
    built = {name: each for name, each in debian_packages(compiled - set(linked), distro).items() if each["sourceInfo"] not in sources}
    if botan := botan_of(read):
        built["botan"] = package("botan3", botan, "botan3 of Debian 13, deploy/build-botan.sh", distro)
        built["botan"]["externalRefs"] = []
    if lib25519 := lib25519_of(read):
        built["lib25519"] = package("lib25519", lib25519, "lib25519 of Debian 13, deploy/build-lib25519.sh", distro)
        built["lib25519"]["externalRefs"] = []
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-weft"}]
    for kind, packages in (("DYNAMIC_LINK", shared), ("STATIC_LINK", built)):
        relations += [{"spdxElementId": "SPDXRef-weft", "relationshipType": kind, "relatedSpdxElement": each["SPDXID"]}
                      for each in packages.values()]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"weft-{weft_version()}",
        "documentNamespace": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "creationInfo": {"created": created(binary), "creators": [f"Tool: weft-sbom-{weft_version()}"]},
        "packages": [root, *shared.values(), *built.values()],
        "relationships": relations,
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else str(TREE / "build/release"))
