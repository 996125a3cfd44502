#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what drives the browser of the page tests, once, and prints its folder. The browser itself is Debian's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../support/npm-folder.sh" page "$here" browser.mjs
