#!/usr/bin/env bash
# Eight workers at once, each making, starting, killing and deleting containers: how many lifecycles a second, and how long
# 95 of 100 creates take at most. csrun (RUNTIME, default out/csrun) with runc, crun and crun-static from PATH, in turns.
# Appends to out/bench/report.md. ROUNDS times (default 5) each worker makes LIFECYCLES containers (default 15).
set -euo pipefail
cd "$(dirname "$0")/.."

runtime=${RUNTIME:-$PWD/out/csrun}
rounds=${ROUNDS:-5} lifecycles=${LIFECYCLES:-15} workers=8
report=$PWD/out/bench/report.md
[ "$(id -u)" -eq 0 ] || { echo "bench/load.sh: please run as root" >&2; exit 1; }

# As bench/run.sh: crun refuses a hybrid host.
if [ -z "${BENCH_ISOLATED:-}" ] && mountpoint -q /sys/fs/cgroup/unified; then
    # shellcheck disable=SC2016
    BENCH_ISOLATED=1 exec unshare --mount --propagation private bash -c \
        'umount /sys/fs/cgroup/unified && exec "$0"' "$PWD/bench/load.sh"
fi

work=$(mktemp -d /tmp/csrun-bench.XXXXXX)
names=() programs=()
cleanup() {
    for i in "${!names[@]}"; do
        for container in $("${programs[i]}" --root "$work/state-${names[i]}" list -q 2>/dev/null); do
            "${programs[i]}" --root "$work/state-${names[i]}" delete --force "$container" || true
        done
    done
    find /sys/fs/cgroup -depth -type d -path '*/csrun-bench*' -exec rmdir {} + 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

# A program that stays: it is there to be killed.
mkdir -p "$work/bundle/rootfs"/{proc,dev,sys} "$(dirname "$report")"
cp "$(command -v busybox)" "$work/bundle/rootfs/busybox"
awk -v id= -f bench/config.awk | sed 's|"/exit"|"/busybox", "sleep", "1000"|' >"$work/bundle/config.json"

for candidate in "csrun=$runtime" runc crun crun-static; do
    program=$(command -v "${candidate#*=}") || continue
    names+=("${candidate%%=*}") programs+=("$program")
done

# worker NAME PROGRAM NUMBER: writes how long each create took.
worker() {
    local rt=("$2" --root "$work/state-$1") n id begin end
    for ((n = 0; n < lifecycles; n++)); do
        id=load-$$-$3-$n
        begin=$EPOCHREALTIME
        "${rt[@]}" create --bundle "$work/bundle" "$id" </dev/null >/dev/null
        end=$EPOCHREALTIME
        "${rt[@]}" start "$id"
        "${rt[@]}" kill "$id" KILL
        "${rt[@]}" delete --force "$id"
        echo "$1 $((${end/./} - ${begin/./}))"
    done
}

for ((round = 1; round <= rounds; round++)); do
    printf '\rload: round %d of %d' "$round" "$rounds" >&2
    for i in "${!names[@]}"; do
        begin=$EPOCHREALTIME
        for ((w = 0; w < workers; w++)); do
            worker "${names[i]}" "${programs[i]}" "$w" >"$work/creates-$w" &
        done
        wait
        end=$EPOCHREALTIME
        cat "$work"/creates-* >>"$work/creates"
        echo "${names[i]} $((${end/./} - ${begin/./})) $(cat "$work"/creates-* | wc -l)" >>"$work/runs"
    done
done
echo >&2

{
    echo
    echo "## Eight at once"
    echo
    echo "Lifecycles (create, start, kill, delete) by $workers workers; best and median of $rounds rounds, and the creates of all."
    echo
    echo "| | lifecycles a second, median | best | create, median | 95 of 100 | all made |"
    echo "| --- | --- | --- | --- | --- | --- |"
    for name in "${names[@]}"; do
        sort -k2,2n "$work/runs" | awk -v "name=$name" -v "want=$((workers * lifecycles * rounds))" '
            FNR == NR && $1 == name { rate[++r] = $3 / $2 * 1e6; made += $3 }
            FNR != NR && $1 == name { create[++c] = $2 / 1000 }
            END { printf "| %s | %.1f | %.1f | %.1f ms | %.1f ms | %s |\n", name, rate[int((r + 1) / 2)], rate[1],
                  create[int((c + 1) / 2)], create[int(c * 0.95 + 0.5)], made == want ? "yes" : made " of " want }' - <(sort -k2,2n "$work/creates")
    done
} | tee -a "$report"
