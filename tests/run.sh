#!/usr/bin/env bash
# Runs the suites named (default: all but the virtual machines; "all": these too) and ends with one line: N passed, N failed, N skipped.
# RUNTIME names the container runtime under test (default: out/csrun); the unit tests do not depend on it.
set -euo pipefail
cd "$(dirname "$0")/.."

suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(unit integration security engines oci-validation)
[ "${suites[*]}" != all ] || suites=(unit integration security engines oci-validation vm)
results=out/test-results
mkdir -p "$results"
failed_suites=0 no_machines=0

if [ -x tests/helpers/build.sh ]; then tests/helpers/build.sh; fi

for suite in "${suites[@]}"; do
    rm -f "$results/$suite.xml"
    if [ "$suite" = oci-validation ]; then
        echo "== $suite"
        tests/oci-validation/run.sh >"$results/$suite.tap" || failed_suites=$((failed_suites + 1))
        awk '/^not ok/ { show = 1 } /^ok/ { show = 0 } show || /^# .* passed/' "$results/$suite.tap"
        continue
    fi
    if [ "$suite" = vm ]; then
        rm -rf "$results"/vm-*
        status=0
        tests/vm/run.sh || status=$?
        case $status in
            0) ;;
            3) no_machines=2 ;;
            *) failed_suites=$((failed_suites + 1)) ;;
        esac
        continue
    fi
    dotnet build "tests/$suite/$suite.csproj" -c Release -v quiet --nologo
    assembly="tests/$suite/bin/Release/net10.0/Csrun.Tests.${suite^}.dll"
    echo "== $suite"
    # What is done once for every system call takes minutes: all of it is `make test-security`.
    [ "$suite" != security ] || export SECURITY_STRIDE="${SECURITY_STRIDE:-7}"
    # A suite that hangs in spite of its tests' own deadlines is ended too.
    timeout --kill-after=30 1500 dotnet exec "$assembly" -noLogo -noColor -preEnumerateTheories -result-xml "$results/$suite.xml" ||
        failed_suites=$((failed_suites + 1))
done

# The counts are read from the result files; a suite without one (it crashed) counts as a failure.
passed=0 failed=0 skipped=$no_machines
files=()
lines=$(mktemp -d)
trap 'rm -rf "$lines"' EXIT
take() { # take NAME FILE: a suite's results, one test a line
    if ! grep -q '<assembly ' "$2" 2>/dev/null; then
        echo "$1: no results were written"
        failed=$((failed + 1))
        return
    fi
    failed=$((failed + $(grep -m 1 -o '<assembly [^>]*>' "$2" | sed -E 's/.* errors="([0-9]+)".*/\1/')))
    tr '\n' ' ' <"$2" | sed 's/<test /\n<test /g' >"$lines/$1"
    files+=("$lines/$1")
}
for suite in "${suites[@]}"; do
    case $suite in
        oci-validation)
            if ! counts=$(grep -oE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$results/$suite.tap"); then
                echo "$suite: it did not come to its end"
                failed=$((failed + 1))
                continue
            fi
            read -r good _ bad _ jumped _ <<<"$counts"
            passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + jumped))
            ;;
        vm)
            for machine in "$results"/vm-*; do
                [ ! -d "$machine" ] || take "${machine##*/}" "$machine/tests.xml"
            done
            ;;
        *) take "$suite" "$results/$suite.xml" ;;
    esac
done
: >"$lines/reasons"
if [ ${#files[@]} -gt 0 ]; then
    read -r good bad jumped elsewhere < <(awk -v "reasons=$lines/reasons" -f tests/count.awk "${files[@]}")
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + jumped))
    [ "$elsewhere" -eq 0 ] || echo "$elsewhere tests that this machine cannot run were run in virtual machines, and are not counted as skipped."
fi

# The cgroup above all test containers' is none of theirs, so it goes last; what is still in it was left behind.
while read -r parent; do
    rmdir "$parent" || failed=$((failed + 1))
done < <(find /sys/fs/cgroup -maxdepth 6 -type d -name csrun-test 2>/dev/null)

if [ "$skipped" -gt 0 ]; then
    echo "Skipped, with their reasons:"
    grep -hoE '# (SKIP|TODO) .*' "$results/oci-validation.tap" 2>/dev/null | sed -E 's/# (SKIP|TODO) //' | sort | uniq -c | sort -rn || true
    sort "$lines/reasons" | uniq -c | sort -rn
    [ "$no_machines" -eq 0 ] || echo "      $no_machines virtual machines: QEMU is not to be had here"
fi
[ "$failed_suites" -eq 0 ] || [ "$failed" -gt 0 ] || failed=$failed_suites
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
