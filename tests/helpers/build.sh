#!/usr/bin/env bash
# Builds the static programs that run inside the tests' containers into out/helpers.
set -euo pipefail
cd "$(dirname "$0")/../.."

checker=out/helpers/checker
if [ -x "$checker" ] && [ -z "$(find tests/helpers/checker -maxdepth 1 -type f -newer "$checker" -print -quit)" ]; then
    exit 0
fi
dotnet publish tests/helpers/checker/checker.csproj -c Release -r linux-x64 -o out/helpers -v quiet --nologo
touch "$checker"
