#!/usr/bin/env bash
# Tries every escape of tests/security on RUNTIME (default: out/csrun). With CONTROL=1, RUNTIME is one that is known to be
# vulnerable: then exactly those cases must succeed that say so, or they would show nothing about any other.
set -euo pipefail
cd "$(dirname "$0")/../.."

runtime=$(realpath "${RUNTIME:-out/csrun}")
export RUNTIME=$runtime
results=out/test-results
mkdir -p "$results"
tests/helpers/build.sh
dotnet build tests/security/security.csproj -c Release -v quiet --nologo
run=(timeout --kill-after=30 3000 dotnet exec tests/security/bin/Release/net10.0/Csrun.Tests.Security.dll
    -noLogo -noColor -preEnumerateTheories -result-xml "$results/security.xml" "$@")
# crun refuses a host with cgroup v1 and v2 mounted side by side: it gets a view without the latter.
if [[ $(basename "$runtime") == crun* ]] && mountpoint -q /sys/fs/cgroup/unified; then
    run=(unshare --mount --propagation private sh -c 'umount /sys/fs/cgroup/unified && exec "$@"' sh "${run[@]}")
fi
status=0
if [ -z "${CONTROL:-}" ]; then
    "${run[@]}" || status=$?
    exit "$status"
fi

"${run[@]}" >"$results/security.log" || true
version=$("$runtime" --version | sed -n '1{s/ version//;s/+.*//;p}')
# One line a test, with its traits.
tr '\n' ' ' <"$results/security.xml" | sed 's/<test /\n&/g' | awk -v version="$version" '
    function attribute(name) { return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : "" }
    /^<test / {
        if (!match($0, /<trait name="case" value="[^"]*"/)) next
        name = substr($0, RSTART + 26, RLENGTH - 27)
        method = attribute("type") "." attribute("method")
        sub(/^.*Security\./, "", method)
        names[method] = name
        of[method]++
        fired[method] += attribute("result") == "Fail"
        expected[method] = index($0, "<trait name=\"fires\" value=\"" version "\"") > 0
    }
    END {
        for (method in of) {
            all++
            count += fired[method] > 0
            verdict = fired[method] ? sprintf("fires (%d of %d)", fired[method], of[method]) : "does not fire"
            if ((fired[method] > 0) != expected[method]) { wrong++; verdict = verdict ", UNEXPECTED" }
            printf "%-30s %-62s %s\n", verdict, names[method], method | "sort -k1,1r -k2"
        }
        close("sort -k1,1r -k2")
        printf "%s: %d of %d cases fire, %d of them or of the others unexpectedly\n", version, count, all, wrong
        exit wrong > 0
    }'
