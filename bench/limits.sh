#!/usr/bin/env bash
# What confinement costs: `create` with limits, `update` of one value, `run` under the default seccomp profile of Docker and
# Podman, a hundred thousand system calls under it, and the smallest memory limit under which a program starts. csrun
# (RUNTIME, default out/csrun) with runc, crun and crun-static from PATH, in turns.
# Appends to out/bench/report.md. ROUNDS times (default 10) RUNS samples (default 5) are taken of each.
set -euo pipefail
cd "$(dirname "$0")/.."

runtime=${RUNTIME:-$PWD/out/csrun}
rounds=${ROUNDS:-10} runs=${RUNS:-5}
report=$PWD/out/bench/report.md
[ "$(id -u)" -eq 0 ] || { echo "bench/limits.sh: please run as root" >&2; exit 1; }

# As bench/run.sh: crun refuses a hybrid host.
if [ -z "${BENCH_ISOLATED:-}" ] && mountpoint -q /sys/fs/cgroup/unified; then
    # shellcheck disable=SC2016
    BENCH_ISOLATED=1 exec unshare --mount --propagation private bash -c \
        'umount /sys/fs/cgroup/unified && exec "$0"' "$PWD/bench/limits.sh"
fi

work=$(mktemp -d /tmp/csrun-bench.XXXXXX)
id=limits-$$
names=() programs=()
cleanup() {
    for i in "${!names[@]}"; do
        "${programs[i]}" --root "$work/state-${names[i]}" delete --force "$id" 2>/dev/null || true
    done
    find /sys/fs/cgroup -depth -type d -path '*/csrun-bench*' -exec rmdir {} + 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

for candidate in "csrun=$runtime" runc crun crun-static; do
    program=$(command -v "${candidate#*=}") || continue
    names+=("${candidate%%=*}") programs+=("$program")
done

gcc -nostdlib -static -o "$work/exit.program" bench/exit.S
gcc -nostdlib -static -o "$work/calls.program" bench/calls.S
# What the profile says to a container without additional capabilities on this architecture.
mkdir -p "$(dirname "$report")"
jq -c '{ defaultAction, defaultErrnoRet, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], syscalls: [
        .syscalls[]
        | select((.includes.caps // []) == [] and ((.includes.arches // ["amd64"]) | index("amd64")))
        | select((.excludes.arches // []) | index("amd64") | not)
        | { names, action, errnoRet, args: [.args[]? | { index, value, valueTwo, op }] } | del(.[] | nulls) ] } | del(.[] | nulls)' \
    /usr/share/containers/seccomp.json >"$work/seccomp.json"

# bundle NAME PROGRAM MEMBERS: what stands in "linux" before the rest.
bundle() {
    mkdir -p "$work/$1/rootfs"/{proc,dev,sys}
    cp "$work/$2.program" "$work/$1/rootfs/exit"
    awk -v "id=$id" -v "members=$3" 'BEGIN { while ((getline line < ARGV[1]) > 0) { at = index(line, "\"linux\":{") + 8
        print substr(line, 1, at) members substr(line, at + 1) } }' <(awk -v "id=$id" -f bench/config.awk) >"$work/$1/config.json"
}
seccomp="\"seccomp\":$(<"$work/seccomp.json"),"
limits='"memory":{"limit":268435456,"reservation":134217728},"cpu":{"shares":512,"quota":50000,"period":100000},"pids":{"limit":100}'
bundle limits exit "\"resources\":{$limits},"
bundle seccomp exit "$seccomp"
bundle calls calls "$seccomp"

times=$work/times.tsv
# sample CASE RUNTIME PREPARE COMMAND: as in bench/run.sh.
sample() {
    local options=()
    [ -z "$3" ] || options=(--prepare "$3")
    hyperfine --shell=none --ignore-failure --warmup 1 --runs "$runs" --style none "${options[@]}" \
        --export-json "$work/times.json" "$4" >/dev/null 2>"$work/hyperfine.log" || { cat "$work/hyperfine.log" >&2; exit 1; }
    jq -r --arg case "$1" --arg name "$2" '.results[0].times[] | "\($case)\t\($name)\t\(.)"' "$work/times.json" >>"$times"
}

for ((round = 1; round <= rounds; round++)); do
    printf '\rlimits: round %d of %d' "$round" "$rounds" >&2
    for i in "${!names[@]}"; do
        name=${names[i]} rt="${programs[i]} --root $work/state-${names[i]}"
        sample "create with limits" "$name" "$rt delete --force $id" "$rt create --bundle $work/limits $id"
        sample "update of one value" "$name" "" "$rt update --pids-limit $((100 + round)) $id"
        $rt delete --force "$id"
        sample "run with seccomp" "$name" "" "$rt run --bundle $work/seccomp $id"
        sample "run of 100,000 calls" "$name" "" "$rt run --bundle $work/calls $id"
    done
done
echo >&2

# smallest RUNTIME PROGRAM MEMBERS: in KiB, by steps of 16.
smallest() {
    local limit
    for ((limit = 64; limit <= 8192; limit += 16)); do
        bundle smallest exit "${3}\"resources\":{\"memory\":{\"limit\":$((limit * 1024))}},"
        if "$2" --root "$work/state-$1" run --bundle "$work/smallest" "$id" >/dev/null 2>&1; then
            echo "$limit"
            return
        fi
        "$2" --root "$work/state-$1" delete --force "$id" >/dev/null 2>&1 || true
    done
    echo "more than $limit"
}

all=$(IFS='|'; echo "${names[*]}")
{
    echo
    echo "## Confinement"
    echo
    sort -t $'\t' -k1,1 -k2,2 -k3,3n "$times" | awk -v unit=ms -v scale=1000 -v digits=2 -v "runtimes=$all" -f bench/summary.awk \
        -v 'order=create with limits|update of one value|run with seccomp|run of 100,000 calls'
    echo
    echo "| smallest memory limit, KiB | without seccomp | with |"
    echo "| --- | --- | --- |"
    for i in "${!names[@]}"; do
        echo "| ${names[i]} | $(smallest "${names[i]}" "${programs[i]}" "") | $(smallest "${names[i]}" "${programs[i]}" "$seccomp") |"
    done
} | tee -a "$report"
