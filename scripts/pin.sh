#!/usr/bin/env bash
# Writes the pin files anew from the ranges in pyproject.toml. Pins that still fit are kept; UPGRADE=1 takes the newest.
# Needs the network; runs pip-tools in an environment of its own. Afterwards: make check test test-train, then commit.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$(scripts/python.sh)" -m venv "$work/venv"
"$work/venv/bin/pip" --disable-pip-version-check --quiet install 'pip-tools>=7.4'
echo 'torch==2.13.0' >"$work/torch.txt" # the version that training is tested with; see CONTRIBUTING.md

# pin NAME BELOW OPTIONS...: requirements NAME, leaving out what the file BELOW pins already.
pin() {
    local name=$1 below=$2
    shift 2
    local out=$work/$name
    sed -e '/^-r /d' "$name" >"$out" 2>/dev/null || : >"$out"
    [ -z "$below" ] || cat "$work/all.txt" >>"$out"
    "$work/venv/bin/pip-compile" --quiet --no-header --strip-extras --no-annotate \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links ${UPGRADE:+--upgrade} \
        --output-file "$out" "$@" pyproject.toml
    # A local version (2.13.0+cpu) names one builder's file; the public one fits every machine.
    sed -i -e 's/^\([^ ]*==[^ +]*\)+[^ ]*/\1/' -e '/^#/d' -e '/^$/d' "$out"
    {
        echo "# Pinned by scripts/pin.sh from pyproject.toml; do not edit."
        [ -z "$below" ] || echo "-r $below"
        if [ -z "$below" ]; then cat "$out"; else grep -vxFf "$work/all.txt" "$out" || true; fi
    } >"$name"
    grep -v '^-r\|^#' "$name" >>"$work/all.txt"
}

: >"$work/all.txt"
pin requirements.txt ""
pin requirements-dev.txt requirements.txt --constraint requirements.txt \
    --extra dev --extra parquet --extra heic --extra postgres --extra evaluation --extra mcp --extra otel --extra uploads
pin requirements-train.txt requirements-dev.txt --constraint requirements.txt --constraint requirements-dev.txt \
    --constraint "$work/torch.txt" --extra train
