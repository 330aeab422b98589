#!/usr/bin/env bash
# Style and consistency of the checkout; every finding is printed, any finding fails.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

step() { # step TEXT COMMAND...
    local text=$1
    shift
    if "$@"; then echo "ok    $text"; else echo "FAIL  $text"; failed=1; fi
}

scripts() { git ls-files '*.sh' .ci/run | xargs -r shellcheck; }

# A file past 400 lines is two subjects (CONTRIBUTING): tables of facts are the exception.
sizes() {
    local long
    long=$(git ls-files 'src/*.cs' | xargs wc -l | awk '$2 != "total" && $1 > 450 { print $2 ": " $1 " lines" }')
    [ -z "$long" ] || { echo "$long"; return 1; }
}

format() { dotnet format Runtime.sln --verify-no-changes --no-restore --severity warn; }

whitespace() { ! git grep -nIE '[[:blank:]]+$' -- '*.cs' '*.sh' '*.md' Makefile '*.csproj' '*.props' '*.targets'; }

dotnet restore Runtime.sln -v quiet
step "shell scripts" scripts
step "file sizes" sizes
step "no trailing blanks" whitespace
step "dotnet format" format
exit $failed
