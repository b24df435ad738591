#!/usr/bin/env bash
# Runs every check and every test of both languages, and ends with pytest's closing line.
#
# Needs Python 3.11 or later with venv, and git; tests/setup.sh finds or installs the rest.
# Arguments go to pytest.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
exec </dev/null
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME # an environment that is active is not the tests'

# Three tests run at once, with one thread each: whoever waits for a browser or a server leaves its core to others.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# From scratch: the package must never carry a stale frontend.
rm -rf rnnviz_widget/static js/node_modules
bash tests/setup.sh || exit
export PATH="$PWD/.venv-tests/bin:$PATH"

say() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }
failed=()
say "checks"
bash tests/checks.sh || failed+=("checks")
say "vitest"
npm --prefix js test || failed+=("vitest")
say "pytest"
[ ${#failed[@]} = 0 ] || printf 'failed so far: %s\n' "${failed[*]}"
# By file, in order: what shares a server or a build is in one file, and the long ones come first.
# Notebooks go one by one (tests/conftest.py).
pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder "$@" || failed+=("pytest")
[ ${#failed[@]} = 0 ]
