#!/usr/bin/env bash
# Measures csrun (RUNTIME, default out/csrun) against runc, crun and crun-static from PATH, interleaved in one run,
# and writes a Markdown table to out/bench/report.md. It judges nothing: a benchmark is never a test.
# ROUNDS times RUNS samples are taken of each case (default 10 times 5).
set -euo pipefail
cd "$(dirname "$0")/.."

runtime=${RUNTIME:-$PWD/out/csrun}
rounds=${ROUNDS:-10} runs=${RUNS:-5}
out=$PWD/out/bench
[ "$(id -u)" -eq 0 ] || { echo "bench/run.sh: please run as root" >&2; exit 1; }
[ -x "$runtime" ] || { echo "bench/run.sh: $runtime is missing: make build" >&2; exit 1; }

# crun refuses a hybrid host, one with v1 hierarchies and the unified one. Without the unified one, in a mount namespace
# of our own, all three runtimes find the same v1 host.
if [ -z "${BENCH_ISOLATED:-}" ] && mountpoint -q /sys/fs/cgroup/unified; then
    # shellcheck disable=SC2016
    BENCH_ISOLATED=1 exec unshare --mount --propagation private bash -c \
        'umount /sys/fs/cgroup/unified && exec "$0"' "$PWD/bench/run.sh"
fi

work=$(mktemp -d /tmp/csrun-bench.XXXXXX)
id=bench-$$
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

# bundle NAME [AWK OPTIONS]: a rootfs of nothing but the program that ends at once.
bundle() {
    mkdir -p "$work/$1/rootfs"/{proc,dev,sys}
    cp "$work/exit" "$work/$1/rootfs/exit"
    awk -v "id=$id" "${@:2}" -f bench/config.awk >"$work/$1/config.json"
}

mkdir -p "$out" "$work/source"
gcc -nostdlib -static -o "$work/exit" bench/exit.S
bundle plain
bundle many -v id=
bundle env-6000 -v env=6000
bundle env-12000 -v env=12000
for count in 100 300 1000; do
    bundle "mounts-$count" -v "mounts=$count" -v "source=$work/source"
done

for candidate in "csrun=$runtime" runc crun crun-static; do
    name=${candidate%%=*}
    program=$(command -v "${candidate#*=}") || continue
    if error=$("$program" --root "$work/state-$name" run --bundle "$work/plain" "$id" 2>&1); then
        names+=("$name") programs+=("$program")
    else
        echo "left out: $name: $error" >&2
    fi
done

times=$work/times.tsv
# sample CASE BUNDLE PREPARE COMMAND...: a few timings of one command; {} in PREPARE is the runtime with its root.
sample() {
    local case=$1 name=$2 prepare=$3 options=()
    shift 3
    [ -z "$prepare" ] || options=(--prepare "$prepare")
    hyperfine --shell=none --ignore-failure --warmup 1 --runs "$runs" --style none "${options[@]}" \
        --export-json "$work/times.json" "$*" >/dev/null 2>"$work/hyperfine.log" ||
        { cat "$work/hyperfine.log" >&2; exit 1; }
    awk -v "case=$case" -v "name=$name" '
        /"times": \[/ { inside = 1; next }
        inside && /\]/ { inside = 0 }
        inside { gsub(/[ ,]/, ""); print case "\t" name "\t" $0 }' "$work/times.json" >>"$times"
}

for ((round = 1; round <= rounds; round++)); do
    printf '\rround %d of %d' "$round" "$rounds" >&2
    for i in "${!names[@]}"; do
        name=${names[i]} rt="${programs[i]} --root $work/state-${names[i]}"
        again="sh -c '$rt delete --force $id; $rt create --bundle $work/plain $id'"
        running="sh -c '$rt delete --force $id; $rt create --bundle $work/plain $id; $rt start $id'"
        sample run "$name" "" "$rt run --bundle $work/plain $id"
        sample create "$name" "$rt delete --force $id" "$rt create --bundle $work/plain $id"
        sample state "$name" "" "$rt state $id"
        sample kill "$name" "" "$rt kill $id 0"
        sample list "$name" "" "$rt list"
        sample exec "$name" "" "$rt exec $id /exit"
        sample start "$name" "$again" "$rt start $id"
        sample delete "$name" "$running" "$rt delete $id"
        $rt delete --force "$id" 2>/dev/null || true
        if ((round <= (rounds + 2) / 3)); then
            for big in env-6000 env-12000 mounts-100 mounts-300 mounts-1000; do
                sample "run, ${big/-/ }" "$name" "" "$rt run --bundle $work/$big $id"
            done
        fi
    done
done
echo >&2

# A hundred containers at once: created together, then deleted together.
for round in 1 2 3; do
    for i in "${!names[@]}"; do
        begin=$EPOCHREALTIME
        for ((n = 0; n < 100; n++)); do
            echo "$n"
        done | xargs -P 100 -I '{}' "${programs[i]}" --root "$work/state-${names[i]}" create --bundle "$work/many" "$id-{}" >/dev/null 2>"$work/hundred.log" || true
        end=$EPOCHREALTIME
        printf '100 creates at once\t%s\t%s\n' "${names[i]}" "$(awk -v "a=$begin" -v "b=$end" 'BEGIN { printf "%.6f", b - a }')" >>"$times"
        made=$("${programs[i]}" --root "$work/state-${names[i]}" list -q | wc -l)
        [ "$made" -eq 100 ] || echo "${names[i]}: $made of 100 containers were made" >&2
        for ((n = 0; n < 100; n++)); do
            "${programs[i]}" --root "$work/state-${names[i]}" delete --force "$id-$n" || true
        done
    done
done

# Memory: the most that a command takes, and what a container costs that waits for its start.
memory=$work/memory.tsv
for ((round = 1; round <= 5; round++)); do
    for i in "${!names[@]}"; do
        name=${names[i]} rt=("${programs[i]}" --root "$work/state-${names[i]}")
        for case in run create state exec delete; do
            case $case in
                run | create) command=("$case" --bundle "$work/plain" "$id") ;;
                exec) command=(exec "$id" /exit) ;;
                *) command=("$case" "$id") ;;
            esac
            /usr/bin/time -o "$work/rss" -f %M "${rt[@]}" "${command[@]}" >/dev/null </dev/null
            printf 'peak of %s\t%s\t%s\n' "$case" "$name" "$(tail -n 1 "$work/rss")" >>"$memory"
        done
        "${rt[@]}" create --bundle "$work/plain" --pid-file "$work/pid" "$id" </dev/null >/dev/null
        pid=$(<"$work/pid")
        printf 'waiting container\t%s\t%s\n' "$name" "$(awk '/^Rss:/ { print $2 }' "/proc/$pid/smaps_rollup")" >>"$memory"
        printf 'waiting container, private\t%s\t%s\n' "$name" "$(awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$pid/smaps_rollup")" >>"$memory"
        printf '%s %s\n' "$name" "$(awk '/^Threads:/ { print $2 }' "/proc/$pid/status")" >>"$work/threads"
        "${rt[@]}" delete --force "$id"
    done
done

all=$(IFS='|'; echo "${names[*]}")
{
    echo "# csrun measured"
    echo
    echo "$(date -u +%F), $(uname -sr), $(nproc) processors, $((rounds * runs)) samples of each command, interleaved."
    for i in "${!names[@]}"; do echo "${names[i]}: $("${programs[i]}" --version | head -n 1)."; done
    echo
    sort -t $'\t' -k1,1 -k2,2 -k3,3n "$times" | awk -v unit=ms -v scale=1000 -v digits=2 -v "runtimes=$all" -f bench/summary.awk \
        -v 'order=run|create|start|state|kill|delete|list|exec|run, env 6000|run, env 12000|run, mounts 100|run, mounts 300|run, mounts 1000|100 creates at once'
    echo
    sort -t $'\t' -k1,1 -k2,2 -k3,3n "$memory" | awk -v unit=KB -v scale=1 -v digits=0 -v "runtimes=$all" -f bench/summary.awk \
        -v 'order=peak of run|peak of create|peak of state|peak of exec|peak of delete|waiting container|waiting container, private'
    echo
    echo "Threads of the waiting process: $(sort -u "$work/threads" | paste -sd , | sed 's/,/, /g')."
    echo
    echo "## Phases (csrun --debug run)"
    echo
    echo '```'
    "$runtime" --debug --root "$work/state-csrun" run --bundle "$work/plain" "$id" 2>&1 || true
    echo '```'
} >"$out/report.md"
cat "$out/report.md"
