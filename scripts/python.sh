#!/usr/bin/env bash
# Prints a Python of at least 3.11 that can make virtual environments; PYTHON=... is tried first.
set -euo pipefail

for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        command -v "$candidate"
        exit 0
    fi
done
echo "No Python of at least 3.11 with venv was found." >&2
echo "Debian, Ubuntu: apt-get install python3 python3-venv; elsewhere: name one with make PYTHON=/path/to/python3" >&2
exit 1
