#!/usr/bin/env bash
# Style and consistency of the checkout: every finding is printed, any finding fails.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

verdict() { # verdict STATUS TEXT
    if [ "$1" -eq 0 ]; then echo "ok    $2"; else echo "FAIL  $2"; failed=1; fi
}

status=0
{ git ls-files '*.sh'; echo .ci/run; } | xargs shellcheck || status=1
verdict $status "shell scripts"

# A file past 400 lines is two subjects.
long=$(git ls-files 'src/*.cs' | xargs wc -l | awk '$2 != "total" && $1 > 400 { print $2 ": " $1 " lines" }')
[ -z "$long" ] || echo "$long"
verdict "$([ -z "$long" ]; echo $?)" "file sizes"

status=1
git grep -nIE '[[:blank:]]+$' -- '*.cs' '*.sh' '*.md' Makefile '*.csproj' '*.props' '*.targets' || status=0
verdict $status "no trailing blanks"

status=0
dotnet restore Runtime.sln -v quiet
dotnet format Runtime.sln --verify-no-changes --no-restore --severity warn || status=1
verdict $status "dotnet format"

exit $failed
