#!/usr/bin/env bash
# The checks that need no test run: both languages' linters, formatters and types. tests/run.sh and pre-commit
# run these very ones.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
export PATH="$PWD/.venv-tests/bin:$PATH"

failed=()
check() { # check NAME COMMAND...: goes on after a failure, and remembers it
  printf '\n== %s (%d s)\n' "$1" "$SECONDS"
  "${@:2}" || failed+=("$1")
}
check "ruff check" ruff check .
check "ruff format" ruff format --check .
check "mypy" mypy
check "tsc and biome" npm --prefix js run check
[ ${#failed[@]} = 0 ] || { printf '\nfailed: %s\n' "${failed[*]}" && exit 1; }
