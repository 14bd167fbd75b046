#!/usr/bin/env bash
# Builds the pages of web/ into a temporary folder and compares them with what is committed in src/shoplens/server/ui:
# ends with 1 where they differ. With --types it also makes the types of the API anew and compares them. Needs Node.
set -euo pipefail
cd "$(dirname "$0")/.."
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
# What npm says of settings that it does not know is no news. `npm ci` wants every platform's packages in the lock file,
# and a registry may not have them all; `install --no-save` takes the pinned versions as well, and checks their sums.
npm_() { npm --loglevel=error "$@"; }
[ -d web/node_modules ] && [ web/node_modules/.package-lock.json -nt web/package-lock.json ] || (cd web && npm_ install --no-save)
cd web
npx --no-install tsc --noEmit
OUT="$made" npx --no-install vite build --logLevel error
OUT="$made" npx --no-install vite build --mode widget --logLevel error
if ! diff -r "$made" ../src/shoplens/server/ui/assets; then
    echo "src/shoplens/server/ui/assets is not what web/ builds: run make web and commit it" >&2
    exit 1
fi
if [ "${1:-}" = --types ]; then
    npx --no-install openapi-typescript ../build/openapi.json -o "$made/schema.ts" >/dev/null
    if ! cmp -s "$made/schema.ts" src/api/schema.ts; then
        echo "web/src/api/schema.ts is not what the service describes: run make web and commit it" >&2
        exit 1
    fi
fi
echo "web: built as committed"
