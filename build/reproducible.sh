#!/usr/bin/env bash
# Builds the committed sources twice, in two clean directories with different names, and compares the bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sums=()
for copy in "$work/one" "$work/another/place"; do
    mkdir -p "$(dirname "$copy")"
    git clone -q --no-hardlinks . "$copy"
    make -s -C "$copy" build
    sums+=("$(sha256sum <"$copy/out/csrun")")
done
if [ "${sums[0]}" != "${sums[1]}" ]; then
    echo "two builds of $(git rev-parse --short HEAD) differ: ${sums[*]}" >&2
    exit 1
fi
echo "two clean builds are identical: sha256 ${sums[0]%% *}"
