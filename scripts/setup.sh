#!/usr/bin/env bash
# usage: scripts/setup.sh [web] [harness] [browser] [operator] [hocuspocus]
#   web      builds the web pages (npm ci, npm run build) unless they are up to date
#   harness  npm ci in every folder of integration_test/js that has a lock file
#   browser  a Chromium for the browser tests; installs Debian's when run as root
#   operator what a town's server has (nginx, Caddy, promtool, systemd-analyze, sqlite3), and strace for the crash tests; installs Debian's when run as root
#   hocuspocus  the server that make crash-compare crashes beside ours
# What cannot be had is said in one line each. The tests that need it then say so too; with CI set it is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() {
  echo "setup: $*" >&2
  if [ -n "${CI:-}" ]; then exit 1; fi
}

# installed FOLDER: whether node_modules is what the lock file says.
installed() {
  [ -f "$1/node_modules/.package-lock.json" ] && [ ! "$1/package-lock.json" -nt "$1/node_modules/.package-lock.json" ]
}

npm_ci() {
  installed "$1" && return 0
  echo "setup: npm ci in $1" >&2
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error) >&2
}

have_npm() {
  command -v npm >/dev/null && command -v node >/dev/null || return 1
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}

web() {
  if ! have_npm; then
    missing "no Node 20.19 or newer with npm: the binary will show a page that says so instead of the editor"
    return 0
  fi
  if [ -f web/dist/index.html ] &&
     [ -z "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -type f ! -name '*.go' -newer web/dist/index.html -print -quit)" ]; then
    return 0
  fi
  npm_ci web
  echo "setup: building the web pages" >&2
  (cd web && npm run --silent build) >&2
}

harness() {
  local lock
  if ! have_npm; then
    missing "no Node 20.19 or newer with npm: the tests with real Yjs clients will be skipped"
    return 0
  fi
  for lock in integration_test/js/package-lock.json integration_test/js/*/package-lock.json; do
    [ -f "$lock" ] && npm_ci "$(dirname "$lock")"
  done
  return 0
}

# Its SQLite binding is a native module: fetched, or compiled where there is a C++ compiler.
hocuspocus() {
  local dir=bench/crash-hocuspocus
  if ! have_npm; then
    echo "setup: no Node with npm: Hocuspocus cannot be run" >&2
    exit 1
  fi
  npm_ci "$dir"
  if ! ls "$dir"/node_modules/better-sqlite3/build/Release/*.node >/dev/null 2>&1; then
    echo "setup: building better-sqlite3 (minutes)" >&2
    (cd "$dir" && npm rebuild better-sqlite3 --foreground-scripts --loglevel=error) >&2
  fi
}

browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" >/dev/null && return 0
  done
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing chromium" >&2
    if apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; then
      return 0
    fi
  fi
  missing "no Chromium: install it (Debian: apt-get install chromium) or name one in CHROMIUM; the browser tests will be skipped"
}

operator() {
  local lacks=() pair
  for pair in nginx:nginx caddy:caddy promtool:prometheus systemd-analyze:systemd sqlite3:sqlite3 curl:curl strace:strace; do
    command -v "${pair%:*}" >/dev/null || lacks+=("${pair#*:}")
  done
  [ ${#lacks[@]} -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing ${lacks[*]}" >&2
    if apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${lacks[@]}" >/dev/null; then
      return 0
    fi
  fi
  missing "these Debian packages are not installed: ${lacks[*]}; the checks that need them will be skipped"
}

for step in "$@"; do
  "$step"
done
