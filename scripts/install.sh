#!/usr/bin/env bash
# install.sh VENV LEVEL: makes the virtual environment if need be and installs the pinned versions of a level into it.
# Levels: base (what runs a shop), dev (base, and what tests and checks need), train (dev, and torch).
set -euo pipefail
cd "$(dirname "$0")/.."

venv=$1
level=$2
if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(scripts/python.sh)
    echo "Making $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi
pip=("$venv/bin/python" -m pip --disable-pip-version-check --quiet install)
started=$SECONDS
case $level in
    base)
        echo "Installing the pinned versions of requirements.txt (a minute or two)"
        "${pip[@]}" -r requirements.txt -r requirements-build.txt
        # What the pins have brought must not be looked for again, and the build must not fetch tools of its own.
        "${pip[@]}" --no-deps --no-build-isolation --editable .
        ;;
    dev | train)
        echo "Installing the pinned versions of requirements-$level.txt"
        "${pip[@]}" -r "requirements-$level.txt"
        ;;
    *)
        echo "install.sh: no level $level; there are base, dev and train" >&2
        exit 2
        ;;
esac
"$venv/bin/python" -m pip --disable-pip-version-check check
echo "Installed ($level) in $((SECONDS - started)) s"
