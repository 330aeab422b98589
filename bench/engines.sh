#!/usr/bin/env bash
# What a container costs through an engine: `ctr run --rm` and `podman run --rm` of a program that ends at once, with csrun
# (RUNTIME, default out/csrun), runc and crun, in turns. In a room of its own (tests/helpers/room.sh), offline.
# Appends to out/bench/report.md. ROUNDS times (default 5) RUNS samples (default 6) are taken of each.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${BENCH_ROOM:-}" ]; then
    [ "$(id -u)" -eq 0 ] || { echo "bench/engines.sh: please run as root" >&2; exit 1; }
    runtime=${RUNTIME:-$PWD/out/csrun}
    name=bench-$$
    work=$(mktemp -d /tmp/csrun-bench.XXXXXX)
    # crun refuses a hybrid host, so there is no unified hierarchy in the room.
    coproc room { exec tests/helpers/room.sh open "$name" "$runtime" unified 2>"$work/room.log"; }
    # shellcheck disable=SC2154
    outer=$room_PID input=${room[1]}
    # shellcheck disable=SC2317
    cleanup() {
        exec {input}>&-
        wait "$outer" || true
        find /sys/fs/cgroup -depth -type d -path "*/csrun-test/$name*" -exec rmdir {} + || true
        rm -rf "$work"
    }
    trap cleanup EXIT
    read -r -t 20 _ <&"${room[0]}" || { cat "$work/room.log" >&2; exit 1; }
    first=$(<"/proc/$outer/task/$outer/children")
    BENCH_ROOM=$work tests/helpers/room.sh enter "$name" "${first// /}" "$PWD/bench/engines.sh"
    exit
fi

cd "$(dirname "$0")/.."
work=$BENCH_ROOM
rounds=${ROUNDS:-5} runs=${RUNS:-6}
report=$PWD/out/bench/report.md
export CONTAINERS_CONF=$PWD/contrib/podman/50-csrun.conf TMPDIR=$work HOME=$work

mkdir -p "$work/image/bin" "$work/image"/{dev,etc,proc,sys,tmp} "$(dirname "$report")"
cp "$(command -v busybox)" "$work/image/bin/true"
tar -C "$work/image" -cf "$work/layer.tar" .
podman=(podman --root "$work/root" --runroot "$work/run" --tmpdir "$work/tmp" --cgroup-manager cgroupfs --events-backend file --storage-driver overlay)
"${podman[@]}" import --quiet "$work/layer.tar" localhost/true:bench >/dev/null
"${podman[@]}" save --quiet --output "$work/image.tar" localhost/true:bench

printf 'version = 2\nroot = "%s"\nstate = "/run/containerd"\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.tracing"]\n[grpc]\n  address = "%s"\n' \
    "$work/containerd" "$work/containerd.sock" >"$work/containerd.toml"
containerd --config "$work/containerd.toml" 2>"$work/containerd.log" &
daemon=$!
trap 'kill "$daemon"; wait "$daemon" || true; "${podman[@]}" system reset --force >/dev/null 2>&1 || true' EXIT
for ((i = 0; i < 100; i++)); do
    ctr --address "$work/containerd.sock" version >/dev/null 2>&1 && break
    sleep 0.1
done
ctr --address "$work/containerd.sock" image import "$work/image.tar" >/dev/null

names=(csrun runc crun)
declare -A programs=([csrun]=/usr/local/bin/csrun [runc]=/usr/sbin/runc [crun]=/usr/bin/crun)
sample() { # sample CASE NAME COMMAND...
    hyperfine --shell=none --warmup 1 --runs "$runs" --style none --export-json "$work/times.json" "${*:3}" >/dev/null 2>"$work/hyperfine.log" ||
        { cat "$work/hyperfine.log" >&2; exit 1; }
    awk -v "case=$1" -v "name=$2" '
        /"times": \[/ { inside = 1; next }
        inside && /\]/ { inside = 0 }
        inside { gsub(/[ ,]/, ""); print case "\t" name "\t" $0 }' "$work/times.json" >>"$work/times.tsv"
}
for ((round = 1; round <= rounds; round++)); do
    printf '\rengines: round %d of %d' "$round" "$rounds" >&2
    for name in "${names[@]}"; do
        sample "ctr run --rm" "$name" ctr --address "$work/containerd.sock" run --rm --runc-binary "${programs[$name]}" localhost/true:bench bench /bin/true
        sample "podman run --rm" "$name" "${podman[@]}" --runtime "${programs[$name]}" run --rm --network none localhost/true:bench /bin/true
    done
done
echo >&2

{
    echo
    echo "## Through engines"
    echo
    containerd --version | awk '{ print "containerd " $3 ", " }' | tr -d '\n'
    podman --version
    echo
    sort -t $'\t' -k1,1 -k2,2 -k3,3n "$work/times.tsv" |
        awk -v unit=ms -v scale=1000 -v digits=1 -v 'runtimes=csrun|runc|crun' -v 'order=ctr run --rm|podman run --rm' -f bench/summary.awk
} | tee -a "$report"
