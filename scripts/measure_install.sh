#!/usr/bin/env bash
# Installs the base pins into an empty environment and prints what they add to it, in MB (10^6 bytes); LIMIT_MB (350)
# is the most that is allowed. torch must not be among them.
set -euo pipefail
cd "$(dirname "$0")/.."

limit=${LIMIT_MB:-350}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$(scripts/python.sh)" -m venv "$work/venv"
size() { du -s --apparent-size --block-size=1 "$work/venv" | cut -f1; }
before=$(size)
started=$SECONDS
"$work/venv/bin/pip" --disable-pip-version-check --quiet install -r requirements.txt
seconds=$((SECONDS - started))
"$work/venv/bin/pip" --disable-pip-version-check --quiet install -r requirements-build.txt
"$work/venv/bin/pip" --disable-pip-version-check --quiet wheel --no-deps --no-build-isolation -w "$work/wheel" .
"$work/venv/bin/pip" uninstall --quiet --yes setuptools
"$work/venv/bin/pip" --disable-pip-version-check --quiet install --no-deps "$work"/wheel/*.whl
grown=$((($(size) - before) / 1000000))
echo "wheel: $(($(stat -c %s "$work"/wheel/*.whl) / 1000)) kB"
du -s --apparent-size --block-size=1000000 "$work"/venv/lib/python*/site-packages/* | sort -rn |
    sed -n -e '1,12s,\t.*/,\t,p'
echo "base install: $grown MB of at most $limit MB, pip took $seconds s"
if "$work/venv/bin/python" -c 'import torch' 2>/dev/null; then
    echo "torch is in the base install" >&2
    exit 1
fi
cd "$work" && "$work/venv/bin/shoplens" --help >/dev/null
[ "$grown" -le "$limit" ]
