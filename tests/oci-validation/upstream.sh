#!/usr/bin/env bash
# Runs the validation suite of opencontainers/runtime-tools from a directory where it was built
# (make runtimetest validation-executables; the archive rootfs-ARCH.tar.gz lies there too): one line a case.
# Usage: RUNTIME=/path/to/runtime tests/oci-validation/upstream.sh DIR [CASE...]
set -euo pipefail

directory=${1:?the directory of the built suite}
shift
: "${RUNTIME:?the container runtime under test}"
RUNTIME=$(realpath "$RUNTIME")
export RUNTIME
cd "$directory"
[ -x runtimetest ] || { echo "upstream.sh: no runtimetest in $directory" >&2; exit 2; }
output=$(mktemp -d)

# Cgroups of the suite's containers, in any hierarchy: named by a UUID, or below the names that the suite gives.
leftovers() {
    find /sys/fs/cgroup -mindepth 1 -maxdepth 3 -depth -type d -regextype posix-extended \
        -regex '.*/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|testdir|cgrouptest)(/.*)?' | sort -r
}

clean_up() {
    rm -rf --one-file-system "$output"
    leftovers | while read -r cgroup; do rmdir "$cgroup" 2>/dev/null || true; done
}
trap clean_up EXIT

cases=("$@")
if [ ${#cases[@]} -eq 0 ]; then
    for program in validation/*/*.t; do
        cases+=("$(basename "$program" .t)")
    done
fi

# Some cases run containers without a mount or pid namespace: each gets its own of both, so that nothing stays.
# crun refuses a host with cgroup v1 and v2 mounted side by side: it gets a view without the latter.
view='mount -t tmpfs tmpfs /run; exec "$@"'
if [[ $(basename "$RUNTIME") == crun* ]] && mountpoint -q /sys/fs/cgroup/unified; then
    view="umount /sys/fs/cgroup/unified; $view"
fi
prefix=(unshare --mount --propagation private --pid --fork --kill-child --mount-proc sh -c "$view" sh)

passed=0 failed=0 skipped=0
echo "TAP version 13"
echo "1..${#cases[@]}"
number=0
for case in "${cases[@]}"; do
    number=$((number + 1))
    log=$output/$case
    status=0
    TMPDIR=$output timeout --kill-after=5 60 "${prefix[@]}" "./validation/$case/$case.t" >"$log" 2>&1 </dev/null || status=$?
    bad=$(grep -cE '^not ok' "$log" || true)
    todo=$(grep -ciE '^not ok.*# *(todo|skip)' "$log" || true)
    good=$(grep -cE '^ok' "$log" || true)
    jumped=$(grep -ciE '^ok.*# *skip' "$log" || true)
    if [ "$status" -ne 0 ] || [ $((bad - todo)) -gt 0 ] || { [ "$good" -eq 0 ] && ! grep -qE '^1\.\.0' "$log"; }; then
        failed=$((failed + 1))
        echo "not ok $number - $case"
        [ "$status" -eq 0 ] || echo "# exit status $status"
        { grep -E '^not ok' "$log" || tail -n 4 "$log"; } | head -n 12 | sed 's/^/#   /'
    elif [ "$good" -eq "$jumped" ]; then
        skipped=$((skipped + 1))
        echo "ok $number - $case # SKIP $(grep -m 1 -oiE '# *skip.*' "$log" | sed -E 's/# *[sS][kK][iI][pP]:? *//')"
    else
        passed=$((passed + 1))
        echo "ok $number - $case"
    fi
done
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
